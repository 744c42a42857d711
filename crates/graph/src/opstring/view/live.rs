//! Networks without what multiplications by zero cut off.

use super::super::opgraph::*;
use super::super::reach::mark;
use super::super::respell::reorder;
use super::{ZERO, from_outputs, is_zero, same_shape, values};

/// [`View::Live`](super::View::Live) of `g`. What is not live and keeps its shape
/// becomes one multiplication by zero of the last value before it that does not, or
/// is live; biases that a zero gathers on its way are taken for zero.
pub(super) fn live(g: &OpGraph) -> Option<OpGraph> {
    if !g.ops.iter().any(is_zero) {
        return None;
    }
    let dead = lives(g).into_iter().map(|live| !live);
    let passed: Vec<Option<&Operand>> =
        g.ops.iter().zip(dead).map(|(op, dead)| same_shape(g, op).filter(|_| dead)).collect();
    let ends = read_by_others(g, &passed);
    let mut sources: Vec<Option<Operand>> = Vec::with_capacity(g.ops.len());
    let mut ops = g.ops.clone();
    for ((op, passed), end) in ops.iter_mut().zip(passed).zip(ends) {
        let before = |first: &Operand| first.producer().and_then(|read| sources.get(read)?.clone());
        let source = passed.map(|first| before(first).unwrap_or_else(|| first.clone()));
        if let (Some(source), true) = (&source, end) {
            *op = zero(source.clone(), std::mem::take(&mut op.outputs));
        }
        sources.push(source);
    }
    let plain = reorder(&OpGraph { ops, outputs: g.outputs.clone() });
    (plain != *g).then_some(plain)
}

/// Operations on a path from an input to an output that no multiplication by zero
/// lies on.
fn lives(g: &OpGraph) -> Vec<bool> {
    let mut fed: Vec<bool> = Vec::with_capacity(g.ops.len());
    for op in &g.ops {
        let any = values(op).any(|read| fed.get(read) == Some(&true));
        fed.push(!is_zero(op) && (any || values(op).next().is_none()));
    }
    let reached = from_outputs(g, |i| fed.get(i) == Some(&true));
    fed.into_iter().zip(reached).map(|(fed, reached)| fed && reached).collect()
}

/// Operations that the outputs are or that operations read which are not passed over.
fn read_by_others(g: &OpGraph, passed: &[Option<&Operand>]) -> Vec<bool> {
    let mut read = vec![false; g.ops.len()];
    mark(&mut read, g.outputs.iter().filter_map(Operand::producer));
    let others = g.ops.iter().zip(passed).filter(|(_, passed)| passed.is_none());
    mark(&mut read, others.flat_map(|(op, _)| values(op)));
    read
}

/// A multiplication of `source` by zero.
fn zero(source: Operand, outputs: Vec<String>) -> Op {
    Op {
        kind: "Mul".into(),
        attributes: Vec::new(),
        operands: vec![source, Operand::Constant(ZERO.into())],
        outputs,
        bodies: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::super::tests::both;

    fn live(arch: &str) -> String {
        both(View::Live, arch)[1].clone()
    }

    #[test]
    fn what_no_path_leads_through_does_not_matter() {
        let unread =
            live("|avg_pool_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|nor_conv_1x1~0|none~1|none~2|");
        let other = live("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|nor_conv_1x1~0|none~1|none~2|");
        assert_eq!(unread, other);
        let unfed =
            live("|none~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|nor_conv_3x3~1|avg_pool_3x3~2|");
        assert_eq!(unread, unfed);
        let not_so = live(
            "|avg_pool_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|nor_conv_1x1~0|none~1|skip_connect~2|",
        );
        assert_ne!(unread, not_so);
    }

    #[test]
    fn networks_that_nothing_passes_are_one() {
        let dead = live("|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|none~1|none~2|");
        let other = live("|none~0|+|none~0|none~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|");
        assert_eq!(dead, other);
        assert!(dead.contains("Mul c0.0") && !dead.contains("BatchNormalization"), "{dead}");
    }
}
