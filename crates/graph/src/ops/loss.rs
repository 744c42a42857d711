//! Losses.

use super::flops;
use super::kinds::Class;
use super::op::{Op, Outputs};
use super::operator::{Operator, onnx};
use crate::symbolic::Sym;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("NegativeLogLikelihoodLoss", Class::Loss).shape(loss).work(|s| flops::flops(s.read(1)?)),
    onnx("SoftmaxCrossEntropyLoss", Class::Loss).shape(loss).work(|s| s.read_times(5)),
];

/// SoftmaxCrossEntropyLoss-13: a scalar, or one loss a label.
fn loss(op: &mut Op) -> Option<Outputs> {
    let out = match op.n.string("reduction") {
        Some("none") => op.dims(1)?,
        _ => Vec::new(),
    };
    Some(vec![Some(Sym::shape(out)), op.sym(0).map(Sym::without_elems)])
}
