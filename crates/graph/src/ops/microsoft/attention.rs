//! Fused attention of `com.microsoft` on padded batches: shapes, caches, MACs.
//!
//! Masks (causal, local, padding) do not lessen the MACs, as in `ai.onnx`: each
//! query meets each key. Keys are those of the cache and the new ones. A cache
//! that shares its buffer with the past has the length of the buffer; then keys
//! are as many as the past length says, or fill the buffer where that is open.

use crate::ops::attention::weighted_sum;
use crate::ops::flops::{Site, Work, elements};
use crate::ops::kinds::{Class, CostKind, WeightRole};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs};
use crate::ops::operator::{LAST, Operator, microsoft};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    product("Attention").shape(merged_shape).work(merged_work),
    product("DecoderAttention")
        .shape(decoder_shape)
        .work(decoder_work)
        .weights(&[(8..=LAST, WeightRole::Constant)]),
    product("DecoderMaskedMultiHeadAttention")
        .shape(|op| separate_shape(op, &DECODER))
        .work(|s| separate_work(s, &DECODER)),
    product("DecoderMaskedSelfAttention").shape(merged_shape).work(merged_work),
    product("GroupQueryAttention")
        .shape(grouped_shape)
        .types(|t, i| if matches!(i, 1 | 2) { t.of(3).or(t.of(0)) } else { t.of(0) })
        .work(grouped_work),
    product("MultiHeadAttention")
        .shape(|op| separate_shape(op, &MULTI_HEAD))
        .work(|s| separate_work(s, &MULTI_HEAD)),
    product("QAttention")
        .shape(merged_shape)
        .types(|t, _| t.of(2))
        .work(merged_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (1..=1, WeightRole::Parameter),
            (3..=4, WeightRole::Buffer),
            (6..=7, WeightRole::Buffer),
        ]),
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

/// An attention whose MACs are those of matrix products.
const fn product(name: &'static str) -> Operator {
    microsoft(name, Class::Attention).cost(CostKind::Product)
}

/// What shapes and work follow from.
struct Sizes {
    batch: SymExpr,
    queries: SymExpr,
    heads: SymExpr,
    kv_heads: SymExpr,
    /// Size of a head of the queries and keys.
    key: SymExpr,
    /// Size of a head of the values.
    value: SymExpr,
    /// Keys and the length of the cache that is returned, where known.
    lengths: Option<Lengths>,
}

#[derive(Clone)]
struct Lengths {
    keys: SymExpr,
    cache: SymExpr,
}

impl Lengths {
    fn all(length: SymExpr) -> Self {
        Self { keys: length.clone(), cache: length }
    }
}

impl Sizes {
    /// Scores, weighted sum, softmax.
    fn work(&self) -> Option<Work> {
        let rows = self.batch.times(&self.heads)?.times(&self.queries)?;
        weighted_sum(rows.times(&self.lengths.as_ref()?.keys)?, &self.key, &self.value)
    }

    fn output(&self) -> Option<Sym> {
        let width = self.heads.times(&self.value)?;
        Some(Sym::shape(vec![self.batch.clone(), self.queries.clone(), width]))
    }

    /// Caches of keys and values, then the scores.
    fn caches(&self, op: &mut Op, key: SymExpr, value: SymExpr) -> [Option<Sym>; 3] {
        let length = self.lengths.clone();
        let cache = op.or_fresh(length.clone().map(|l| l.cache));
        let keys = op.or_fresh(length.map(|l| l.keys));
        let of = |heads: &SymExpr, rows: &SymExpr, width: SymExpr| {
            Some(Sym::shape(vec![self.batch.clone(), heads.clone(), rows.clone(), width]))
        };
        let scores = of(&self.heads, &self.queries, keys);
        [of(&self.kv_heads, &cache, key), of(&self.kv_heads, &cache, value), scores]
    }
}

/// New keys after a past, whose length is axis `axis` of input `past`. A buffer
/// is shared where `filled` names the input that says how much of it is past.
fn after(
    s: &impl Known,
    past: usize,
    axis: usize,
    new: &SymExpr,
    filled: Option<usize>,
) -> Option<Lengths> {
    if !s.given(past) {
        return Some(Lengths::all(new.clone()));
    }
    let length = s.input(past)?.get(axis)?.clone();
    match filled {
        None => Some(Lengths::all(length.plus(new)?)),
        Some(i) => {
            let keys = s.number(i).and_then(|n| n.plus(new));
            Some(Lengths { keys: keys.unwrap_or(length.clone()), cache: length })
        }
    }
}

/// Where an operator with queries, keys and values apart has its inputs.
struct Positions {
    past: usize,
    filled: usize,
    /// Shares the buffer by this attribute, else where `filled` is given.
    shared: Option<&'static str>,
}

const MULTI_HEAD: Positions = Positions { past: 6, filled: 8, shared: None };
const DECODER: Positions =
    Positions { past: 5, filled: 7, shared: Some("past_present_share_buffer") };

/// Queries of three dimensions, or queries, keys and values in one tensor of
/// five; keys of three, keys and values of five, or a cache of four dimensions.
fn separate(s: &impl Known, at: &Positions) -> Option<Sizes> {
    let q = s.input(0)?;
    let heads = s.positive("num_heads")?;
    let (batch, queries) = (q.first()?.clone(), q.get(1)?.clone());
    let shared = match at.shared {
        Some(attribute) => s.flag(attribute),
        None => s.given(at.filled),
    };
    let grown = |new: &SymExpr| after(s, at.past, 2, new, shared.then_some(at.filled));
    let three = SymExpr::Value(3);
    let (key, value, lengths) = match (q.as_slice(), s.given(1)) {
        ([_, _, _, _, head], _) => (head.clone(), head.clone(), grown(&queries)),
        ([_, _, hidden], false) => {
            let head = hidden.over(&heads.times(&three)?)?;
            (head.clone(), head, grown(&queries))
        }
        ([_, _, hidden], true) => {
            let (key, v) = (hidden.over(&heads)?, s.input(2));
            match (s.input(1)?.as_slice(), v.as_deref()) {
                ([_, new, _, _, head], _) => (key, head.clone(), grown(new)),
                ([_, _, keys, _], Some([_, _, _, head])) => {
                    (key, head.clone(), Some(Lengths::all(keys.clone())))
                }
                ([_, new, _], Some([_, _, width])) => (key, width.over(&heads)?, grown(new)),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Sizes { batch, queries, kv_heads: heads.clone(), heads, key, value, lengths })
}

fn separate_shape(op: &mut Op, at: &Positions) -> Option<Outputs> {
    let sizes = separate(op, at)?;
    let [keys, values, scores] = sizes.caches(op, sizes.key.clone(), sizes.value.clone());
    Some(vec![sizes.output(), keys, values, scores])
}

fn separate_work(site: &Site, at: &Positions) -> Option<Work> {
    separate(site, at)?.work()
}

/// GroupQueryAttention: several query heads read one head of keys and values;
/// the query may hold keys and values as well.
fn grouped(s: &impl Known) -> Option<Sizes> {
    let q = s.input(0)?;
    let [batch, queries, hidden] = q.as_slice() else { return None };
    let (heads, kv_heads) = (s.positive("num_heads")?, s.positive("kv_num_heads")?);
    let parts = match s.given(1) {
        true => heads.clone(),
        false => heads.plus(&kv_heads.times(&SymExpr::Value(2))?)?,
    };
    let head = hidden.over(&parts)?;
    let new = s.input(1).and_then(|k| k.get(1).cloned()).unwrap_or(queries.clone());
    let lengths = grouped_lengths(s, &new);
    Some(Sizes {
        batch: batch.clone(),
        queries: queries.clone(),
        heads,
        kv_heads,
        key: head.clone(),
        value: head,
        lengths,
    })
}

/// The total length is an input. A past that it grows out of is shorter; one of
/// a fixed length may also be a buffer with room to spare, so that the cache is
/// known only where both lengths are.
fn grouped_lengths(s: &impl Known, new: &SymExpr) -> Option<Lengths> {
    const PAST: usize = 3;
    const TOTAL: usize = 6;
    let total = s.number(TOTAL);
    let past = match s.given(PAST) {
        true => s.input(PAST).and_then(|p| p.get(2).cloned()),
        false => Some(SymExpr::ZERO),
    };
    let returned = || s.output(1).and_then(|c| c.get(2).cloned());
    let cache = match (past?, &total) {
        (past, _) if s.flag("sliding_window_cache") => Some(past),
        (SymExpr::Value(0), None) => Some(new.clone()),
        (SymExpr::Value(p), Some(SymExpr::Value(t))) => Some(SymExpr::Value(p.max(*t))),
        (SymExpr::Value(p), Some(_)) if p > 0 => returned(),
        (_, Some(t)) => Some(t.clone()),
        (_, None) => returned(),
    }?;
    let keys = total.filter(|_| !s.flag("sliding_window_cache")).unwrap_or(cache.clone());
    Some(Lengths { keys, cache })
}

fn grouped_shape(op: &mut Op) -> Option<Outputs> {
    let sizes = grouped(op)?;
    // A cache of four bits has half as many bytes a head.
    let stored = op.dims(3).and_then(|p| p.get(3).cloned()).unwrap_or(sizes.key.clone());
    let [keys, values, scores] = sizes.caches(op, stored.clone(), stored);
    Some(vec![sizes.output(), keys, values, scores])
}

fn grouped_work(site: &Site) -> Option<Work> {
    grouped(site)?.work()
}

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
