//! BatchNormalization that exporters fold into convolutions, put back.
//!
//! A convolution with a bias computes what one with BatchNormalization after it
//! computes: at inference both are a convolution, a scale and a shift for each
//! channel, whose values no graph holds.

use super::net::{Facts, is_constant, weight};
use crate::opstring::{Op, OpGraph, Operand};

/// The graph with one spelling of shifts after convolutions; `None` where it
/// has that.
///
/// In networks that normalize in another way as well, no bias of a convolution
/// is spelled. In others BatchNormalization stands for it. It follows those
/// convolutions that have a bias or BatchNormalization, if these are more than
/// half of all. It follows all of them otherwise: exporters drop biases of zeros.
pub fn spell(g: &OpGraph) -> Option<OpGraph> {
    let convolutions: Vec<bool> = g.ops.iter().map(is_convolution).collect();
    let normalized = normalized(g, &convolutions);
    let shifted = |i: usize, op: &Op| normalized.get(i) == Some(&true) || op.operands.len() > 2;
    let each = || g.ops.iter().enumerate().filter(|(i, _)| convolutions.get(*i) == Some(&true));
    let some = each().filter(|(i, op)| shifted(*i, op)).count();
    let (other, all) = (g.ops.iter().any(normalizes_otherwise), 2 * some <= each().count());
    let inserts = |i: usize, op: &Op| {
        !other && normalized.get(i) == Some(&false) && (all || op.operands.len() > 2)
    };
    if !each().any(|(i, op)| op.operands.len() > 2 || inserts(i, op)) {
        return None;
    }
    let mut ops: Vec<Op> = Vec::with_capacity(g.ops.len());
    let mut of: Vec<usize> = Vec::with_capacity(g.ops.len());
    let moved = |o: &Operand, of: &[usize]| match o {
        Operand::Value { op, output } => {
            Operand::Value { op: of.get(*op).copied().unwrap_or(0), output: *output }
        }
        other => other.clone(),
    };
    for (i, op) in g.ops.iter().enumerate() {
        let is = convolutions.get(i) == Some(&true);
        let kept = op.operands.iter().take(if is { 2 } else { usize::MAX });
        let operands = kept.map(|o| moved(o, &of)).collect();
        ops.push(Op { operands, ..op.clone() });
        of.push(ops.len() - 1);
        if is && inserts(i, op) {
            ops.push(normalization(op, ops.len() - 1)?);
            *of.last_mut()? = ops.len() - 1;
        }
    }
    let outputs = g.outputs.iter().map(|o| moved(o, &of)).collect();
    Some(OpGraph { ops, outputs })
}

/// A convolution by weights, whose channels are known.
fn is_convolution(op: &Op) -> bool {
    let kind = matches!(op.kind.as_str(), "Conv" | "ConvTranspose") && op.is_plain();
    let channels = || op.dims()?.get(1)?.size();
    kind && op.operands.len() > 1
        && op.operands.iter().skip(1).all(is_constant)
        && channels().is_some()
}

/// Convolutions that BatchNormalization follows.
fn normalized(g: &OpGraph, convolutions: &[bool]) -> Vec<bool> {
    let mut normalized = vec![false; g.ops.len()];
    for op in g.ops.iter().filter(|op| is_inference(op)) {
        if let Some(Operand::Value { op: x, output: 0 }) = op.operands.first()
            && convolutions.get(*x) == Some(&true)
            && let Some(n) = normalized.get_mut(*x)
        {
            *n = true;
        }
    }
    normalized
}

/// Whether a BatchNormalization takes its statistics from weights.
pub fn is_inference(op: &Op) -> bool {
    let constant = op.operands.iter().skip(1).all(is_constant);
    op.kind == "BatchNormalization"
        && constant
        && op.operands.len() == 5
        && op.int("training_mode").is_none()
        && op.is_plain()
}

fn normalizes_otherwise(op: &Op) -> bool {
    let kind = op.kind.as_str();
    kind.ends_with("Normalization") && !matches!(kind, "BatchNormalization" | "LpNormalization")
}

/// BatchNormalization of the output of the convolution `op`, number `at`.
fn normalization(op: &Op, at: usize) -> Option<Op> {
    let t = op.output()?;
    let channels = op.dims()?.get(1)?.size()?;
    let weights = std::iter::repeat_n(weight(&[channels], t), 4);
    Some(Op {
        kind: "BatchNormalization".into(),
        attributes: Vec::new(),
        operands: std::iter::once(Operand::Value { op: at, output: 0 }).chain(weights).collect(),
        outputs: vec![Some(t.clone())],
        bodies: Vec::new(),
    })
}
