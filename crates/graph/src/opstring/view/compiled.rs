//! Networks as a compiler leaves them that does not compute what is only multiplied
//! by zero.

use super::super::opgraph::*;
use super::super::respell::reorder;
use super::{from_outputs, is_zero, same_shape, values};

/// [`View::Compiled`](super::View::Compiled) of `g`. Where values are joined and
/// multiplied by zero stays, and so does the rest of the wiring: where there are
/// copies and joins decides what is fused, and so what the others cost.
pub(super) fn compiled(g: &OpGraph) -> Option<OpGraph> {
    // What the outputs depend on when what is multiplied by zero is not computed.
    let needed = from_outputs(g, |i| g.ops.get(i).is_some_and(|op| !is_zero(op)));
    let mut stand_ins: Vec<Option<Operand>> = Vec::with_capacity(g.ops.len());
    let mut ops = g.ops.clone();
    for (op, needed) in ops.iter_mut().zip(needed) {
        replace(op, &stand_ins);
        let passed = !needed && values(op).count() == 1;
        stand_ins.push(same_shape(g, op).filter(|_| passed).cloned());
    }
    let outputs = g.outputs.clone();
    let changed = stand_ins.iter().any(Option::is_some);
    changed.then(|| reorder(&OpGraph { ops, outputs }))
}

/// Makes an operation read what stands for those that it reads.
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
    use super::super::{View, parse};

    #[test]
    fn cells_that_differ_in_what_is_dropped_are_the_plainest_of_them() {
        let cell = |dropped: &str| {
            both(
                View::Compiled,
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
            both(View::Compiled, &format!("|{a}~0|+|{b}~0|{a}~1|+|none~0|none~1|none~2|"))
        };
        let [_, seen] = dead("nor_conv_3x3", "none");
        assert_eq!(seen, dead("avg_pool_3x3", "skip_connect")[1]);
        assert_eq!(seen.matches("BatchNormalization").count(), 1, "{seen}");
    }
}
