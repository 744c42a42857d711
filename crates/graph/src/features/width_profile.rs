//! Width profile of a network: sizes of values from the first to the last weight.
//!
//! It tells networks of the same wiring apart, for regressions.

use crate::opstring::{Dim, Op, OpGraph, Operand, TensorType};

/// Positions along the network.
const POSITIONS: usize = 16;
/// Number of values of a [`width_profile`].
pub const WIDTHS: usize = 2 * POSITIONS;

/// The widths and the numbers of elements of first outputs along the network,
/// as natural logarithms: all widths, then all numbers.
///
/// Width is the second dimension. Positions are operations with weights, evenly
/// spaced from the first to the last. Symbolic and missing dimensions count
/// as 1.
pub fn width_profile(g: &OpGraph) -> Vec<f64> {
    let weighted = |op: &&Op| op.operands.iter().any(|o| matches!(o, Operand::Weight(_)));
    let outputs = g.ops.iter().filter(weighted).filter_map(|op| op.outputs.first()?.as_ref());
    let shapes: Vec<Vec<f64>> = outputs.map(sizes).collect();
    let last = shapes.len().saturating_sub(1);
    let at = |i: usize| shapes.get((i * last + (POSITIONS - 1) / 2) / (POSITIONS - 1));
    let width = |i: usize| at(i).and_then(|s| s.get(1).copied()).unwrap_or(1.0);
    let elements = |i: usize| at(i).map_or(1.0, |s| s.iter().product());
    let both = (0..POSITIONS).map(width).chain((0..POSITIONS).map(elements));
    both.map(|n: f64| n.max(1.0).ln()).collect()
}

fn sizes(t: &TensorType) -> Vec<f64> {
    let size = |d: &Dim| d.size().map_or(1.0, |n| n as f64);
    t.dims.iter().flatten().map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_elements_from_the_first_to_the_last_weight() {
        let text = "|1:Input@ax3x32x32+Conv k3 p1@ax8x32x32+Relu+Conv k1@ax16x32x32+Relu";
        let s = width_profile(&crate::opstring::parse(text).unwrap());
        assert_eq!(s.len(), WIDTHS);
        assert_eq!((s[0], s[POSITIONS - 1]), (8f64.ln(), 16f64.ln()));
        assert_eq!(s[POSITIONS], 8192f64.ln());
        let bare = width_profile(&crate::opstring::parse("|1:Input@ax8+Relu").unwrap());
        assert!(bare.iter().all(|x| *x == 0.0));
    }
}
