//! Topological order of a graph's nodes.

use super::types::{Graph, Node, ValueId};

const NONE: u32 = u32::MAX;

/// Which node of the graph at hand produces each value of a model. One serves
/// all graphs of the model in turn, since most are small and the values many.
#[derive(Debug, Default)]
pub struct Producers(Vec<u32>);

impl Producers {
    /// Takes note of the outputs of `nodes`; `values` is the number of values in
    /// the model.
    fn fill(&mut self, nodes: &[Node], values: usize) {
        if self.0.len() < values {
            self.0.resize(values, NONE);
        }
        self.set(nodes, |i| i);
    }

    fn clear(&mut self, nodes: &[Node]) {
        self.set(nodes, |_| NONE);
    }

    fn set(&mut self, nodes: &[Node], to: impl Fn(u32) -> u32) {
        for (n, i) in nodes.iter().zip(0..) {
            for &o in n.outputs.iter().flatten() {
                if let Some(p) = self.0.get_mut(o as usize) {
                    *p = to(i);
                }
            }
        }
    }

    fn of(&self, v: ValueId) -> Option<u32> {
        self.0.get(v as usize).copied().filter(|&p| p != NONE)
    }
}

/// Sorts nodes so that each comes after those whose values it reads, also the
/// values its subgraphs capture. Nodes that are in order already stay as they
/// are. `values` is the number of values in the model.
///
/// # Errors
/// The name of a node on a cycle.
pub fn sort(
    nodes: Vec<Node>,
    values: usize,
    producers: &mut Producers,
) -> Result<Vec<Node>, String> {
    producers.fill(&nodes, values);
    let sorted = nodes.iter().zip(0..).all(|(n, i)| {
        let mut before = true;
        visit_node(n, &mut |v| before &= producers.of(v).is_none_or(|p| p < i));
        before
    });
    if sorted {
        producers.clear(&nodes);
        return Ok(nodes);
    }
    let reads: Vec<Vec<u32>> = nodes.iter().map(|n| node_reads(n, producers)).collect();
    producers.clear(&nodes);
    let order = kahn(&reads).map_err(|i| name(&nodes, i))?;
    let mut slots: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|i| slots.get_mut(i as usize)?.take()).collect())
}

fn node_reads(n: &Node, producers: &Producers) -> Vec<u32> {
    let mut reads = Vec::new();
    visit_node(n, &mut |v| reads.extend(producers.of(v)));
    reads
}

/// Calls `f` with every value that a node and the graphs inside it read.
fn visit_node(n: &Node, f: &mut impl FnMut(ValueId)) {
    n.inputs.iter().flatten().for_each(|&v| f(v));
    n.subgraphs().for_each(|g| visit_reads(g, f));
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
            let Some(left) = waiting.get_mut(r as usize) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
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
