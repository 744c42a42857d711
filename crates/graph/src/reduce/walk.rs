//! Walks over a graph that reductions share.

use crate::opstring::reachability::reached;
use crate::opstring::{Op, OpGraph, Operand, TensorType};

/// Operations that a walk back from the outputs meets. It goes on from an
/// operation where that `passes`.
pub(super) fn from_outputs(g: &OpGraph, passes: impl Fn(usize) -> bool) -> Vec<bool> {
    let roots = g.outputs.iter().filter_map(Operand::producer);
    reached(g.ops.len(), roots, passes, |i| g.ops.get(i).into_iter().flat_map(Op::producers))
}

/// The first value that an operation reads, where the operation has one output
/// and no body and that output has the type of the value.
pub(super) fn same_type<'o>(g: &OpGraph, op: &'o Op) -> Option<&'o Operand> {
    let first = op.operands.iter().find(|o| o.producer().is_some())?;
    let Operand::Value { op: read, output } = first else { return None };
    let read: &Option<TensorType> = g.ops.get(*read)?.outputs.get(*output)?;
    let same = matches!(op.outputs.as_slice(), [own] if own == read);
    (op.bodies.is_empty() && same).then_some(first)
}
