//! Attention, linear attention, rotary embeddings.

use super::flops::{self, Site, Work, number};
use super::kinds::{Class, CostKind};
use super::op::{Op, Outputs, one, same};
use super::operator::{Operator, ROTARY, onnx, preview};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("Attention", Class::Attention)
        .shape(attention)
        .work(attention_work)
        .cost(CostKind::Product),
    onnx("LinearAttention", Class::Attention).shape(linear_attention).work(linear_attention_work),
    onnx("RotaryEmbedding", Class::Attention)
        .shape(same)
        .work(|s| s.made_times(3))
        .cost(CostKind::Move)
        .weights(ROTARY),
];

/// Rows of `ai.onnx.preview`.
pub const PREVIEW: &[Operator] = &[preview("FlexAttention", Class::Attention)
    .shape(flex_attention)
    .work(attention_work)
    .cost(CostKind::Product)];

/// Scores and weighted sum; softmax on the scores.
pub fn weighted_sum(scores: SymExpr, dk: &SymExpr, dv: &SymExpr) -> Option<Work> {
    Some(Work { macs: scores.times(&dk.plus(dv)?)?, flops: scores.times(&number(5))? })
}

fn attention_work(site: &Site) -> Option<Work> {
    let (q, k, v) = (site.dims(0)?, site.dims(1)?, site.dims(2)?);
    let past = site.dims(4).and_then(|p| p.get(2));
    let keys = |len: &SymExpr| match past {
        Some(p) => len.plus(p),
        None => Some(len.clone()),
    };
    match q {
        [batch, heads, queries, dk] => {
            let scores = batch.times(heads)?.times(queries)?.times(&keys(k.get(2)?)?)?;
            weighted_sum(scores, dk, v.get(3)?)
        }
        [batch, queries, hidden] => {
            let heads = number(site.n.int("q_num_heads").filter(|&h| h > 0)?);
            let kv_heads = number(site.n.int("kv_num_heads").filter(|&h| h > 0)?);
            let scores = batch.times(&heads)?.times(queries)?.times(&keys(k.get(1)?)?)?;
            weighted_sum(scores, &hidden.over(&heads)?, &v.get(2)?.over(&kv_heads)?)
        }
        _ => None,
    }
}

/// For each token the state is updated (delta rules also read it) and queried.
pub fn linear_attention_work(site: &Site) -> Option<Work> {
    let (q, k, v) = (site.dims(0)?, site.dims(1)?, site.dims(2)?);
    let heads = |name| site.n.int(name).filter(|&h| h > 0).map(number);
    let (qh, kvh) = (heads("q_num_heads")?, heads("kv_num_heads")?);
    let state = k.get(2)?.over(&kvh)?.times(&v.get(2)?.over(&kvh)?)?;
    let rule = site.n.string("update_rule").unwrap_or("gated_delta");
    let updates = if rule.contains("delta") { 2 } else { 1 };
    let each = kvh.times(&number(updates))?.plus(&qh.larger(&kvh)?)?;
    flops::macs(q.first()?.times(q.get(1)?)?.times(&state)?.times(&each)?)
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

/// LinearAttention-27: packed inputs, a state for each key-value head, once or
/// for each of the last `state_window` tokens (`com.microsoft`).
pub fn linear_attention(op: &mut Op) -> Option<Outputs> {
    let (q, k, v) = (op.dims(0)?, op.dims(1)?, op.dims(2)?);
    let heads = |name| op.n.int(name).filter(|&h| h > 0).map(|h| SymExpr::Value(h.into()));
    let (qh, kvh) = (heads("q_num_heads")?, heads("kv_num_heads")?);
    let (dk, dv) = (k.get(2)?.over(&kvh)?, v.get(2)?.over(&kvh)?);
    let y = vec![q.first()?.clone(), q.get(1)?.clone(), qh.larger(&kvh)?.times(&dv)?];
    let mut state = vec![q.first()?.clone(), kvh, dk, dv];
    if let Some(window) = heads("state_window") {
        state.insert(0, window);
    }
    Some(vec![Some(Sym::shape(y)), Some(Sym::shape(state))])
}

/// FlexAttention-1: its bodies change scores and probabilities one by one.
fn flex_attention(op: &mut Op) -> Option<Outputs> {
    let (mut q, v) = (op.dims(0)?, op.dims(2)?);
    op.declared_bodies();
    *q.get_mut(3)? = v.get(3)?.clone();
    one(q)
}
