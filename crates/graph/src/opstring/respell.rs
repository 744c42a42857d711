//! Other spellings of the same computation.

use super::opgraph::*;
use sha2::{Digest, Sha256};

/// Operators whose operands may change places.
fn is_commutative(kind: &str) -> bool {
    matches!(kind, "Add" | "Mul" | "Max" | "Min" | "Sum" | "Mean" | "And" | "Or" | "Xor" | "Equal")
}

/// `g` with the operands of some commutative operations in reverse order, and
/// its operations in the order that the walk from the outputs then takes: the
/// same computation, another spelling. Which operations turn around is drawn
/// with `seed` for each kind of wiring, not for each operation, so that
/// repetitions of a block stay alike. Bodies stay as they are.
pub fn respell(g: &OpGraph, seed: u64) -> OpGraph {
    let mut ops = g.ops.clone();
    for (i, op) in ops.iter_mut().enumerate() {
        let distances: Option<Vec<usize>> =
            op.operands.iter().map(|o| o.producer().map(|t| i.wrapping_sub(t))).collect();
        if let Some(d) = distances
            && op.bodies.is_empty()
            && is_commutative(&op.kind)
            && turns(seed, &op.kind, &d)
        {
            op.operands.reverse();
        }
    }
    reorder(&OpGraph { ops, outputs: g.outputs.clone() })
}

/// A fair coin that depends on the seed and on the wiring.
fn turns(seed: u64, kind: &str, distances: &[usize]) -> bool {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(kind.as_bytes());
    distances.iter().for_each(|d| hash.update((*d as u64).to_le_bytes()));
    hash.finalize().first().is_some_and(|b| b & 1 == 1)
}

/// The operations in the order of a depth-first walk from the outputs;
/// operations that no output needs are left out.
pub(super) fn reorder(g: &OpGraph) -> OpGraph {
    let mut number: Vec<Option<usize>> = vec![None; g.ops.len()];
    let mut ops: Vec<Op> = Vec::with_capacity(g.ops.len());
    let roots = g.outputs.iter().filter_map(Operand::producer);
    for root in roots {
        let mut stack = vec![(root, 0)];
        while let Some((at, next)) = stack.pop() {
            let Some(op) = g.ops.get(at) else { continue };
            if number.get(at).is_none_or(|n| n.is_some()) {
                continue;
            }
            match op.operands.get(next) {
                Some(o) => {
                    stack.push((at, next + 1));
                    stack.extend(o.producer().map(|t| (t, 0)));
                }
                None => {
                    if let Some(n) = number.get_mut(at) {
                        *n = Some(ops.len());
                    }
                    ops.push(renumber(op, &number));
                }
            }
        }
    }
    let outputs = g.outputs.iter().map(|o| moved(o, &number)).collect();
    OpGraph { ops, outputs }
}

fn moved(o: &Operand, number: &[Option<usize>]) -> Operand {
    match o {
        Operand::Value { op, output } => {
            Operand::Value { op: number.get(*op).copied().flatten().unwrap_or(0), output: *output }
        }
        other => other.clone(),
    }
}

fn renumber(op: &Op, number: &[Option<usize>]) -> Op {
    let operands = op.operands.iter().map(|o| moved(o, number)).collect();
    Op { operands, ..op.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(kind: &str, reads: &[usize]) -> Op {
        let operands = reads.iter().map(|&op| Operand::Value { op, output: 0 }).collect();
        let outputs = vec!["4".to_owned()];
        Op { kind: kind.into(), attributes: vec![], operands, outputs, bodies: vec![] }
    }

    #[test]
    fn same_operations_other_order() {
        let ops = vec![op("Input", &[]), op("Relu", &[0]), op("Tanh", &[0]), op("Add", &[1, 2])];
        let g = OpGraph { ops, outputs: vec![Operand::Value { op: 3, output: 0 }] };
        let spelled: std::collections::BTreeSet<String> =
            (0..20).map(|i| super::super::write(&respell(&g, i))).collect();
        assert_eq!(spelled.len(), 2, "{spelled:?}");
    }
}
