//! Look-ups, hashes and searches of `com.microsoft`: embeddings of several kinds,
//! n-grams, quantized tables, beam search.

use crate::model::DataType;
use crate::ops::flops::{self, Site, Work};
use crate::ops::generate;
use crate::ops::index::gather_nd;
use crate::ops::kinds::{Class, CostKind, Demand, WeightRole};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs, one, wrap};
use crate::ops::operator::{CONSTANTS, LAST, Operator, microsoft};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    searching("BeamSearch").shape(|op| searched(op, true)),
    microsoft("BifurcationDetector", Class::Index).shape(bifurcation).work(flops::none),
    microsoft("EmbedLayerNormalization", Class::Normalization)
        .shape(embed_norm)
        .types(|t, i| if i == 1 { Some(DataType::I32) } else { t.of(2) })
        .work(|s| s.made_times(8))
        .fed(&[(0, Demand::IndexRowsOf(2)), (1, Demand::IndexRowsOf(4))]),
    microsoft("GatherBlockQuantized", Class::LookUp)
        .shape(gather_blocks)
        .types(|t, _| t.of(2))
        .work(|s| s.made_times(2))
        .cost(CostKind::Move)
        .weights(&[(0..=0, WeightRole::Parameter), (2..=3, WeightRole::Buffer)])
        .fed(&[(1, Demand::IndexAxis)]),
    microsoft("GatherND", Class::LookUp)
        .shape(gather_nd)
        .work(flops::none)
        .cost(CostKind::Move)
        .fed(&[(1, Demand::IndexAnyAxis)]),
    microsoft("GatherPacked", Class::LookUp)
        .shape(|op| rows_of(op, 1, op.positive("K")?))
        .types(|t, _| t.named("output_dtype").or(Some(DataType::Bf16)))
        .work(|s| s.made_times(2))
        .cost(CostKind::Move)
        .weights(&[(0..=0, WeightRole::Parameter)])
        .fed(&[(1, Demand::IndexRowsOf(0))]),
    searching("GreedySearch").shape(|op| searched(op, false)),
    microsoft("MurmurHash3", Class::Elementwise)
        .shape(|op| op.same(0))
        .types(|t, _| {
            Some(if t.n.int("positive") == Some(0) { DataType::I32 } else { DataType::U32 })
        })
        .work(|s| s.read_times(8)),
    microsoft("NGramHashMapping", Class::LookUp).shape(hashed).work(hash_work),
    microsoft("NGramRepeatBlock", Class::Index)
        .shape(|op| op.same(1))
        .types(|t, _| t.of(1))
        .work(flops::none),
    microsoft("QEmbedLayerNormalization", Class::Normalization)
        .shape(embed_norm)
        .types(|t, i| if i == 1 { Some(DataType::I32) } else { t.of(8) })
        .work(|s| s.made_times(8))
        .weights(&[(2..=6, WeightRole::Parameter), (8..=LAST, WeightRole::Buffer)])
        .fed(&[(0, Demand::IndexRowsOf(2)), (1, Demand::IndexRowsOf(4))]),
    microsoft("Range", Class::Generator)
        .shape(generate::range)
        .work(flops::none)
        .cost(CostKind::Free)
        .weights(CONSTANTS),
    searching("Sampling").shape(|op| searched(op, false)),
    microsoft("SpeculativePrefixCommit", Class::Index)
        .shape(committed)
        .types(|_, i| Some(if i == 0 { DataType::I32 } else { DataType::I64 }))
        .work(flops::none),
    microsoft("TorchEmbedding", Class::LookUp)
        .shape(|op| rows_of(op, 1, op.dims(0)?.last()?.clone()))
        .work(flops::none)
        .cost(CostKind::Move)
        .fed(&[(1, Demand::IndexRowsOf(0))]),
    microsoft("Unique", Class::Index)
        .shape(unique)
        .types(|t, i| if i == 0 { t.of(0) } else { Some(DataType::I64) }),
    microsoft("VarlenNGramHashMapping", Class::LookUp)
        .shape(packed_hashed)
        .types(|t, i| if i == 2 { Some(DataType::I32) } else { t.of(0) })
        .work(hash_work),
    searching("WhisperBeamSearch").shape(|op| searched(op, true)),
    microsoft("WordConvEmbedding", Class::LookUp)
        .shape(words)
        .types(|t, _| t.of(1))
        .work(words_work),
];

/// A search that runs its bodies for as many steps as its data tell.
const fn searching(name: &'static str) -> Operator {
    microsoft(name, Class::Other).types(|t, i| if i == 0 { Some(DataType::I32) } else { t.of(5) })
}

/// Indices of input `indices`, and a row of this width for each.
fn rows_of(op: &Op, indices: usize, width: SymExpr) -> Option<Outputs> {
    let mut d = op.dims(indices)?;
    d.push(width);
    one(d)
}

/// Embeddings, index of the mask, sum of embeddings.
fn embed_norm(op: &mut Op) -> Option<Outputs> {
    let (ids, table) = (op.dims(0)?, op.dims(2)?);
    let out = [ids.clone(), vec![table.last()?.clone()]].concat();
    let mask = vec![ids.first()?.clone()];
    Some(vec![Some(Sym::shape(out.clone())), Some(Sym::shape(mask)), Some(Sym::shape(out))])
}

/// GatherBlockQuantized: bytes hold 8, 4 or 2 bits a number, along the last axis.
fn gather_blocks(op: &mut Op) -> Option<Outputs> {
    let (mut x, indices) = (op.dims(0)?, op.dims(1)?);
    let bytes = op.n.input(0).and_then(|v| op.facts.dtype(v)) == Some(DataType::U8);
    let each = 8i64.checked_div(op.attr("bits", 4)).filter(|&k| k > 0)?;
    if bytes {
        let last = x.last_mut()?;
        *last = last.times(&SymExpr::Value(each.into()))?;
    }
    let axis = wrap(op.attr("gather_axis", 0), x.len())?;
    x.splice(axis..=axis, indices);
    one(x)
}

fn hashes(op: &Op) -> Option<(SymExpr, SymExpr)> {
    let kept = op.positive("max_ngram_size")?.minus(&SymExpr::ONE)?;
    let heads = kept.times(&op.positive("n_head_per_ngram")?)?;
    Some((heads, kept))
}

/// A hash for each token and head, and the tokens that the next call needs.
fn hashed(op: &mut Op) -> Option<Outputs> {
    let ids = op.dims(0)?;
    let (heads, kept) = hashes(op)?;
    let present = vec![ids.first()?.clone(), kept];
    Some(vec![Some(Sym::shape([ids, vec![heads]].concat())), Some(Sym::shape(present))])
}

fn packed_hashed(op: &mut Op) -> Option<Outputs> {
    let ids = op.dims(0)?;
    let (heads, kept) = hashes(op)?;
    let batch = op.dims(3)?.first()?.minus(&SymExpr::ONE)?;
    let present = Some(Sym::shape(vec![batch.clone(), kept.clone()]));
    let update = op.positive("state_update_capacity");
    let update = update.map(|c| Sym::shape(vec![batch, c, kept]));
    let hashes = Sym::shape([ids, vec![heads]].concat());
    Some(vec![Some(hashes), present.clone(), present, update])
}

fn hash_work(site: &Site) -> Option<Work> {
    site.made_times(2)
}

/// Sequences of the longest length, for as many beams as are returned.
fn searched(op: &mut Op, beams: bool) -> Option<Outputs> {
    let batch = op.dims(0)?.first()?.clone();
    let longest = op.int(1);
    let longest = op.or_fresh(longest);
    if !beams {
        return one(vec![batch, longest]);
    }
    let returned = op.int(4);
    let returned = op.or_fresh(returned);
    let scores = Some(Sym::shape(vec![batch.clone(), returned.clone()]));
    Some(vec![Some(Sym::shape(vec![batch, returned, longest])), scores])
}

fn bifurcation(op: &mut Op) -> Option<Outputs> {
    let tokens = op.fresh();
    Some(vec![Some(Sym::shape(vec![tokens])), Some(Sym::shape(Vec::new()))])
}

fn committed(op: &mut Op) -> Option<Outputs> {
    let copy = |i: usize| op.sym(i).map(Sym::without_elems);
    let batch = match op.dims(0)?.as_slice() {
        [batch, _] => batch.clone(),
        _ => SymExpr::ONE,
    };
    Some(vec![Some(Sym::shape(vec![batch])), copy(3), copy(4)])
}

/// A vector for each word.
fn words(op: &mut Op) -> Option<Outputs> {
    let (mut ids, filters) = (op.dims(0)?, op.dims(1)?.first()?.clone());
    *ids.last_mut()? = filters;
    one(ids)
}

/// A convolution over the characters of each word.
fn words_work(site: &Site) -> Option<Work> {
    let (ids, w) = (site.dims(0)?, site.dims(1)?);
    let window = w.get(2)?;
    let places = ids.last()?.minus(window)?.plus(&SymExpr::ONE)?;
    let kernel = flops::elements(w.get(1..)?)?;
    flops::macs(site.made()?.times(&places)?.times(&kernel)?)
}

/// The different elements, the place of each element among them, their counts.
fn unique(op: &mut Op) -> Option<Outputs> {
    let all = op.sym(0).map(Sym::without_elems);
    let each = Some(Sym::shape(vec![op.fresh()]));
    Some(vec![each.clone(), all, each])
}
