//! Attention of `com.microsoft` on packed tokens, on selected or paged keys, and
//! on a band: shapes, caches, MACs.
//!
//! Lengths of packed sequences are data. Where they are constants the MACs are
//! those of these lengths, else those of the padded sequences that an input
//! describes; keys in pages are not counted without them.

use crate::ops::attention::weighted_sum;
use crate::ops::flops::{Site, Work, elements};
use crate::ops::kinds::{Class, CostKind, WeightRole};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs, one};
use crate::ops::operator::{LAST, Operator, microsoft};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    product("DynamicSparseAttention").shape(dynamic_shape).work(dynamic_work).types(
        |t, i| match i {
            1 | 2 => t.of(3).or(t.of(0)),
            3 => Some(crate::model::DataType::I32),
            _ => t.of(0),
        },
    ),
    product("LongformerAttention").shape(|op| op.same(0)).work(|s| longformer_work(s, 1, 4)),
    product("PackedAttention").shape(packed_shape).work(packed_work),
    product("PackedMultiHeadAttention").shape(packed_heads_shape).work(packed_heads_work),
    product("PagedAttention").shape(paged_shape).types(paged_types).work(paged_work),
    product("QOrderedLongformerAttention")
        .shape(|op| op.same(0))
        .work(|s| longformer_work(s, 2, 8))
        .cost(CostKind::QuantisedProduct)
        .weights(&[
            (1..=1, WeightRole::Buffer),
            (2..=2, WeightRole::Parameter),
            (3..=3, WeightRole::Buffer),
            (5..=6, WeightRole::Buffer),
            (8..=8, WeightRole::Parameter),
            (9..=9, WeightRole::Buffer),
            (11..=LAST, WeightRole::Buffer),
        ]),
    product("SparseAttention").shape(sparse_shape).work(sparse_work),
    product("SparsePagedAttention").shape(paged_shape).types(paged_types).work(selected_work),
];

/// An attention whose MACs are those of matrix products.
const fn product(name: &'static str) -> Operator {
    microsoft(name, Class::Attention).cost(CostKind::Product)
}

/// Sizes of heads of queries and keys, and of values.
struct Heads {
    count: SymExpr,
    key: SymExpr,
    value: SymExpr,
}

impl Heads {
    /// Attention of so many pairs of a query and a key.
    fn work(&self, pairs: &SymExpr) -> Option<Work> {
        weighted_sum(self.count.times(pairs)?, &self.key, &self.value)
    }
}

/// Pairs of queries and keys of sequences whose bounds are input `bounds`, of at
/// most the padded sizes that input `padded` has.
fn pairs(s: &impl Known, bounds: usize, padded: usize) -> Option<SymExpr> {
    if let Some(lengths) = lengths(s, bounds) {
        return lengths.iter().try_fold(SymExpr::ZERO, |t, n| t.plus(&n.times(n)?));
    }
    let padded = s.input(padded)?;
    let [batch, length] = padded.as_slice() else { return None };
    batch.times(length)?.times(length)
}

/// Lengths of packed sequences, from where each begins and the last ends.
fn lengths(s: &impl Known, bounds: usize) -> Option<Vec<SymExpr>> {
    let bounds = s.elements(bounds)?;
    let later = bounds.iter().skip(1);
    bounds.iter().zip(later).map(|(a, b)| b.minus(a)).collect()
}

fn packed_shape(op: &mut Op) -> Option<Outputs> {
    let (x, heads) = (op.dims(0)?, merged_heads(op)?);
    one(vec![x.first()?.clone(), heads.count.times(&heads.value)?])
}

/// Heads of an operator whose input 1 is the weight of queries, keys, values.
fn merged_heads(s: &impl Known) -> Option<Heads> {
    let count = s.positive("num_heads")?;
    let (key, value) = match s.node().ints("qkv_hidden_sizes") {
        Some([q, _, v]) => (SymExpr::Value((*q).into()), SymExpr::Value((*v).into())),
        _ => {
            let third = s.input(1)?.get(1)?.over(&SymExpr::Value(3))?;
            (third.clone(), third)
        }
    };
    Some(Heads { key: key.over(&count)?, value: value.over(&count)?, count })
}

fn packed_work(site: &Site) -> Option<Work> {
    let work = merged_heads(site)?.work(&pairs(site, 4, 3)?)?;
    let project = site.dims(0)?.first()?.times(&elements(site.dims(1)?)?)?;
    Some(Work { macs: work.macs.plus(&project)?, ..work })
}

/// Heads of queries `[tokens, hidden]`, or of all in one `[tokens, heads, 3, size]`.
fn separate_heads(s: &impl Known) -> Option<Heads> {
    let count = s.positive("num_heads")?;
    let (key, value) = match s.input(0)?.as_slice() {
        [_, _, _, head] => (head.clone(), head.clone()),
        [_, hidden] => (hidden.over(&count)?, s.input(2)?.last()?.over(&count)?),
        _ => return None,
    };
    Some(Heads { count, key, value })
}

fn packed_heads_shape(op: &mut Op) -> Option<Outputs> {
    let (q, heads) = (op.dims(0)?, separate_heads(op)?);
    one(vec![q.first()?.clone(), heads.count.times(&heads.value)?])
}

fn packed_heads_work(site: &Site) -> Option<Work> {
    separate_heads(site)?.work(&pairs(site, 5, 4)?)
}

/// Heads of queries whose last axis may hold keys and values as well.
fn grouped_heads(s: &impl Known) -> Option<Heads> {
    let (count, kv) = (s.positive("num_heads")?, s.positive("kv_num_heads")?);
    let parts = match s.given(1) {
        true => count.clone(),
        false => count.plus(&kv.times(&SymExpr::Value(2))?)?,
    };
    let key = s.input(0)?.last()?.over(&parts)?;
    let value = s.positive("v_head_size").unwrap_or(key.clone());
    Some(Heads { count, key, value })
}

/// The queries' leading axes and the width of all heads.
fn grouped_output(op: &Op) -> Option<Sym> {
    let (mut q, heads) = (op.dims(0)?, grouped_heads(op)?);
    *q.last_mut()? = heads.count.times(&heads.value)?;
    Some(Sym::shape(q))
}

/// The output, then what two inputs are.
fn with_inputs(op: &Op, caches: [usize; 2]) -> Option<Outputs> {
    let cache = |i: usize| op.sym(i).map(Sym::without_elems);
    Some(vec![grouped_output(op), cache(caches[0]), cache(caches[1])])
}

fn paged_shape(op: &mut Op) -> Option<Outputs> {
    with_inputs(op, [3, 4])
}

fn paged_types(t: &crate::ops::Typed, output: usize) -> Option<crate::model::DataType> {
    if output == 0 { t.of(0) } else { t.of(output.saturating_add(2)) }
}

/// New tokens of a sequence read all that is cached of it, and each other.
fn paged_work(site: &Site) -> Option<Work> {
    const BOUNDS: usize = 5;
    const PAST: usize = 6;
    const LONGEST: usize = 16;
    let pairs = match (lengths(site, BOUNDS), site.elements(PAST)) {
        (Some(new), Some(past)) => new
            .iter()
            .zip(&past)
            .try_fold(SymExpr::ZERO, |t, (n, p)| t.plus(&n.times(&n.plus(p)?)?))?,
        _ => site.dims(0)?.first()?.times(site.elements(LONGEST)?.get(1)?)?,
    };
    grouped_heads(site)?.work(&pairs)
}

fn sparse_shape(op: &mut Op) -> Option<Outputs> {
    with_inputs(op, [3, 4])
}

/// As if all blocks were there: which are left out is a mask.
fn sparse_work(site: &Site) -> Option<Work> {
    let q = site.dims(0)?;
    let rows = q.first()?.times(q.get(1)?)?;
    grouped_heads(site)?.work(&rows.times(&site.number(7)?)?)
}

/// Each token reads as many keys as can be selected, and those of its window.
fn selected(site: &Site, indices: usize, tokens: &SymExpr) -> Option<Work> {
    let mut keys = site.dims(indices)?.get(1)?.clone();
    if site.n.string("attention_mode") == Some("local_plus_selected") {
        keys = keys.plus(&site.positive("local_window_size")?)?;
    }
    grouped_heads(site)?.work(&tokens.times(&keys)?)
}

fn selected_work(site: &Site) -> Option<Work> {
    selected(site, 9, site.dims(0)?.first()?)
}

fn dynamic_work(site: &Site) -> Option<Work> {
    let q = site.dims(0)?;
    selected(site, 7, &q.first()?.times(q.get(1)?)?)
}

/// The cache is the past's buffer, or grows from nothing.
fn dynamic_shape(op: &mut Op) -> Option<Outputs> {
    let (q, heads) = (op.dims(0)?, grouped_heads(op)?);
    let cache = match op.has(3) {
        true => op.sym(3).map(Sym::without_elems),
        false => {
            let kv = op.positive("kv_num_heads")?;
            Some(Sym::shape(vec![q.first()?.clone(), kv, q.get(1)?.clone(), heads.key]))
        }
    };
    let status = Some(Sym::shape(vec![op.fresh()]));
    Some(vec![grouped_output(op), cache.clone(), cache, status])
}

/// Local and global projections of all tokens; each token reads those `window`
/// before and after it. Which read all is data.
fn longformer_work(site: &Site, local: usize, global: usize) -> Option<Work> {
    let [batch, length, _] = site.dims(0)? else { return None };
    let count = site.positive("num_heads")?;
    let band = site.positive("window")?.times(&SymExpr::Value(2))?.plus(&SymExpr::ONE)?;
    let head = site.dims(0)?.last()?.over(&count)?;
    let tokens = batch.times(length)?;
    let weights = elements(site.dims(local)?)?.plus(&elements(site.dims(global)?)?)?;
    let heads = Heads { count, key: head.clone(), value: head };
    let work = heads.work(&tokens.times(&band.smaller(length)?)?)?;
    Some(Work { macs: work.macs.plus(&tokens.times(&weights)?)?, ..work })
}
