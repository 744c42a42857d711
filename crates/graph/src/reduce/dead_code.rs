//! Dead-code elimination: drops operations whose results are only multiplied by
//! zero.

use super::walk::{from_outputs, same_type};
use crate::opstring::{Op, OpGraph, Operand, reorder};

/// [`Reduction::DeadCode`](super::Reduction::DeadCode) of `g`.
///
/// Joins of values and multiplications by zero stay, and so does the rest of
/// the wiring. Copies and joins decide what a compiler fuses, and so what the
/// other operations cost.
pub(super) fn eliminate(g: &OpGraph) -> Option<OpGraph> {
    let needed = from_outputs(g, |i| g.ops.get(i).is_some_and(|op| !op.multiplies_by_zero()));
    let mut stand_ins: Vec<Option<Operand>> = Vec::with_capacity(g.ops.len());
    let mut ops = g.ops.clone();
    for (op, needed) in ops.iter_mut().zip(needed) {
        replace(op, &stand_ins);
        let passed = !needed && op.producers().count() == 1;
        stand_ins.push(same_type(g, op).filter(|_| passed).cloned());
    }
    let outputs = g.outputs.clone();
    let changed = stand_ins.iter().any(Option::is_some);
    changed.then(|| reorder(&OpGraph { ops, outputs }))
}

/// Makes an operation read the values that stand in for the ones it reads.
fn replace(op: &mut Op, stand_ins: &[Option<Operand>]) {
    for operand in &mut op.operands {
        if let Some(other) = operand.producer().and_then(|read| stand_ins.get(read)?.clone()) {
            *operand = other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::both;
    use super::super::{Reduction, parse};

    #[test]
    fn cells_that_differ_in_what_is_dropped_are_the_plainest_of_them() {
        let cell = |dropped: &str| {
            both(
                Reduction::DeadCode,
                &format!(
                    "|{dropped}~0|+|nor_conv_3x3~0|none~1|+|nor_conv_1x1~0|none~1|skip_connect~2|"
                ),
            )
        };
        let [whole, seen] = cell("nor_conv_3x3");
        assert_ne!(whole, cell("avg_pool_3x3")[0]);
        assert_eq!(seen, cell("avg_pool_3x3")[1]);
        assert_eq!(seen, cell("skip_connect")[0]);
        let convolutions =
            |s: &str| parse(s).unwrap().ops.iter().filter(|o| o.kind == "Conv").count();
        assert_eq!(convolutions(&whole), convolutions(&seen) + 15);
    }

    #[test]
    fn of_networks_that_nothing_passes_the_wiring_is_left() {
        let dead = |a: &str, b: &str| {
            both(Reduction::DeadCode, &format!("|{a}~0|+|{b}~0|{a}~1|+|none~0|none~1|none~2|"))
        };
        let [_, seen] = dead("nor_conv_3x3", "none");
        assert_eq!(seen, dead("avg_pool_3x3", "skip_connect")[1]);
        assert_eq!(seen.matches("BatchNormalization").count(), 1, "{seen}");
    }
}
