//! Sizes of a network's values along its way, for regressions: what tells
//! networks apart that have the same wiring.

use super::implied::split_dims;
use super::opgraph::{Op, OpGraph, Operand};

/// Positions along the network at which sizes are told.
pub const POSITIONS: usize = 16;
/// Number of [`sizes`].
pub const COUNT: usize = 2 * POSITIONS;

/// The natural logarithms of width (second dimension) and number of elements of
/// the first output, at [`POSITIONS`] operations with weights, evenly spaced
/// from the first to the last: all widths, then all numbers. Symbolic dimensions
/// count as 1, and so does what is not there.
pub fn sizes(g: &OpGraph) -> Vec<f64> {
    let weighted = |op: &&Op| op.operands.iter().any(|o| matches!(o, Operand::Weight(_)));
    let outputs = g.ops.iter().filter(weighted).filter_map(|op| op.outputs.first());
    let shapes: Vec<Vec<f64>> = outputs.filter(|o| !o.is_empty()).map(|o| dims(o)).collect();
    let last = shapes.len().saturating_sub(1);
    let at = |i: usize| shapes.get((i * last + (POSITIONS - 1) / 2) / (POSITIONS - 1));
    let width = |i: usize| at(i).and_then(|s| s.get(1).copied()).unwrap_or(1.0);
    let elements = |i: usize| at(i).map_or(1.0, |s| s.iter().product());
    let both = (0..POSITIONS).map(width).chain((0..POSITIONS).map(elements));
    both.map(|n: f64| n.max(1.0).ln()).collect()
}

/// The dimensions of an output as spelled, such as `ax16x32x32` or `4:i64`.
fn dims(output: &str) -> Vec<f64> {
    let shape = output.split(':').next().unwrap_or_default();
    split_dims(shape).into_iter().map(|d| d.parse().unwrap_or(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_elements_from_the_first_to_the_last_weight() {
        let text = "|1:Input@ax3x32x32+Conv k3 p1@ax8x32x32+Relu+Conv k1@ax16x32x32+Relu";
        let s = sizes(&crate::opstring::parse(text).unwrap());
        assert_eq!(s.len(), COUNT);
        assert_eq!((s[0], s[POSITIONS - 1]), (8f64.ln(), 16f64.ln()));
        assert_eq!(s[POSITIONS], 8192f64.ln());
        let bare = sizes(&crate::opstring::parse("|1:Input@ax8+Relu").unwrap());
        assert!(bare.iter().all(|x| *x == 0.0));
    }
}
