//! Blocks of a graph in the order of the file: stretches that repeat, and what lies
//! between, cut where one value alone goes on.

use super::tally::{NodeTally, operator_name};
use crate::model::{Attribute, Node, ValueId};
use crate::opstring::fold::{Cuts, Item, fold};
use crate::shape::Shapes;
use std::collections::HashMap;

/// `count` repetitions of `period` operators from `start` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) period: usize,
    pub(super) count: usize,
}

impl Part {
    /// After its last operator.
    pub(super) fn end(&self) -> usize {
        self.start.saturating_add(self.period.saturating_mul(self.count))
    }
}

/// Parts that together hold all operators, in order.
pub(super) fn parts(nodes: &[NodeTally], shapes: &Shapes) -> Vec<Part> {
    let items = items(nodes, shapes);
    let cuts = Cuts::new(&items);
    let mut parts = Vec::new();
    for segment in fold(&items) {
        let part = Part { start: segment.start, period: segment.period, count: segment.count };
        match segment.count {
            1 => parts.extend(pieces(&part, &cuts, nodes, shapes)),
            _ => parts.push(part),
        }
    }
    joined(parts, &items)
}

/// The operators as folding sees them.
fn items(nodes: &[NodeTally], shapes: &Shapes) -> Vec<Item> {
    let mut made: HashMap<ValueId, (usize, usize)> = HashMap::new();
    let mut texts: HashMap<String, u32> = HashMap::new();
    let mut items = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().map(|t| t.node).enumerate() {
        let next = texts.len() as u32;
        let text = *texts.entry(text(node, shapes)).or_insert(next);
        let mut reads: Vec<(usize, usize)> = Vec::new();
        let mut see = |v: ValueId| reads.extend(made.get(&v).copied());
        node.inputs.iter().flatten().for_each(|&v| see(v));
        node.subgraphs().for_each(|g| crate::model::order::visit_reads(g, &mut see));
        items.push(Item { text, reads });
        for (output, value) in node.outputs.iter().enumerate() {
            made.extend(value.map(|v| (v, (at, output))));
        }
    }
    items
}

/// What tells operators apart: type, short attributes, sizes of outputs.
fn text(node: &Node, shapes: &Shapes) -> String {
    let mut text = operator_name(&node.domain, &node.op_type);
    for (name, value) in &node.attributes {
        match value {
            Attribute::Int(v) => text.push_str(&format!(" {name}={v}")),
            Attribute::Float(v) => text.push_str(&format!(" {name}={v}")),
            Attribute::Ints(v) if v.len() <= 16 => text.push_str(&format!(" {name}={v:?}")),
            _ => text.push_str(&format!(" {name}")),
        }
    }
    for output in node.outputs.iter().flatten() {
        let dims = shapes.get(*output).and_then(|t| t.dims.as_deref());
        text.push('@');
        for dim in dims.into_iter().flatten() {
            text.push_str(&shapes.symbols.text(dim));
            text.push('x');
        }
    }
    text
}

/// A stretch cut into branching regions and into chains between them; chains are cut where
/// sizes change.
fn pieces(part: &Part, cuts: &Cuts, nodes: &[NodeTally], shapes: &Shapes) -> Vec<Part> {
    let mut pieces: Vec<Part> = Vec::new();
    let (mut start, mut in_chain) = (part.start, false);
    for end in part.start.saturating_add(1)..=part.end() {
        if end < part.end() && cuts.crossing(end) > 1 {
            continue;
        }
        let period = end.saturating_sub(start);
        let is_chain = period == 1;
        let grown = pieces.last_mut().filter(|_| is_chain && in_chain);
        match grown.filter(|p| same_sizes(nodes, p.end().saturating_sub(1), start, shapes)) {
            Some(chain) => chain.period = chain.period.saturating_add(1),
            None => pieces.push(Part { start, period, count: 1 }),
        }
        (start, in_chain) = (end, is_chain);
    }
    pieces
}

/// Whether two operators give the same sizes, but for the channels.
fn same_sizes(nodes: &[NodeTally], a: usize, b: usize, shapes: &Shapes) -> bool {
    let space = |at: usize| {
        let output = nodes.get(at)?.node.outputs.first().copied().flatten()?;
        let dims = shapes.get(output)?.dims.as_deref()?;
        Some((dims.len(), dims.get(2..).unwrap_or_default()))
    };
    space(a) == space(b)
}

/// Neighbours that are spelled the same stand once.
fn joined(parts: Vec<Part>, items: &[Item]) -> Vec<Part> {
    let texts = |p: &Part| {
        let items = items.get(p.start..p.start.saturating_add(p.period)).unwrap_or_default();
        items.iter().map(|i| i.text).collect::<Vec<_>>()
    };
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match joined.last_mut().filter(|p| p.period == part.period && texts(p) == texts(&part)) {
            Some(before) => before.count = before.count.saturating_add(part.count),
            None => joined.push(part),
        }
    }
    joined
}
