//! Operators that change extents: concatenate, split, expand, tile, pad, crop.

use super::flops;
use super::kinds::{Class, CostKind, Demand, Passes, WeightRole};
use super::op::{Op, Outputs, broadcast, one, sum, wrap, wrap_all};
use super::operator::{LAST, Operator, onnx};
use crate::budget;
use crate::symbolic::{MAX_VALUES, Num, Sym, SymExpr, broadcast_index, count, sizes};
use std::rc::Rc;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("CenterCropPad", Class::Layout)
        .shape(center_crop_pad)
        .work(flops::none)
        .structural(&[1..=1]),
    moves("Concat").shape(concat).passes(Passes::All),
    moves("Expand")
        .shape(expand)
        .structural(&[1..=1])
        .weights(&[(0..=0, WeightRole::ParameterUnlessSingle), (1..=1, WeightRole::Constant)])
        .fed(&[(1, Demand::OutputShape)])
        .passes(Passes::First),
    moves("Pad")
        .shape(pad)
        .defaults(&[("mode", "'constant'"), ("value", "0.0")])
        .structural(&[1..=1, 3..=3])
        .weights(&[(1..=LAST, WeightRole::Constant)])
        .fed(&[(1, Demand::Zero)])
        .passes(Passes::First),
    moves("Split")
        .shape(split)
        .defaults(&[("axis", "0")])
        .structural(&[1..=1])
        .passes(Passes::First),
    moves("Tile").shape(tile).structural(&[1..=1]).passes(Passes::First),
];

/// An operator that moves data.
const fn moves(name: &'static str) -> Operator {
    onnx(name, Class::Layout).work(flops::none).cost(CostKind::Move)
}

fn concat(op: &mut Op) -> Option<Outputs> {
    let count = op.n.inputs.len();
    let dims = |i: usize| op.sym(i)?.dims.as_deref();
    let known: Vec<&[SymExpr]> = (0..count).filter_map(dims).collect();
    let rank = known.first()?.len();
    let axis = wrap(op.attr("axis", 1), rank)?;
    if known.iter().any(|d| d.len() != rank) {
        return None;
    }
    let mut out = known.first()?.to_vec();
    for d in known.iter().skip(1) {
        for (i, (mine, other)) in out.iter_mut().zip(*d).enumerate() {
            let better = mine.value().is_none() && other.value().is_some();
            if i != axis && better {
                *mine = other.clone();
            }
        }
    }
    let along = match known.len() == count {
        true => sum(known.iter().map(|d| d.get(axis))),
        false => None,
    };
    *out.get_mut(axis)? = op.or_fresh(along);
    let t = joined(op, &out, axis).unwrap_or_else(|| Sym::shape(out));
    Some(vec![Some(t)])
}

/// Elements of a concatenation of small tensors.
fn joined(op: &Op, out: &[SymExpr], axis: usize) -> Option<Sym> {
    let n = count(out).filter(|&n| n <= MAX_VALUES)?;
    let part = |i: usize| {
        let t = op.sym(i)?;
        Some((t.elems.as_ref()?, count(t.dims.as_ref()?.get(axis..)?)?))
    };
    let parts: Vec<(&Rc<[Num]>, usize)> =
        (0..op.n.inputs.len()).map(part).collect::<Option<_>>()?;
    let width = parts.iter().try_fold(0usize, |w, p| w.checked_add(p.1))?;
    let rows = count(out.get(..axis)?)?;
    if width.checked_mul(rows) != Some(n) {
        return None;
    }
    let mut elems = Vec::with_capacity(n);
    // A file may claim any number of rows without elements; none is looked at.
    for row in 0..rows.min(n) {
        budget::work(parts.len())?;
        for (all, run) in &parts {
            let start = row.checked_mul(*run)?;
            elems.extend_from_slice(all.get(start..start.checked_add(*run)?)?);
        }
    }
    Some(Sym::elems(out.to_vec(), elems))
}

/// Split-18: sizes from the attribute or input, else equal parts, the last smaller.
fn split(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let axis = wrap(op.attr("axis", 0), x.len())?;
    let whole = x.get(axis)?.clone();
    let parts = op.n.outputs.len();
    let sizes: Vec<SymExpr> = match op.exprs("split", 1) {
        Some(v) => v,
        None if op.has(1) => op.unknown(parts),
        None => equal_parts(&whole, parts)?,
    };
    let t = op.sym(0)?.clone();
    let mut start = SymExpr::ZERO;
    let mut out = Vec::new();
    for d in sizes.into_iter().take(parts) {
        budget::work(x.len())?;
        let mut dims = x.clone();
        *dims.get_mut(axis)? = d.clone();
        let offset = start.value().and_then(|v| usize::try_from(v).ok());
        out.push(Some(match offset {
            Some(o) => t.remap(dims, |index| {
                let mut from = index.to_vec();
                let at = from.get_mut(axis)?;
                *at = at.checked_add(o)?;
                Some(from)
            }),
            None => Sym::shape(dims),
        }));
        start = start.plus(&d)?;
    }
    Some(out)
}

fn equal_parts(whole: &SymExpr, parts: usize) -> Option<Vec<SymExpr>> {
    let part = whole.over_up(&parts.into())?;
    let mut v = vec![part.clone(); parts];
    if whole.value().is_some() {
        let rest = whole.minus(&part.times(&parts.checked_sub(1)?.into())?)?;
        *v.last_mut()? = rest;
    } else if whole.over(&parts.into())?.times(&parts.into())? == *whole {
        v = vec![whole.over(&parts.into())?; parts];
    }
    Some(v)
}

fn expand(op: &mut Op) -> Option<Outputs> {
    let Some(target) = op.ints(1) else {
        let rank = usize::try_from(op.dims(1)?.first()?.value()?).ok()?;
        let rank = rank.max(op.dims(0)?.len());
        let dims = op.unknown(rank);
        return one(dims);
    };
    let x = op.dims(0)?;
    let out = broadcast(&x, &target)?;
    let own = sizes(&x);
    let t = op.sym(0)?.remap(out, |index| broadcast_index(index, own.as_ref()?));
    Some(vec![Some(t)])
}

fn tile(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let Some(repeats) = op.ints(1).filter(|r| r.len() == x.len()) else {
        let dims = op.unknown(x.len());
        return one(dims);
    };
    let out = x.iter().zip(&repeats).map(|(d, r)| d.times(r)).collect::<Option<Vec<_>>>()?;
    let own = sizes(&x);
    let t = op.sym(0)?.remap(out, |index| {
        index.iter().zip(own.as_ref()?).map(|(i, d)| i.checked_rem(*d)).collect()
    });
    Some(vec![Some(t)])
}

/// Pad-21; before opset 11 the pads are an attribute.
pub fn pad(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let axes = match op.has(3) {
        true => op.sym(3)?.known_ints().and_then(|a| wrap_all(&a, x.len())),
        false => Some((0..x.len()).collect()),
    };
    let pads = op.exprs("pads", 1).or_else(|| op.exprs("paddings", 1));
    let (Some(axes), Some(pads)) = (axes, pads) else {
        let dims = op.unknown(x.len());
        return one(dims);
    };
    if Some(pads.len()) != axes.len().checked_mul(2) {
        return None;
    }
    let (begin, end) = pads.split_at_checked(axes.len())?;
    let mut out = x;
    for ((&a, b), e) in axes.iter().zip(begin).zip(end) {
        let slot = out.get_mut(a)?;
        *slot = slot.plus(b)?.plus(e)?;
    }
    one(out)
}

fn center_crop_pad(op: &mut Op) -> Option<Outputs> {
    let mut out = op.dims(0)?;
    let axes = match op.n.ints("axes") {
        Some(a) => wrap_all(a, out.len())?,
        None => (0..out.len()).collect(),
    };
    let target = op.ints(1);
    for (i, &a) in axes.iter().enumerate() {
        let size = target.as_ref().and_then(|t| t.get(i).cloned());
        *out.get_mut(a)? = op.or_fresh(size);
    }
    one(out)
}
