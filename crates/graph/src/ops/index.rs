//! Operators that pick or replace elements: gather, slice, compress, top-k, scatter.

use super::flops;
use super::kinds::{Class, CostKind, Demand, Passes};
use super::op::{Op, Outputs, one, product, same, wrap, wrap_all};
use super::operator::{CONSTANTS, LAST, Operator, onnx};
use super::typed::{int64, with_indices};
use crate::model::DataType;
use crate::symbolic::{Sym, SymExpr, flat, sizes};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("Compress", Class::Index).shape(compress).work(flops::none).cost(CostKind::Move),
    onnx("Gather", Class::LookUp)
        .shape(gather)
        .work(flops::none)
        .cost(CostKind::Move)
        .defaults(&[("axis", "0")])
        .fed(&[(1, Demand::IndexAxis)])
        .passes(Passes::First),
    onnx("GatherElements", Class::LookUp)
        .shape(|op| op.same(1))
        .work(flops::none)
        .cost(CostKind::Move)
        .defaults(&[("axis", "0")])
        .fed(&[(1, Demand::IndexAxis)]),
    onnx("GatherND", Class::LookUp)
        .shape(gather_nd)
        .work(flops::none)
        .cost(CostKind::Move)
        .defaults(&[("batch_dims", "0")])
        .fed(&[(1, Demand::IndexAnyAxis)]),
    onnx("NonZero", Class::Index).shape(non_zero).types(int64).work(flops::none),
    onnx("OneHot", Class::Index)
        .shape(one_hot)
        .types(|t, _| t.of(2))
        .work(flops::none)
        .cost(CostKind::Move)
        .defaults(&[("axis", "-1")])
        .structural(&[1..=1])
        .weights(CONSTANTS),
    onnx("Scatter", Class::Index)
        .shape(same)
        .work(flops::none)
        .defaults(&[("axis", "0")])
        .fed(&[(1, Demand::IndexAxis)]),
    onnx("ScatterElements", Class::Index)
        .shape(same)
        .work(flops::none)
        .cost(CostKind::Move)
        .defaults(&[("axis", "0"), ("reduction", "'none'")])
        .fed(&[(1, Demand::IndexAxis)]),
    onnx("ScatterND", Class::Index)
        .shape(same)
        .work(flops::none)
        .cost(CostKind::Move)
        .defaults(&[("reduction", "'none'")])
        .fed(&[(1, Demand::IndexAnyAxis)]),
    onnx("Slice", Class::Index)
        .shape(slice)
        .work(flops::none)
        .cost(CostKind::Move)
        .structural(&[1..=LAST])
        .fed(&[(1, Demand::Zero), (3, Demand::Axes)])
        .passes(Passes::First),
    onnx("TensorScatter", Class::Index)
        .shape(same)
        .work(flops::none)
        .defaults(&[("reduction", "'none'")]),
    onnx("TopK", Class::Index)
        .shape(top_k)
        .types(with_indices)
        .work(flops::read)
        .cost(CostKind::Reduction)
        .defaults(&[("axis", "-1"), ("largest", "1"), ("sorted", "1")])
        .structural(&[1..=1])
        .weights(CONSTANTS),
    onnx("Unique", Class::Index)
        .shape(unique)
        .types(|t, i| if i == 0 { t.of(0) } else { Some(DataType::I64) })
        .defaults(&[("sorted", "1")]),
];

fn gather(op: &mut Op) -> Option<Outputs> {
    let (x, indices) = (op.dims(0)?, op.dims(1)?);
    let axis = wrap(op.attr("axis", 0), x.len())?;
    let mut out = x.get(..axis)?.to_vec();
    out.extend(indices.iter().cloned());
    out.extend(x.iter().skip(axis).skip(1).cloned());
    let along = x.get(axis)?.value();
    let (Some(at), Some(own), Some(n)) = (op.sym(1)?.known_ints(), sizes(&indices), along) else {
        return one(out);
    };
    let rank = own.len();
    let n = usize::try_from(n).ok()?;
    let t = op.sym(0)?.remap(out, |index| {
        let (before, rest) = index.split_at_checked(axis)?;
        let (picked, after) = rest.split_at_checked(rank)?;
        let row = wrap(*at.get(flat(&own, picked)?)?, n)?;
        Some([before, &[row], after].concat())
    });
    Some(vec![Some(t)])
}

pub fn gather_nd(op: &mut Op) -> Option<Outputs> {
    let (x, indices) = (op.dims(0)?, op.dims(1)?);
    let (last, lead) = indices.split_last()?;
    let tuple = usize::try_from(last.value()?).ok()?;
    let from = usize::try_from(op.attr("batch_dims", 0)).ok()?.checked_add(tuple)?;
    one([lead, x.get(from..)?].concat())
}

/// The bounds of a slice along one axis.
struct Bounds {
    start: SymExpr,
    end: SymExpr,
    step: i128,
}

/// Beyond this a bound means "to the end".
const FAR: i128 = i32::MAX as i128 - 1;

/// Slice-13; before opset 10 the bounds are attributes.
pub fn slice(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let (starts, ends) = (op.exprs("starts", 1), op.exprs("ends", 2));
    let count = starts.as_ref().or(ends.as_ref()).map(Vec::len);
    let axes = match (op.known_ints("axes", 3), op.has(3), count) {
        (Some(a), ..) => wrap_all(&a, x.len()),
        (None, false, Some(n)) => Some((0..n.min(x.len())).collect()),
        _ => None,
    };
    let Some(axes) = axes else {
        let dims = op.unknown(x.len());
        return one(dims);
    };
    let steps = op.ints(4);
    let unit_steps = !op.has(4);
    let mut out = x.clone();
    // Start and step by axis, where plain numbers.
    let mut moves = vec![Some((0i128, 1i128)); x.len()];
    for (i, &a) in axes.iter().enumerate() {
        let get = |v: &Option<Vec<SymExpr>>| v.as_ref().and_then(|v| v.get(i).cloned());
        let step = if unit_steps { Some(1) } else { get(&steps).and_then(|s| s.value()) };
        let bounds = match (get(&starts), get(&ends), step) {
            (Some(start), Some(end), Some(step)) if step != 0 => Some(Bounds { start, end, step }),
            _ => None,
        };
        let d = x.get(a)?;
        let size = bounds.as_ref().and_then(|b| b.size(d));
        *out.get_mut(a)? = op.or_fresh(size);
        *moves.get_mut(a)? = bounds.and_then(|b| b.first(d));
    }
    let Some(moves) = moves.into_iter().collect::<Option<Vec<_>>>() else { return one(out) };
    let t = op.sym(0)?.remap(out, |index| {
        let at = |(&i, &(start, step)): (&usize, &(i128, i128))| {
            usize::try_from(i128::try_from(i).ok()?.checked_mul(step)?.checked_add(start)?).ok()
        };
        index.iter().zip(&moves).map(at).collect()
    });
    Some(vec![Some(t)])
}

impl Bounds {
    /// First index and step, where all is known.
    fn first(&self, d: &SymExpr) -> Option<(i128, i128)> {
        let d = d.value()?;
        let start = self.start.value()?;
        let start = if start < 0 { start.checked_add(d)? } else { start };
        let most = if self.step > 0 { d } else { d.checked_sub(1)? };
        let start = start.clamp(0, most.max(0));
        Some((start, self.step))
    }

    /// Number of elements along an axis of size `d`. Formulas assume that the
    /// slice lies within the tensor.
    fn size(&self, d: &SymExpr) -> Option<SymExpr> {
        if let (Some(s), Some(e), Some(d)) = (self.start.value(), self.end.value(), d.value()) {
            return Some(SymExpr::Value(clamped(s, e, self.step, d)?));
        }
        if self.step == -1
            && self.start == SymExpr::Value(-1)
            && self.end.value().is_some_and(|e| e <= -FAR)
        {
            return Some(d.clone());
        }
        if self.step < 0 {
            return None;
        }
        let start = resolve(&self.start, d)?;
        let end = resolve(&self.end, d)?;
        let span = match (start.value(), end == *d) {
            (Some(0), true) => d.clone(),
            // Sizes are taken to be at least 1.
            (Some(0), false) if end == SymExpr::ONE => SymExpr::ONE,
            (Some(0), false) if end.value().is_some() => end.smaller(d)?,
            _ => match end.minus(&start)? {
                SymExpr::Value(v) if v < 0 => SymExpr::ZERO,
                // The last k elements: no more than there are.
                SymExpr::Value(v) if end == *d => SymExpr::Value(v).smaller(d)?,
                span => span,
            },
        };
        span.over_up(&SymExpr::Value(self.step))
    }
}

fn resolve(bound: &SymExpr, d: &SymExpr) -> Option<SymExpr> {
    match bound.value() {
        Some(v) if v >= FAR => Some(d.clone()),
        Some(v) if v <= -FAR => Some(SymExpr::ZERO),
        Some(v) if v < 0 => d.plus(bound),
        Some(_) => Some(bound.clone()),
        None if bound.is_nonnegative() => Some(bound.clone()),
        // `-k` for a size k counts from the end.
        None if SymExpr::ZERO.minus(bound)?.is_nonnegative() => d.plus(bound),
        None => Some(bound.clone()),
    }
}

fn clamped(start: i128, end: i128, step: i128, d: i128) -> Option<i128> {
    let from_end = |v: i128| if v < 0 { v.saturating_add(d) } else { v };
    let (start, end) = (from_end(start), from_end(end));
    let last = d.checked_sub(1)?;
    let (low, high, most) = if step > 0 { (0, d, d) } else { (-1, last, last) };
    let start = start.clamp(0.min(most), most.max(0));
    let end = end.clamp(low, high.max(low));
    let span = if step > 0 { end.checked_sub(start) } else { start.checked_sub(end) }?;
    let step = step.checked_abs()?;
    if span <= 0 {
        return Some(0);
    }
    span.checked_add(step)?.checked_sub(1)?.checked_div(step)
}

fn one_hot(op: &mut Op) -> Option<Outputs> {
    let mut out = op.dims(0)?;
    let axis = wrap(op.attr("axis", -1), out.len().checked_add(1)?)?;
    let depth = op.int(1);
    let depth = op.or_fresh(depth);
    out.insert(axis, depth);
    one(out)
}

fn top_k(op: &mut Op) -> Option<Outputs> {
    let mut out = op.dims(0)?;
    let axis = wrap(op.attr("axis", -1), out.len())?;
    let k = match op.n.int("k") {
        Some(k) => Some(SymExpr::Value(k.into())),
        None => op.int(1),
    };
    *out.get_mut(axis)? = op.or_fresh(k);
    Some(vec![Some(Sym::shape(out)); 2])
}

fn non_zero(op: &mut Op) -> Option<Outputs> {
    let rank = op.sym(0).and_then(Sym::rank);
    let known = op.sym(0).and_then(|t| t.floats());
    let hits = known.map(|v| v.iter().filter(|x| **x != 0.0).count().into());
    let rank = op.or_fresh(rank.map(|r| r.max(1).into()));
    let hits = op.or_fresh(hits);
    one(vec![rank, hits])
}

fn compress(op: &mut Op) -> Option<Outputs> {
    let kept = op.sym(1).and_then(|t| t.floats());
    let kept = kept.map(|v| v.iter().filter(|x| **x != 0.0).count().into());
    let kept = op.or_fresh(kept);
    let Some(axis) = op.n.int("axis") else { return one(vec![kept]) };
    let mut out = op.dims(0)?;
    let axis = wrap(axis, out.len())?;
    *out.get_mut(axis)? = kept;
    one(out)
}

fn unique(op: &mut Op) -> Option<Outputs> {
    let n = op.fresh();
    let x = op.dims(0);
    let all = |e: Option<SymExpr>| e.map(|e| Sym::shape(vec![e]));
    let each = Some(Sym::shape(vec![n.clone()]));
    let (first, inverse) = match op.n.int("axis") {
        None => (each.clone(), all(x.and_then(|x| product(&x)))),
        Some(a) => {
            let mut out = x?;
            let a = wrap(a, out.len())?;
            let whole = out.get(a).cloned();
            *out.get_mut(a)? = n;
            (Some(Sym::shape(out)), all(whole))
        }
    };
    Some(vec![first, each.clone(), inverse, each])
}
