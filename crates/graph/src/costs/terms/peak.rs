//! Most bytes of activations alive at one time when operators run depth first, as ONNX Runtime
//! orders them, elementwise operators in place.

use crate::model::{Graph, Node, ValueId};
use std::collections::HashMap;

/// What the operators of a graph need.
pub struct Needs<'a> {
    pub graph: &'a Graph,
    /// Bytes of a value; 0 for constants.
    pub bytes: &'a dyn Fn(ValueId) -> f64,
    /// Whether the first output takes the place of the first input where nothing else reads that.
    pub in_place: &'a dyn Fn(&Node) -> bool,
    /// Whether the first output is the first input's memory.
    pub is_view: &'a dyn Fn(&Node) -> bool,
    /// Bytes that a node takes while it runs.
    pub workspace: &'a dyn Fn(&Node) -> f64,
}

impl Needs<'_> {
    /// The most bytes alive.
    pub fn most(&self) -> f64 {
        let order = self.order();
        let nodes = &self.graph.nodes;
        // Values that share memory have the number of the first.
        let mut owner: HashMap<ValueId, ValueId> = HashMap::new();
        let mut left: HashMap<ValueId, usize> = HashMap::new();
        let reads = nodes.iter().flat_map(|n| n.inputs.iter().flatten());
        for v in reads.chain(&self.graph.outputs) {
            let count = left.entry(*v).or_default();
            *count = count.saturating_add(1);
        }
        let mut sizes: HashMap<ValueId, (f64, usize)> = HashMap::new();
        let mut alive = 0.0;
        let mut most = 0.0f64;
        let count = |left: &HashMap<ValueId, usize>, v: ValueId| left.get(&v).copied().unwrap_or(0);
        for &v in &self.graph.inputs {
            sizes.insert(v, ((self.bytes)(v), count(&left, v)));
            alive += (self.bytes)(v);
        }
        for n in order.iter().filter_map(|&i| nodes.get(i)) {
            let first = n.input(0).map(|v| owner.get(&v).copied().unwrap_or(v));
            let shares = first.is_some_and(|v| {
                let last = sizes.get(&v).is_some_and(|s| s.1 == 1);
                let fits = n
                    .outputs
                    .first()
                    .copied()
                    .flatten()
                    .is_some_and(|o| (self.bytes)(o) <= sizes.get(&v).map_or(0.0, |s| s.0));
                (self.is_view)(n) || (last && fits && (self.in_place)(n))
            });
            for (i, &out) in n.outputs.iter().enumerate() {
                let Some(out) = out else { continue };
                let reads = count(&left, out);
                match (i, shares, first) {
                    (0, true, Some(v)) if sizes.contains_key(&v) => {
                        owner.insert(out, v);
                        if let Some(s) = sizes.get_mut(&v) {
                            s.1 = s.1.saturating_add(reads);
                        }
                    }
                    _ => {
                        sizes.insert(out, ((self.bytes)(out), reads));
                        alive += (self.bytes)(out);
                    }
                }
            }
            most = most.max(alive + (self.workspace)(n));
            for v in n.inputs.iter().flatten() {
                let v = owner.get(v).copied().unwrap_or(*v);
                if let Some(s) = sizes.get_mut(&v) {
                    s.1 = s.1.saturating_sub(1);
                    if s.1 == 0 {
                        alive -= s.0;
                        sizes.remove(&v);
                    }
                }
            }
        }
        most.max(alive)
    }

    /// Nodes in depth-first order from the outputs.
    fn order(&self) -> Vec<usize> {
        let nodes = &self.graph.nodes;
        let makers = nodes.iter().enumerate();
        let makers: HashMap<ValueId, usize> =
            makers.flat_map(|(i, n)| n.outputs.iter().flatten().map(move |&o| (o, i))).collect();
        let mut order = Vec::with_capacity(nodes.len());
        let mut seen = vec![false; nodes.len()];
        let roots = self.graph.outputs.iter().filter_map(|o| makers.get(o).copied());
        let mut stack: Vec<(usize, usize)> = Vec::new();
        for root in roots {
            stack.push((root, 0));
            while let Some((node, next)) = stack.pop() {
                match seen.get_mut(node) {
                    Some(seen) if next == 0 && !*seen => *seen = true,
                    Some(_) if next > 0 => {}
                    _ => continue,
                }
                let inputs = nodes.get(node).map_or(&[][..], |n| n.inputs.as_slice());
                match inputs.get(next) {
                    None => order.push(node),
                    Some(input) => {
                        stack.push((node, next.saturating_add(1)));
                        if let Some(&maker) = input.as_ref().and_then(|v| makers.get(v)) {
                            stack.push((maker, 0));
                        }
                    }
                }
            }
        }
        order
    }
}
