//! Topological order of a graph's nodes.

use super::types::{Graph, Node, ValueId};

const NONE: u32 = u32::MAX;

/// Sorts nodes so that each comes after those whose values it reads, also the
/// values its subgraphs capture. Nodes that are in order already stay as they
/// are. `values` is the number of values in the model.
///
/// # Errors
/// The name of a node on a cycle.
pub fn sort(nodes: Vec<Node>, values: usize) -> Result<Vec<Node>, String> {
    let producer = producers(&nodes, values);
    let reads: Vec<Vec<u32>> = nodes.iter().map(|n| node_reads(n, &producer)).collect();
    if reads.iter().enumerate().all(|(i, r)| r.iter().all(|&p| (p as usize) < i)) {
        return Ok(nodes);
    }
    let order = kahn(&reads).map_err(|i| name(&nodes, i))?;
    let mut slots: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|i| slots.get_mut(i as usize)?.take()).collect())
}

/// For each value the index of the node that produces it, or `u32::MAX`.
pub fn producers(nodes: &[Node], values: usize) -> Vec<u32> {
    let mut producer = vec![NONE; values];
    for (i, n) in nodes.iter().enumerate() {
        for &o in n.outputs.iter().flatten() {
            if let Some(p) = producer.get_mut(o as usize) {
                *p = i as u32;
            }
        }
    }
    producer
}

fn node_reads(n: &Node, producer: &[u32]) -> Vec<u32> {
    let mut reads = Vec::new();
    let mut push = |v: ValueId| match producer.get(v as usize) {
        Some(&p) if p != NONE => reads.push(p),
        _ => {}
    };
    n.inputs.iter().flatten().for_each(|&v| push(v));
    n.subgraphs().for_each(|g| visit_reads(g, &mut push));
    reads
}

/// Calls `f` with every value that the nodes and outputs of `g`, and of the
/// graphs inside it, read.
pub fn visit_reads(g: &Graph, f: &mut impl FnMut(ValueId)) {
    for n in &g.nodes {
        n.inputs.iter().flatten().for_each(|&v| f(v));
        n.subgraphs().for_each(|s| visit_reads(s, f));
    }
    g.outputs.iter().for_each(|&v| f(v));
}

/// Kahn's algorithm; the error is the index of a node on a cycle.
fn kahn(reads: &[Vec<u32>]) -> Result<Vec<u32>, usize> {
    let mut waiting: Vec<usize> = reads.iter().map(Vec::len).collect();
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); reads.len()];
    for (i, r) in reads.iter().enumerate() {
        for &p in r {
            if let Some(v) = readers.get_mut(p as usize) {
                v.push(i as u32);
            }
        }
    }
    let ready = waiting.iter().enumerate().filter(|(_, w)| **w == 0).map(|(i, _)| i as u32);
    let mut queue: std::collections::VecDeque<u32> = ready.collect();
    let mut order = Vec::with_capacity(reads.len());
    while let Some(i) = queue.pop_front() {
        order.push(i);
        for &r in &readers[i as usize] {
            waiting[r as usize] -= 1;
            if waiting[r as usize] == 0 {
                queue.push_back(r);
            }
        }
    }
    match waiting.iter().position(|&w| w > 0) {
        Some(i) => Err(on_cycle(reads, &waiting, i)),
        None => Ok(order),
    }
}

/// A node on a cycle, found by walking back from one that waits for ever.
fn on_cycle(reads: &[Vec<u32>], waiting: &[usize], from: usize) -> usize {
    let mut seen = vec![false; reads.len()];
    let mut at = from;
    while let Some(s) = seen.get_mut(at).filter(|s| !**s) {
        *s = true;
        let stuck = |p: &&u32| waiting.get(**p as usize).is_some_and(|&w| w > 0);
        match reads.get(at).and_then(|r| r.iter().find(stuck)) {
            Some(&p) => at = p as usize,
            None => break,
        }
    }
    at
}

fn name(nodes: &[Node], i: usize) -> String {
    match nodes.get(i) {
        Some(n) if n.name.is_empty() => format!("{} #{i}", n.op_type),
        Some(n) => n.name.clone(),
        None => format!("#{i}"),
    }
}
