//! The block of a graph that repeats most, as nodes of a few kinds.

use crate::opstring::fold::{Item, Segment, fold};
use crate::opstring::reachability::reached;
use crate::opstring::{Attr, Op, OpGraph, Window, items};

/// Kinds that are counted by level.
pub(super) const KINDS: [Kind; 4] = [Kind::Windowed, Kind::Pointwise, Kind::Pool, Kind::Zero];

/// Kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Weights and a window larger than 1.
    Windowed,
    /// Weights, no window.
    Pointwise,
    /// Pooling.
    Pool,
    /// Multiplication by zero: nothing passes.
    Zero,
    /// Anything else.
    Other,
}

fn kind(op: &Op) -> Kind {
    match op.kind.as_str() {
        "Conv" if op.attributes.iter().any(is_window) => Kind::Windowed,
        "Conv" | "Gemm" | "MatMul" => Kind::Pointwise,
        _ if op.multiplies_by_zero() => Kind::Zero,
        k if k.ends_with("Pool") => Kind::Pool,
        _ => Kind::Other,
    }
}

/// Whether it is a kernel larger than 1. A kernel that is spelled in full, where
/// the rank is unknown, counts as one.
fn is_window(a: &Attr) -> bool {
    match a {
        Attr::Window(Window::Kernel, sizes) => *sizes != [1],
        Attr::Named(name, _) => **name == *"kernel_shape",
        _ => false,
    }
}

/// One operation of the block.
pub(super) struct Node {
    pub kind: Kind,
    /// Whether it reads several values.
    pub join: bool,
    /// Operations of the block that it reads, by position; `None` for one
    /// before the block.
    pub reads: Vec<Option<usize>>,
}

/// The operations of the block that repeats most; all where none does.
pub(super) fn block(g: &OpGraph) -> Vec<Node> {
    let items = items(g);
    let whole = Segment { start: 0, period: items.len(), count: 1, reach: Vec::new() };
    let block = fold(&items).into_iter().filter(|s| s.count > 1);
    let block = block.max_by_key(|s| s.period * (s.count - 1)).unwrap_or(whole);
    let range = block.start..block.start + block.period;
    let ops = g.ops.get(range.clone()).unwrap_or_default();
    let items = items.get(range).unwrap_or_default();
    ops.iter().zip(items).map(|(op, item)| node(op, item, block.start)).collect()
}

fn node(op: &Op, item: &Item, start: usize) -> Node {
    let reads: Vec<Option<usize>> =
        item.reads.iter().map(|&(read, _)| read.checked_sub(start)).collect();
    Node { kind: kind(op), join: reads.len() > 1, reads }
}

/// Operations that the exit depends on when operands of multiplications by zero
/// are not computed.
pub(super) fn needed(nodes: &[Node]) -> Vec<bool> {
    from_exit(nodes, |i| nodes.get(i).is_some_and(|n| n.kind != Kind::Zero))
}

/// Operations that a walk back from the last one meets. It goes on from an
/// operation where that `passes`.
pub(super) fn from_exit(nodes: &[Node], passes: impl Fn(usize) -> bool) -> Vec<bool> {
    let reads = |i: usize| nodes.get(i).into_iter().flat_map(|n| n.reads.iter().flatten().copied());
    reached(nodes.len(), nodes.len().checked_sub(1), passes, reads)
}
