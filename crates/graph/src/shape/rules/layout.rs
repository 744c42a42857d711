//! Operators that rearrange: reshape, transpose, concatenate, split, expand.

use super::*;
use crate::shape::tensor::{MAX_VALUES, Num, count};

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "Reshape" => reshape(op),
        "Flatten" => flatten(op),
        "Squeeze" => squeeze(op),
        "Unsqueeze" => unsqueeze(op),
        "Transpose" => transpose(op),
        "Concat" => concat(op),
        "Split" => split(op),
        "Expand" => expand(op),
        "Tile" => tile(op),
        "Shape" => shape(op),
        "Size" => Some(vec![Some(Sym::scalar(product(&op.dims(0)?)?))]),
        "ConstantOfShape" => constant_of_shape(op),
        "Range" => range(op),
        "DepthToSpace" | "SpaceToDepth" => depth_space(op, kind),
        "Pad" => pad(op),
        "CenterCropPad" => center_crop_pad(op),
        "RandomNormal" | "RandomUniform" => one(op.exprs("shape", usize::MAX)?),
        "Constant" => None,
        _ => None,
    }
}

/// `t` under other dimensions of the same number of elements.
fn reshaped(t: Option<&Sym>, dims: Vec<SymExpr>) -> Sym {
    match t.and_then(|t| t.elems.clone()) {
        Some(e) if count(&dims) == Some(e.len()) => Sym { dims: Some(dims), elems: Some(e) },
        _ => Sym::shape(dims),
    }
}

/// Reshape-14; the shape was an attribute before opset 5.
fn reshape(op: &mut Op) -> Option<Outputs> {
    let Some(target) = op.exprs("shape", 1) else {
        let rank = op.dims(1)?.first()?.value()?;
        let dims = op.unknown(usize::try_from(rank).ok()?);
        return one(dims);
    };
    let x = op.dims(0);
    let keep_zero = op.attr("allowzero", 0) == 1;
    let mut out = Vec::with_capacity(target.len());
    let mut hole = None;
    for (i, d) in target.iter().enumerate() {
        out.push(match d.value() {
            Some(-1) if hole.replace(i).is_some() => return None,
            Some(-1) => SymExpr::ONE,
            Some(0) if !keep_zero => {
                let copied = x.as_ref().and_then(|x| x.get(i).cloned());
                op.or_fresh(copied)
            }
            _ => d.clone(),
        });
    }
    if let Some(i) = hole {
        let size = x.as_ref().and_then(|x| remainder(x, &out));
        let size = op.or_fresh(size);
        *out.get_mut(i)? = size;
    }
    Some(vec![Some(reshaped(op.sym(0), out))])
}

/// What is left of `x` for the dimension that is to be computed. Factors that
/// both sides share cancel first, so that unknown sizes do.
fn remainder(x: &[SymExpr], others: &[SymExpr]) -> Option<SymExpr> {
    let total = product(x)?;
    let rest = product(others)?;
    if total == SymExpr::ZERO && rest != SymExpr::ZERO {
        return Some(SymExpr::ZERO);
    }
    total.over(&rest)
}

fn flatten(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let axis = op.attr("axis", 1);
    let axis = if axis == i64::try_from(x.len()).ok()? { x.len() } else { wrap(axis, x.len())? };
    let (a, b) = x.split_at_checked(axis)?;
    let dims = vec![product(a)?, product(b)?];
    Some(vec![Some(reshaped(op.sym(0), dims))])
}

fn squeeze(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let at = match op.known_ints("axes", 1) {
        Some(a) => wrap_all(&a, x.len())?,
        None if op.has(1) => return None,
        None if x.iter().all(|d| d.value().is_some()) => {
            (0..x.len()).filter(|&i| x.get(i) == Some(&SymExpr::ONE)).collect()
        }
        None => return None,
    };
    let keep = x.into_iter().enumerate().filter(|(i, _)| !at.contains(i)).map(|(_, d)| d);
    Some(vec![Some(reshaped(op.sym(0), keep.collect()))])
}

fn unsqueeze(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let axes = op.known_ints("axes", 1)?;
    let rank = x.len().checked_add(axes.len())?;
    let mut at = wrap_all(&axes, rank)?;
    at.sort_unstable();
    at.dedup();
    let mut rest = x.into_iter();
    let out = (0..rank).map(|i| match at.binary_search(&i) {
        Ok(_) => Some(SymExpr::ONE),
        Err(_) => rest.next(),
    });
    let out: Vec<SymExpr> = out.collect::<Option<_>>()?;
    Some(vec![Some(reshaped(op.sym(0), out))])
}

fn transpose(op: &mut Op) -> Option<Outputs> {
    let perm =
        op.n.ints("perm")
            .map(|p| p.iter().map(|&i| usize::try_from(i).ok()).collect::<Option<Vec<_>>>());
    let Some(x) = op.dims(0) else {
        let rank = perm??.len();
        let dims = op.unknown(rank);
        return one(dims);
    };
    let perm = match perm {
        Some(p) => p?,
        None => (0..x.len()).rev().collect(),
    };
    if perm.len() != x.len() {
        return None;
    }
    let out: Vec<SymExpr> = perm.iter().map(|&i| x.get(i).cloned()).collect::<Option<_>>()?;
    let t = op.sym(0)?.remap(out, |index| {
        let mut from = vec![0; index.len()];
        for (&i, &p) in index.iter().zip(&perm) {
            *from.get_mut(p)? = i;
        }
        Some(from)
    });
    Some(vec![Some(t)])
}

fn concat(op: &mut Op) -> Option<Outputs> {
    let count = op.n.inputs.len();
    let known: Vec<Vec<SymExpr>> = (0..count).filter_map(|i| op.dims(i)).collect();
    let rank = known.first()?.len();
    let axis = wrap(op.attr("axis", 1), rank)?;
    if known.iter().any(|d| d.len() != rank) {
        return None;
    }
    let mut out = known.first()?.clone();
    for d in known.iter().skip(1) {
        for (i, (mine, other)) in out.iter_mut().zip(d).enumerate() {
            let better = mine.value().is_none() && other.value().is_some();
            if i != axis && better {
                *mine = other.clone();
            }
        }
    }
    let along = match known.len() == count {
        true => known.iter().try_fold(SymExpr::ZERO, |s, d| s.plus(d.get(axis)?)),
        false => None,
    };
    *out.get_mut(axis)? = op.or_fresh(along);
    let t = joined(op, &out, axis).unwrap_or_else(|| Sym::shape(out));
    Some(vec![Some(t)])
}

/// Elements of a concatenation of small tensors.
fn joined(op: &Op, out: &[SymExpr], axis: usize) -> Option<Sym> {
    count(out).filter(|&n| n <= MAX_VALUES)?;
    let parts: Vec<&Sym> = (0..op.n.inputs.len()).map(|i| op.sym(i)).collect::<Option<_>>()?;
    let outer = count(out.get(..axis)?)?;
    let mut elems = Vec::new();
    for row in 0..outer {
        for p in &parts {
            let run = count(p.dims.as_ref()?.get(axis..)?)?;
            let start = row.checked_mul(run)?;
            elems.extend_from_slice(p.elems.as_ref()?.get(start..start.checked_add(run)?)?);
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
        let mut dims = x.clone();
        *dims.get_mut(axis)? = d.clone();
        let offset = start.value().and_then(|v| usize::try_from(v).ok());
        out.push(Some(match offset {
            Some(o) => t.remap(dims, |index| {
                let mut from = index.to_vec();
                *from.get_mut(axis)? += o;
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
    let own = crate::shape::tensor::sizes(&x);
    let t =
        op.sym(0)?.remap(out, |index| crate::shape::tensor::broadcast_index(index, own.as_ref()?));
    Some(vec![Some(t)])
}

fn tile(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let Some(repeats) = op.ints(1).filter(|r| r.len() == x.len()) else {
        let dims = op.unknown(x.len());
        return one(dims);
    };
    let out = x.iter().zip(&repeats).map(|(d, r)| d.times(r)).collect::<Option<Vec<_>>>()?;
    let own = crate::shape::tensor::sizes(&x);
    let t = op.sym(0)?.remap(out, |index| {
        index.iter().zip(own.as_ref()?).map(|(i, d)| i.checked_rem(*d)).collect()
    });
    Some(vec![Some(t)])
}

/// Shape-15: start and end are clamped to the rank.
fn shape(op: &mut Op) -> Option<Outputs> {
    let Some(x) = op.dims(0) else {
        let rank = op.fresh();
        return one(vec![rank]);
    };
    let rank = i64::try_from(x.len()).ok()?;
    let bound = |v: i64| {
        let v = if v < 0 { v.saturating_add(rank) } else { v };
        usize::try_from(v.clamp(0, rank)).ok()
    };
    let start = bound(op.attr("start", 0))?;
    let end = bound(op.attr("end", rank))?.max(start);
    Some(vec![Some(Sym::vector(x.get(start..end)?.to_vec()))])
}

fn constant_of_shape(op: &mut Op) -> Option<Outputs> {
    let Some(dims) = op.ints(0) else {
        let rank = usize::try_from(op.dims(0)?.first()?.value()?).ok()?;
        let dims = op.unknown(rank);
        return one(dims);
    };
    let value = match op.n.attribute("value") {
        Some(Attribute::Tensor(t)) => Sym::constant(t).elems.and_then(|e| e.first().cloned()),
        _ => Some(Num::Int(SymExpr::ZERO)),
    };
    match (value, count(&dims).filter(|&n| n <= MAX_VALUES)) {
        (Some(v), Some(n)) => Some(vec![Some(Sym::elems(dims, vec![v; n]))]),
        _ => one(dims),
    }
}

fn range(op: &mut Op) -> Option<Outputs> {
    let number = |i: usize| op.sym(i).and_then(|t| t.floats()).and_then(|v| v.first().copied());
    if let (Some(a), Some(b), Some(d)) = (number(0), number(1), number(2)) {
        if d == 0.0 {
            return None;
        }
        let n = ((b - a) / d).ceil().max(0.0);
        if n > 9e15 || !n.is_finite() {
            return None;
        }
        let integral = [a, b, d].iter().all(|x| x.fract() == 0.0 && x.abs() < 9e15);
        if integral && n <= MAX_VALUES as f64 {
            let at = |i: usize| Num::Int(SymExpr::Value((a + i as f64 * d) as i128));
            let v: Vec<Num> = (0..n as usize).map(at).collect();
            return Some(vec![Some(Sym::elems(vec![v.len().into()], v))]);
        }
        return one(vec![SymExpr::Value(n as i128)]);
    }
    let length = match (op.int(0), op.int(1), op.int(2)) {
        (Some(a), Some(b), Some(SymExpr::Value(d))) if d > 0 => {
            b.minus(&a).and_then(|span| span.over_up(&SymExpr::Value(d)))
        }
        _ => None,
    };
    let length = op.or_fresh(length);
    one(vec![length])
}

fn depth_space(op: &mut Op, kind: &str) -> Option<Outputs> {
    let b: SymExpr = u64::try_from(op.n.int("blocksize")?).ok().filter(|&b| b > 0)?.into();
    let area = b.times(&b)?;
    let x = op.dims(0)?;
    let [n, c, h, w] = x.as_slice() else { return None };
    one(match kind {
        "DepthToSpace" => vec![n.clone(), c.over(&area)?, h.times(&b)?, w.times(&b)?],
        _ => vec![n.clone(), c.times(&area)?, h.over(&b)?, w.over(&b)?],
    })
}

/// Pad-21; before opset 11 the pads are an attribute.
fn pad(op: &mut Op) -> Option<Outputs> {
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
    if pads.len() != 2 * axes.len() {
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
