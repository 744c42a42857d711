//! Operators that rearrange or describe: reshape, transpose, squeeze, flatten, shape.

use super::flops;
use super::kinds::{Class, CostKind, Demand, Passes};
use super::op::{Op, Outputs, distinct, one, product, same, wrap};
use super::operator::{CARRIED, CONSTANTS, Operator, onnx};
use super::typed::int64;
use crate::model::{DataType, Node};
use crate::symbolic::{Sym, SymExpr, count};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    moves("DepthToSpace").shape(depth_to_space).defaults(&[("mode", "'DCR'")]),
    describes("Dropout")
        .shape(dropout)
        .types(|t, i| if i == 1 { Some(DataType::Bool) } else { t.of(0) })
        .weights(CONSTANTS)
        .fed(&[(2, Demand::Training)]),
    describes("Flatten").shape(flatten).defaults(&[("axis", "1")]).passes(Passes::First),
    describes("Identity")
        .shape(|op| Some(vec![op.sym(0).cloned()]))
        .container(|t, _| t.container(0).cloned())
        .weights(CARRIED)
        .passes(Passes::First),
    describes("Reshape")
        .shape(reshape)
        .defaults(&[("allowzero", "0")])
        .structural(&[1..=1])
        .weights(CARRIED)
        .fed(&[(1, Demand::OutputShape)])
        .passes(Passes::First),
    moves("ReverseSequence")
        .shape(same)
        .defaults(&[("batch_axis", "1"), ("time_axis", "0")])
        .fed(&[(1, Demand::AxisLength("time_axis"))]),
    describes("Shape").shape(shape).types(int64).defaults(&[("start", "0")]).weights(CONSTANTS),
    describes("Size")
        .shape(|op| Some(vec![Some(Sym::scalar(product(&op.dims(0)?)?))]))
        .types(int64)
        .weights(CONSTANTS),
    moves("SpaceToDepth").shape(space_to_depth),
    describes("Squeeze")
        .shape(squeeze)
        .structural(&[1..=1])
        .weights(CARRIED)
        .fed(&[(1, Demand::Axes)])
        .passes(Passes::First),
    moves("Transpose").shape(transpose).weights(CARRIED).passes(Passes::First),
    moves("Trilu").shape(same).defaults(&[("upper", "1")]),
    describes("Unsqueeze")
        .shape(unsqueeze)
        .structural(&[1..=1])
        .weights(CARRIED)
        .fed(&[(1, Demand::Axes)])
        .passes(Passes::First),
];

/// An operator that moves data.
const fn moves(name: &'static str) -> Operator {
    onnx(name, Class::Layout).work(flops::none).cost(CostKind::Move)
}

/// An operator that describes the same data anew.
const fn describes(name: &'static str) -> Operator {
    onnx(name, Class::Layout).work(flops::none).cost(CostKind::Free)
}

/// `t` under other dimensions of the same number of elements.
fn reshaped(t: Option<&Sym>, dims: Vec<SymExpr>) -> Sym {
    match t.and_then(|t| t.elems.clone()) {
        Some(e) if count(&dims) == Some(e.len()) => Sym { elems: Some(e), ..Sym::shape(dims) },
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
        Some(a) => distinct(&a, x.len())?,
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
    let at = distinct(&axes, rank)?;
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

fn depth_to_space(op: &mut Op) -> Option<Outputs> {
    one(depth_to_space_dims(op.n, &op.dims(0)?)?)
}

fn space_to_depth(op: &mut Op) -> Option<Outputs> {
    one(space_to_depth_dims(op.n, &op.dims(0)?)?)
}

/// Channels as blocks of pixels.
pub fn depth_to_space_dims(node: &Node, x: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let (b, area) = block(node)?;
    let [n, c, h, w] = x else { return None };
    Some(vec![n.clone(), c.over(&area)?, h.times(&b)?, w.times(&b)?])
}

/// Blocks of pixels as channels.
pub fn space_to_depth_dims(node: &Node, x: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let (b, area) = block(node)?;
    let [n, c, h, w] = x else { return None };
    Some(vec![n.clone(), c.times(&area)?, h.over(&b)?, w.over(&b)?])
}

/// Side and area of a block.
fn block(n: &Node) -> Option<(SymExpr, SymExpr)> {
    let b: SymExpr = u64::try_from(n.int("blocksize")?).ok().filter(|&b| b > 0)?.into();
    let area = b.times(&b)?;
    Some((b, area))
}

/// Dropout-13: then the mask.
fn dropout(op: &mut Op) -> Option<Outputs> {
    let first = op.sym(0)?.without_elems();
    let mask = first.dims.is_some().then(|| Some(first.clone()));
    Some([Some(first)].into_iter().chain(mask).collect())
}
