//! RNN, GRU, LSTM.

use super::flops::{Site, Work, number};
use super::kinds::{Class, CostKind, Demand, WeightRole};
use super::op::{Op, Outputs};
use super::operator::{Operator, onnx};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("GRU", Class::Recurrent)
        .shape(recurrent)
        .work(|s| recurrent_work(s, 3, 8))
        .cost(CostKind::Recurrent)
        .defaults(&[("direction", "'forward'"), ("layout", "0"), ("linear_before_reset", "0")])
        .weights(&[(4..=5, WeightRole::Constant)])
        .fed(&[(4, Demand::Steps)]),
    onnx("LSTM", Class::Recurrent)
        .shape(recurrent)
        .work(|s| recurrent_work(s, 4, 9))
        .cost(CostKind::Recurrent)
        .defaults(&[("direction", "'forward'"), ("layout", "0"), ("input_forget", "0")])
        .weights(&[(4..=6, WeightRole::Constant)])
        .fed(&[(4, Demand::Steps)]),
    onnx("RNN", Class::Recurrent)
        .shape(recurrent)
        .work(|s| recurrent_work(s, 1, 1))
        .cost(CostKind::Recurrent)
        .defaults(&[("direction", "'forward'"), ("layout", "0")])
        .weights(&[(4..=5, WeightRole::Constant)])
        .fed(&[(4, Demand::Steps)]),
];

/// Steps of so many gates, and so many operations beside these for each hidden
/// element.
pub fn recurrent_work(site: &Site, gates: i64, each: i64) -> Option<Work> {
    let x = site.dims(0)?;
    let [a, b, width] = x else { return None };
    let hidden = match site.n.int("hidden_size") {
        Some(h) => number(h),
        None => site.dims(2)?.get(2)?.clone(),
    };
    let directions = if site.n.string("direction") == Some("bidirectional") { 2 } else { 1 };
    let cells = a.times(b)?.times(&hidden)?.times(&number(directions))?;
    let macs = cells.times(&number(gates))?.times(&width.plus(&hidden)?)?;
    let bias = if site.n.input(3).is_some() { gates.checked_mul(2)? } else { gates };
    Some(Work { macs, flops: cells.times(&number(each.checked_add(bias)?))? })
}

/// Sequence output, last hidden state, last cell state.
pub fn recurrent(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let [a, b, _] = x.as_slice() else { return None };
    let directions = if op.n.string("direction") == Some("bidirectional") { 2u64 } else { 1 };
    let directions: SymExpr = directions.into();
    let hidden = match op.n.int("hidden_size") {
        Some(h) => SymExpr::Value(h.into()),
        None => op.dims(2)?.get(2)?.clone(),
    };
    let (y, last) = match op.attr("layout", 0) {
        0 => (
            vec![a.clone(), directions.clone(), b.clone(), hidden.clone()],
            vec![directions, b.clone(), hidden],
        ),
        _ => (
            vec![a.clone(), b.clone(), directions.clone(), hidden.clone()],
            vec![a.clone(), directions, hidden],
        ),
    };
    let last = Some(Sym::shape(last));
    Some(vec![Some(Sym::shape(y)), last.clone(), last])
}
