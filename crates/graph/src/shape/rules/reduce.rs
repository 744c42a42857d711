//! Reductions.

use super::*;
use crate::shape::tensor::Num;

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "ArgMax" | "ArgMin" => {
            let x = op.dims(0)?;
            let axis = wrap(op.attr("axis", 0), x.len())?;
            one(reduced(&x, &[axis], op.attr("keepdims", 1) != 0))
        }
        k if k.starts_with("Reduce") => reduce(op, k),
        _ => None,
    }
}

fn reduced(x: &[SymExpr], axes: &[usize], keep: bool) -> Vec<SymExpr> {
    let one = |(i, d): (usize, &SymExpr)| match axes.contains(&i) {
        true => keep.then_some(SymExpr::ONE),
        false => Some(d.clone()),
    };
    x.iter().enumerate().filter_map(one).collect()
}

/// ReduceSum-13 and its kin: axes from the attribute, else from the input.
fn reduce(op: &mut Op, kind: &str) -> Option<Outputs> {
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
    let axes = if axes.is_empty() { all.clone() } else { wrap_all(&axes, x.len())? };
    let out = reduced(&x, &axes, keep);
    let whole = all.iter().all(|a| axes.contains(a));
    let total = op.sym(0).filter(|_| whole).and_then(|t| total(kind, &t.ints()?));
    Some(vec![Some(match total {
        Some(e) => Sym::elems(out, vec![Num::Int(e)]),
        None => Sym::shape(out),
    })])
}

fn total(kind: &str, v: &[SymExpr]) -> Option<SymExpr> {
    let (first, rest) = v.split_first()?;
    let known = ["ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin"];
    let first = known.contains(&kind).then(|| first.clone())?;
    rest.iter().try_fold(first, |a, b| match kind {
        "ReduceProd" => a.times(b),
        "ReduceSum" => a.plus(b),
        "ReduceMax" => Some(a.larger(b)),
        "ReduceMin" => Some(a.smaller(b)),
        _ => None,
    })
}
