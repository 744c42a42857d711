//! Matrix products, attention and losses.

use super::*;

/// Rules of this module.
pub fn infer(op: &mut Op, kind: &str) -> Option<Outputs> {
    match kind {
        "MatMul" | "MatMulInteger" => matmul(op, 0, 1),
        "QLinearMatMul" => matmul(op, 0, 3),
        "Gemm" => gemm(op),
        "Einsum" => einsum(op),
        "Det" => {
            let x = op.dims(0)?;
            one(x.get(..x.len().checked_sub(2)?)?.to_vec())
        }
        "Attention" => attention(op),
        "LinearAttention" => linear_attention(op),
        "SwiGLU" => op.same(0),
        "NegativeLogLikelihoodLoss" | "SoftmaxCrossEntropyLoss" => loss(op),
        _ => None,
    }
}

/// Numpy's product of arrays `a` and `b`.
pub fn matmul(op: &mut Op, a: usize, b: usize) -> Option<Outputs> {
    one(product_dims(&op.dims(a)?, &op.dims(b)?)?)
}

/// Dimensions of a matrix product (MatMul-13).
pub fn product_dims(a: &[SymExpr], b: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let (ka, lead_a) = a.split_last()?;
    let (row, batch_a) = match lead_a.split_last() {
        Some((m, batch)) => (Some(m), batch),
        None => (None, lead_a),
    };
    let (col, kb, batch_b) = match b {
        [k] => (None, k, &[][..]),
        [batch @ .., k, n] => (Some(n), k, batch),
        [] => return None,
    };
    ka.broadcast(kb)
        .filter(|_| ka.value() == kb.value() || ka.value().is_none() || kb.value().is_none())?;
    let mut out = broadcast(batch_a, batch_b)?;
    out.extend(row.into_iter().chain(col).cloned());
    Some(out)
}

/// Gemm-13.
pub fn gemm(op: &mut Op) -> Option<Outputs> {
    let (a, b) = (op.dims(0)?, op.dims(1)?);
    let ([a0, a1], [b0, b1]) = (a.as_slice(), b.as_slice()) else { return None };
    let m = if op.attr("transA", 0) == 1 { a1 } else { a0 };
    let n = if op.attr("transB", 0) == 1 { b0 } else { b1 };
    one(vec![m.clone(), n.clone()])
}

/// Einsum-12: output terms, or those that occur once, in alphabetical order.
fn einsum(op: &mut Op) -> Option<Outputs> {
    let equation: String =
        op.n.string("equation")?.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((l, r)) => (l, Some(r)),
        None => (equation.as_str(), None),
    };
    let mut sizes: std::collections::BTreeMap<char, (SymExpr, usize)> = Default::default();
    let mut dots: Vec<SymExpr> = Vec::new();
    for (i, term) in left.split(',').enumerate() {
        let dims = op.dims(i)?;
        let letters = term.chars().filter(|&c| c != '.').count();
        let extra = dims.len().checked_sub(letters)?;
        let (before, after) = term.split_once("...").unwrap_or((term, ""));
        if extra > 0 && !term.contains("...") {
            return None;
        }
        let middle = before.chars().count();
        dots = broadcast(&dots, dims.get(middle..middle.checked_add(extra)?)?)?;
        let letters = before.chars().zip(0..).chain(after.chars().zip(middle + extra..));
        for (c, at) in letters {
            let d = dims.get(at)?.clone();
            let slot = sizes.entry(c).or_insert((SymExpr::ONE, 0));
            *slot = (slot.0.broadcast(&d)?, slot.1 + 1);
        }
    }
    let mut out = Vec::new();
    match right {
        None => {
            out.extend(dots);
            out.extend(sizes.values().filter(|s| s.1 == 1).map(|s| s.0.clone()));
        }
        Some(r) => {
            let (before, after) = r.split_once("...").unwrap_or((r, ""));
            let get = |c| sizes.get(&c).map(|s| s.0.clone());
            out.extend(before.chars().map(get).collect::<Option<Vec<_>>>()?);
            if r.contains("...") {
                out.extend(dots);
            }
            out.extend(after.chars().map(get).collect::<Option<Vec<_>>>()?);
        }
    }
    one(out)
}

/// Attention-23: three- or four-dimensional query, key and value.
fn attention(op: &mut Op) -> Option<Outputs> {
    let (q, k, v) = (op.dims(0)?, op.dims(1)?, op.dims(2)?);
    let heads = |name| op.n.int(name).filter(|&h| h > 0).map(|h| SymExpr::Value(h.into()));
    let (batch, len_q) = (q.first()?.clone(), q.get(q.len().checked_sub(2)?)?.clone());
    let (q_heads, kv_heads, dim_k, dim_v) = match q.len() {
        4 => (q.get(1)?.clone(), k.get(1)?.clone(), k.get(3)?.clone(), v.get(3)?.clone()),
        3 => {
            let (qh, kvh) = (heads("q_num_heads")?, heads("kv_num_heads")?);
            let (dk, dv) = (k.get(2)?.over(&kvh)?, v.get(2)?.over(&kvh)?);
            (qh, kvh, dk, dv)
        }
        _ => return None,
    };
    let mut len_kv = k.get(k.len().checked_sub(2)?)?.clone();
    if op.has(4) {
        let past = op.dims(4).and_then(|p| p.get(2).cloned());
        len_kv = match past {
            Some(p) => len_kv.plus(&p)?,
            None => op.fresh(),
        };
    }
    let y = match q.len() {
        4 => vec![batch.clone(), q_heads.clone(), len_q.clone(), dim_v.clone()],
        _ => vec![batch.clone(), len_q.clone(), q_heads.times(&dim_v)?],
    };
    let cache =
        |d: SymExpr| Some(Sym::shape(vec![batch.clone(), kv_heads.clone(), len_kv.clone(), d]));
    let scores = vec![batch.clone(), q_heads, len_q, len_kv.clone()];
    Some(vec![Some(Sym::shape(y)), cache(dim_k), cache(dim_v), Some(Sym::shape(scores))])
}

/// LinearAttention-27: packed inputs, a state for each key-value head.
fn linear_attention(op: &mut Op) -> Option<Outputs> {
    let (q, k, v) = (op.dims(0)?, op.dims(1)?, op.dims(2)?);
    let heads = |name| op.n.int(name).filter(|&h| h > 0).map(|h| SymExpr::Value(h.into()));
    let (qh, kvh) = (heads("q_num_heads")?, heads("kv_num_heads")?);
    let (dk, dv) = (k.get(2)?.over(&kvh)?, v.get(2)?.over(&kvh)?);
    let y = vec![q.first()?.clone(), q.get(1)?.clone(), qh.times(&dv)?];
    let state = vec![q.first()?.clone(), kvh, dk, dv];
    Some(vec![Some(Sym::shape(y)), Some(Sym::shape(state))])
}

/// SoftmaxCrossEntropyLoss-13: a scalar, or one loss a label.
fn loss(op: &mut Op) -> Option<Outputs> {
    let out = match op.n.string("reduction") {
        Some("none") => op.dims(1)?,
        _ => Vec::new(),
    };
    Some(vec![Some(Sym::shape(out)), op.sym(0).map(Sym::without_elems)])
}
