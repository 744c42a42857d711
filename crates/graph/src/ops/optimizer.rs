//! Domain `ai.onnx.preview.training`: steps of optimizers.

use super::flops::{self, Site, Work, number};
use super::kinds::Class;
use super::op::{Op, Outputs};
use super::operator::{Operator, training};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    training("Adagrad", Class::Optimizer).shape(|op| step(op, 3)).work(|s| step_work(s, 3, 6)),
    training("Adam", Class::Optimizer).shape(|op| step(op, 4)).work(|s| step_work(s, 4, 12)),
    training("Gradient", Class::Optimizer).shape(gradient).types(|t, i| t.of(i)),
    training("Momentum", Class::Optimizer).shape(|op| step(op, 3)).work(|s| step_work(s, 3, 4)),
];

/// Inputs: rate, step, then groups of tensors, gradients the second; outputs are
/// the groups without the gradients.
fn step(op: &mut Op, groups: usize) -> Option<Outputs> {
    let n = op.n.inputs.len().checked_sub(2)?.checked_div(groups)?;
    let of = |i: usize| op.sym(i.checked_add(2)?).map(Sym::without_elems);
    let states = (n.checked_mul(2)?..n.checked_mul(groups)?).map(of);
    Some((0..n).map(of).chain(states).collect())
}

/// So many operations for each parameter.
fn step_work(site: &Site, groups: usize, each: i64) -> Option<Work> {
    let n = site.n.inputs.len().checked_sub(2)?.checked_div(groups)?;
    let mut total = SymExpr::ZERO;
    for i in (2..).take(n) {
        total = total.plus(&site.read(i)?)?;
    }
    flops::flops(total.times(&number(each))?)
}

/// Gradient-1: one for each of the first inputs, those that `xs` names.
fn gradient(op: &mut Op) -> Option<Outputs> {
    let of = |i: usize| op.sym(i).map(Sym::without_elems);
    Some((0..op.n.outputs.len()).map(of).collect())
}
