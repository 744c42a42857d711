//! Reductions and running sums.

use super::flops;
use super::kinds::{Class, CostKind, Demand};
use super::op::{Op, Outputs, distinct, one, same, sum, wrap};
use super::operator::{Operator, onnx};
use super::typed::int64;
use crate::symbolic::{Num, Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("ArgMax", Class::Reduction)
        .shape(arg)
        .types(int64)
        .work(flops::read)
        .cost(CostKind::Reduction)
        .defaults(&[("keepdims", "1"), ("select_last_index", "0"), ("axis", "0")]),
    onnx("ArgMin", Class::Reduction)
        .shape(arg)
        .types(int64)
        .work(flops::read)
        .cost(CostKind::Reduction)
        .defaults(&[("keepdims", "1"), ("select_last_index", "0"), ("axis", "0")]),
    onnx("CumProd", Class::Reduction)
        .shape(same)
        .work(flops::read)
        .defaults(&[("exclusive", "0"), ("reverse", "0")]),
    onnx("CumSum", Class::Reduction)
        .shape(same)
        .work(flops::read)
        .cost(CostKind::Reduction)
        .defaults(&[("exclusive", "0"), ("reverse", "0")])
        .fed(&[(1, Demand::Zero)]),
    reduction("ReduceL1").shape(|op| reduce(op, None)),
    reduction("ReduceL2").shape(|op| reduce(op, None)).work(|s| s.read_times(2)),
    reduction("ReduceLogSum").shape(|op| reduce(op, None)),
    reduction("ReduceLogSumExp").shape(|op| reduce(op, None)).work(|s| s.read_times(3)),
    reduction("ReduceMax").shape(|op| reduce(op, Some(|v| total(v, SymExpr::larger)))),
    reduction("ReduceMean").shape(|op| reduce(op, None)),
    reduction("ReduceMin").shape(|op| reduce(op, Some(|v| total(v, SymExpr::smaller)))),
    reduction("ReduceProd").shape(|op| reduce(op, Some(|v| total(v, SymExpr::times)))),
    reduction("ReduceSum")
        .shape(|op| reduce(op, Some(|v| v.first().and_then(|_| sum(v.iter().map(Some)))))),
    reduction("ReduceSumSquare").shape(|op| reduce(op, None)).work(|s| s.read_times(2)),
];

/// A reduction along axes that an attribute or input gives.
const fn reduction(name: &'static str) -> Operator {
    onnx(name, Class::Reduction)
        .work(flops::read)
        .cost(CostKind::Reduction)
        .defaults(&[("keepdims", "1"), ("noop_with_empty_axes", "0")])
        .structural(&[1..=1])
        .fed(&[(1, Demand::Axes)])
}

/// Reductions without a row.
pub const UNLISTED: Operator = onnx("Reduce", Class::Reduction)
    .shape(|op| reduce(op, None))
    .work(flops::read)
    .cost(CostKind::Reduction)
    .fed(&[(1, Demand::Axes)]);

/// The reduction of numbers.
type Join = fn(&[SymExpr]) -> Option<SymExpr>;

fn arg(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let axis = wrap(op.attr("axis", 0), x.len())?;
    one(reduced(&x, &[axis], op.attr("keepdims", 1) != 0))
}

fn reduced(x: &[SymExpr], axes: &[usize], keep: bool) -> Vec<SymExpr> {
    let one = |(i, d): (usize, &SymExpr)| match axes.contains(&i) {
        true => keep.then_some(SymExpr::ONE),
        false => Some(d.clone()),
    };
    x.iter().enumerate().filter_map(one).collect()
}

/// ReduceSum-13 and its kin: axes from the attribute, else from the input.
pub fn reduce(op: &mut Op, join: Option<Join>) -> Option<Outputs> {
    let x = op.dims(0)?;
    let keep = op.attr("keepdims", 1) != 0;
    let given = op.n.ints("axes").is_some() || op.has(1);
    let axes = match op.known_ints("axes", 1) {
        Some(a) => a,
        None if given => {
            let dims = op.unknown(x.len());
            return keep.then(|| vec![Some(Sym::shape(dims))]);
        }
        None => Vec::new(),
    };
    if axes.is_empty() && op.attr("noop_with_empty_axes", 0) == 1 {
        return op.same(0);
    }
    let all: Vec<usize> = (0..x.len()).collect();
    let axes = if axes.is_empty() { all.clone() } else { distinct(&axes, x.len())? };
    let out = reduced(&x, &axes, keep);
    let whole = all.iter().all(|a| axes.contains(a));
    let total = op.sym(0).filter(|_| whole).and_then(|t| join?(&t.ints()?));
    Some(vec![Some(match total {
        Some(e) => Sym::elems(out, vec![Num::Int(e)]),
        None => Sym::shape(out),
    })])
}

/// The numbers put together two by two, from the first on.
fn total(v: &[SymExpr], join: fn(&SymExpr, &SymExpr) -> Option<SymExpr>) -> Option<SymExpr> {
    let (first, rest) = v.split_first()?;
    rest.iter().try_fold(first.clone(), |a, b| join(&a, b))
}
