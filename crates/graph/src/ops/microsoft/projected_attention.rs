//! Fused attention of `com.microsoft` with the projection to queries, keys and values:
//! shapes, caches, MACs. As in `attention`, masks lessen nothing.

use super::attention::{Lengths, Sizes, after, product};
use crate::ops::flops::{Site, Work, elements};
use crate::ops::kinds::{CostKind, WeightRole};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs};
use crate::ops::operator::{LAST, Operator, SCALED_ATTENTION};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    product("Attention").shape(merged_shape).work(merged_work),
    product("DecoderAttention")
        .shape(decoder_shape)
        .work(decoder_work)
        .weights(&[(8..=LAST, WeightRole::Constant)]),
    product("DecoderMaskedSelfAttention").shape(merged_shape).work(merged_work),
    product("QAttention")
        .shape(merged_shape)
        .types(|t, _| t.of(2))
        .work(merged_work)
        .cost(CostKind::QuantisedProduct)
        .weights(SCALED_ATTENTION),
    product("QOrderedAttention")
        .shape(ordered_shape)
        .work(ordered_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (1..=4, WeightRole::Buffer),
            (5..=7, WeightRole::Parameter),
            (8..=10, WeightRole::Buffer),
            (14..=16, WeightRole::Buffer),
        ]),
];

/// Projection to queries, keys and values by one weight, then their attention.
struct Merged {
    sizes: Sizes,
    project: SymExpr,
}

/// Where an operator with one merged weight has its past, and the length of it.
fn past_inputs(s: &impl Known) -> (usize, Option<usize>) {
    match s.node().op_type.as_str() {
        "QAttention" => (8, None),
        _ => (4, s.flag("past_present_share_buffer").then_some(6)),
    }
}

fn merged(s: &impl Known) -> Option<Merged> {
    let (x, w) = (s.input(0)?, s.input(1)?);
    let [batch, queries, _] = x.as_slice() else { return None };
    let heads = s.positive("num_heads")?;
    let (key, value) = match s.node().ints("qkv_hidden_sizes") {
        Some([q, _, v]) => (SymExpr::Value((*q).into()), SymExpr::Value((*v).into())),
        _ => {
            let third = w.get(1)?.over(&SymExpr::Value(3))?;
            (third.clone(), third)
        }
    };
    let (past, filled) = past_inputs(s);
    let sizes = Sizes {
        batch: batch.clone(),
        queries: queries.clone(),
        kv_heads: heads.clone(),
        key: key.over(&heads)?,
        value: value.over(&heads)?,
        heads,
        lengths: after(s, past, 3, queries, filled),
    };
    let project = batch.times(queries)?.times(&elements(&w)?)?;
    Some(Merged { sizes, project })
}

/// The output, then keys and values in one cache.
fn merged_shape(op: &mut Op) -> Option<Outputs> {
    let sizes = merged(op)?.sizes;
    let length = op.or_fresh(sizes.lengths.clone().map(|l| l.cache));
    let two = SymExpr::Value(2);
    let (batch, heads) = (sizes.batch.clone(), sizes.heads.clone());
    let present = Sym::shape(vec![two, batch, heads, length, sizes.value.clone()]);
    Some(vec![sizes.output(), Some(present)])
}

fn merged_work(site: &Site) -> Option<Work> {
    let merged = merged(site)?;
    with_projection(merged.sizes.work()?, &merged.project)
}

fn with_projection(work: Work, project: &SymExpr) -> Option<Work> {
    Some(Work { macs: work.macs.plus(project)?, ..work })
}

/// QOrderedAttention: a weight each for queries, keys and values.
fn ordered(s: &impl Known) -> Option<Merged> {
    let (x, q, v) = (s.input(0)?, s.input(5)?, s.input(7)?);
    let [batch, queries, _] = x.as_slice() else { return None };
    let heads = s.positive("num_heads")?;
    let mut weights = SymExpr::ZERO;
    for i in 5..=7 {
        weights = weights.plus(&elements(&s.input(i)?)?)?;
    }
    let sizes = Sizes {
        batch: batch.clone(),
        queries: queries.clone(),
        kv_heads: heads.clone(),
        key: q.get(1)?.over(&heads)?,
        value: v.get(1)?.over(&heads)?,
        heads,
        lengths: after(s, 18, 3, queries, None),
    };
    Some(Merged { sizes, project: batch.times(queries)?.times(&weights)? })
}

fn ordered_shape(op: &mut Op) -> Option<Outputs> {
    Some(vec![ordered(op)?.sizes.output()])
}

fn ordered_work(site: &Site) -> Option<Work> {
    let ordered = ordered(site)?;
    with_projection(ordered.sizes.work()?, &ordered.project)
}

/// DecoderAttention: steps are the first axis. Three inputs say whether keys are
/// those of an encoder and whether there is a cache.
fn decoder(s: &impl Known) -> Option<Merged> {
    let (q, k, w) = (s.input(0)?, s.input(1)?, s.input(2)?);
    let [queries, batch, hidden] = q.as_slice() else { return None };
    let heads = s.positive("num_heads")?;
    let truth = |i: usize| s.number(i)?.value().map(|v| v != 0);
    let cached = || s.input(6).and_then(|c| c.get(2).cloned());
    let fixed = truth(8);
    // Without a cache and a state to put it in, keys are those of this call.
    let past = match (truth(9), truth(10)) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    let new = if fixed? { k.first()? } else { queries };
    let (length, projected) = match (fixed?, past?) {
        (true, true) => (cached()?, SymExpr::ZERO),
        (false, true) => (cached()?.plus(new)?, new.clone()),
        (_, false) => (new.clone(), new.clone()),
    };
    let both = elements(&s.input(3)?)?;
    let project = batch.times(&queries.times(&elements(&w)?)?.plus(&projected.times(&both)?)?)?;
    let head = hidden.over(&heads)?;
    let sizes = Sizes {
        batch: batch.clone(),
        queries: queries.clone(),
        kv_heads: heads.clone(),
        key: head.clone(),
        value: head,
        heads,
        lengths: Some(Lengths::all(length)),
    };
    Some(Merged { sizes, project })
}

fn decoder_shape(op: &mut Op) -> Option<Outputs> {
    let q = op.dims(0)?;
    let [_, batch, hidden] = q.as_slice() else { return None };
    let heads = op.positive("num_heads")?;
    let known = decoder(op).and_then(|d| d.sizes.lengths).map(|l| l.cache);
    let length = op.or_fresh(known);
    let cache = Some(Sym::shape(vec![batch.clone(), heads.clone(), length, hidden.over(&heads)?]));
    Some(vec![Some(Sym::shape(q)), cache.clone(), cache])
}

fn decoder_work(site: &Site) -> Option<Work> {
    let decoder = decoder(site)?;
    with_projection(decoder.sizes.work()?, &decoder.project)
}
