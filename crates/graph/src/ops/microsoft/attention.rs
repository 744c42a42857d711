//! Fused attention of `com.microsoft` on padded batches of queries, keys and values:
//! shapes, caches, MACs.
//!
//! Masks (causal, local, padding) do not lessen the MACs, as in `ai.onnx`: each
//! query meets each key. Keys are those of the cache and the new ones. A cache
//! that shares its buffer with the past has the length of the buffer; then keys
//! are as many as the past length says, or fill the buffer where that is open.

use crate::ops::attention::weighted_sum;
use crate::ops::flops::{Site, Work};
use crate::ops::kinds::{Class, CostKind};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs};
use crate::ops::operator::{Operator, microsoft};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    product("DecoderMaskedMultiHeadAttention")
        .shape(|op| separate_shape(op, &DECODER))
        .work(|s| separate_work(s, &DECODER)),
    product("GroupQueryAttention")
        .shape(grouped_shape)
        .types(|t, i| if matches!(i, 1 | 2) { t.of(3).or(t.of(0)) } else { t.of(0) })
        .work(grouped_work),
    product("MultiHeadAttention")
        .shape(|op| separate_shape(op, &MULTI_HEAD))
        .work(|s| separate_work(s, &MULTI_HEAD)),
];

/// An attention whose MACs are those of matrix products.
pub const fn product(name: &'static str) -> Operator {
    microsoft(name, Class::Attention).cost(CostKind::Product)
}

/// What shapes and work follow from.
pub struct Sizes {
    pub batch: SymExpr,
    pub queries: SymExpr,
    pub heads: SymExpr,
    pub kv_heads: SymExpr,
    /// Size of a head of the queries and keys.
    pub key: SymExpr,
    /// Size of a head of the values.
    pub value: SymExpr,
    /// Keys and the length of the cache that is returned, where known.
    pub lengths: Option<Lengths>,
}

#[derive(Clone)]
pub struct Lengths {
    pub keys: SymExpr,
    pub cache: SymExpr,
}

impl Lengths {
    pub fn all(length: SymExpr) -> Self {
        Self { keys: length.clone(), cache: length }
    }
}

impl Sizes {
    /// Scores, weighted sum, softmax.
    pub fn work(&self) -> Option<Work> {
        let rows = self.batch.times(&self.heads)?.times(&self.queries)?;
        weighted_sum(rows.times(&self.lengths.as_ref()?.keys)?, &self.key, &self.value)
    }

    pub fn output(&self) -> Option<Sym> {
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
pub fn after(
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
