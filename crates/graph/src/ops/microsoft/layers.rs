//! Fused layers of `com.microsoft` beside attention and products: biases with
//! activations, normalizations, gates, recurrent layers with attention.

use crate::model::DataType;
use crate::ops::arithmetic::unknown;
use crate::ops::elementwise::broadcast_of;
use crate::ops::flops::{self, Site, Work, elements};
use crate::ops::kinds::{Class, CostKind};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs, one, product, same};
use crate::ops::operator::{Operator, microsoft};
use crate::ops::recurrent::{recurrent, recurrent_work};
use crate::ops::typed::{Typed, boolean};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    microsoft("AttnLSTM", Class::Recurrent).shape(recurrent).work(attended_work),
    microsoft("BiasAdd", Class::Elementwise)
        .shape(same)
        .work(|s| s.made_times(2))
        .cost(CostKind::Simple),
    microsoft("BiasDropout", Class::Elementwise)
        .shape(|op| Some(vec![op.sym(0).map(Sym::without_elems); 2]))
        .types(|t, i| if i == 1 { Some(DataType::Bool) } else { t.of(0) })
        .work(biased)
        .cost(CostKind::Simple),
    microsoft("BiasGelu", Class::Elementwise)
        .shape(same)
        .work(|s| s.made_times(2))
        .cost(CostKind::Slow),
    microsoft("BiasSoftmax", Class::Softmax)
        .shape(same)
        .work(|s| s.made_times(6))
        .cost(CostKind::Softmax),
    microsoft("BiasSplitGelu", Class::Elementwise)
        .shape(halved)
        .work(|s| s.made_times(4))
        .cost(CostKind::Slow),
    microsoft("BitmaskBiasDropout", Class::Elementwise)
        .shape(bitmask)
        .types(bitmask_types)
        .work(biased)
        .cost(CostKind::Simple),
    microsoft("BitmaskDropout", Class::Layout)
        .shape(bitmask)
        .types(bitmask_types)
        .work(flops::none)
        .cost(CostKind::Free),
    microsoft("BranchwiseRMSNorm", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(4))
        .cost(CostKind::Normalisation),
    microsoft("ComplexMul", Class::Arithmetic)
        .shape(|op| broadcast_of(op, unknown))
        .work(|s| s.made_times(3)),
    microsoft("ComplexMulConj", Class::Arithmetic)
        .shape(|op| broadcast_of(op, unknown))
        .work(|s| s.made_times(3)),
    microsoft("EngramGate", Class::Normalization)
        .shape(|op| Some(vec![op.sym(0).map(Sym::without_elems); 2]))
        .work(|s| s.made_times(10)),
    microsoft("FastGelu", Class::Elementwise).shape(same).work(flops::once).cost(CostKind::Slow),
    microsoft("GatedAdd", Class::Elementwise).shape(same).work(gated_add).cost(CostKind::Simple),
    microsoft("GatedRMSNorm", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(6))
        .cost(CostKind::Normalisation),
    microsoft("Gelu", Class::Elementwise).shape(same).work(flops::once).cost(CostKind::Slow),
    microsoft("GroupNorm", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation),
    microsoft("HyperConnectionLowRankMix", Class::Linear).shape(low_rank).work(low_rank_work),
    microsoft("HyperConnectionPostMix", Class::Linear).shape(same).work(post_mix_work),
    microsoft("HyperConnectionPreMix", Class::Linear).shape(pre_mix).work(|s| s.read_times(2)),
    microsoft("Inverse", Class::Other).shape(same).work(inverse_work),
    microsoft("IsAllFinite", Class::Reduction)
        .shape(|_| one(Vec::new()))
        .types(boolean)
        .work(read_all),
    microsoft("QuickGelu", Class::Elementwise).shape(same).work(flops::once).cost(CostKind::Slow),
    microsoft("ScaledSiLU", Class::Elementwise).shape(same).work(|s| s.made_times(3)),
    microsoft("SimplifiedLayerNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(4))
        .cost(CostKind::Normalisation),
    microsoft("SkipGroupNorm", Class::Normalization)
        .shape(|op| Some(vec![op.sym(0).map(Sym::without_elems); 2]))
        .work(|s| s.made_times(8))
        .cost(CostKind::Normalisation),
    microsoft("SkipLayerNormalization", Class::Normalization)
        .shape(skip_norm)
        .types(skip_norm_types)
        .work(|s| s.made_times(8))
        .cost(CostKind::Normalisation),
    microsoft("SkipSimplifiedLayerNormalization", Class::Normalization)
        .shape(skip_norm)
        .types(skip_norm_types)
        .work(|s| s.made_times(5))
        .cost(CostKind::Normalisation),
    microsoft("SwiGLU", Class::Elementwise)
        .shape(|op| if op.has(1) { op.same(0) } else { halved(op) })
        .work(|s| s.made_times(2)),
];

/// Input 0 with its last axis halved.
fn halved(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let last = x.last_mut()?;
    *last = last.over(&SymExpr::Value(2))?;
    one(x)
}

/// A bias, and a residual where one is given.
fn biased(site: &Site) -> Option<Work> {
    site.made_times(if site.given(2) { 2 } else { 1 })
}

/// Then one bit for each element, in words of 32.
fn bitmask(op: &mut Op) -> Option<Outputs> {
    let words = product(&op.dims(0)?)?.over_up(&SymExpr::Value(32))?;
    Some(vec![op.sym(0).map(Sym::without_elems), Some(Sym::shape(vec![words]))])
}

fn bitmask_types(t: &Typed, output: usize) -> Option<DataType> {
    if output == 1 { Some(DataType::U32) } else { t.of(0) }
}

/// A layer of LSTM, and attention to a memory at each step.
fn attended_work(site: &Site) -> Option<Work> {
    const QUERY: usize = 8;
    const MEMORY: usize = 9;
    const HELD: usize = 11;
    const MIXED: usize = 13;
    let cell = recurrent_work(site, 4, 9)?;
    let [steps, batch, _] = site.dims(0)? else { return None };
    let (held, memory) = (site.dims(HELD)?, site.dims(MEMORY)?);
    let [_, places, depth] = held else { return None };
    let width = memory.get(2)?;
    let mut each = elements(site.dims(QUERY)?)?.plus(&places.times(&width.plus(depth)?)?)?;
    if site.given(MIXED) {
        each = each.plus(&elements(site.dims(MIXED)?)?)?;
    }
    let stored = batch.times(places)?.times(&elements(memory)?)?;
    let attended = steps.times(batch)?.times(&each)?.plus(&stored)?;
    Some(Work { macs: cell.macs.plus(&attended)?, ..cell })
}

/// Scale and sum; the gate may be a product of its own.
fn gated_add(site: &Site) -> Option<Work> {
    let work = site.made_times(2)?;
    match site.given(3) {
        true => Some(Work { macs: site.read(2)?, ..work }),
        false => Some(work),
    }
}

/// Streams of width H in one axis `C · H`, or in the last two.
fn width(s: &impl Known) -> Option<(Vec<SymExpr>, SymExpr)> {
    let x = s.input(0)?;
    let (last, lead) = x.split_last()?;
    match s.positive("num_branches") {
        Some(branches) => Some((lead.to_vec(), last.over(&branches)?)),
        None => Some((lead.get(..lead.len().checked_sub(1)?)?.to_vec(), last.clone())),
    }
}

fn pre_mix(op: &mut Op) -> Option<Outputs> {
    let (mut lead, width) = width(op)?;
    lead.push(width);
    one(lead)
}

/// Streams mixed by a matrix where one is given, and a gated block added.
fn post_mix_work(site: &Site) -> Option<Work> {
    let work = site.made_times(2)?;
    match site.given(3) {
        true => Some(Work { macs: site.made()?.times(site.dims(3)?.last()?)?, ..work }),
        false => Some(work),
    }
}

/// The block's input, the gate of the next block, the streams.
fn low_rank(op: &mut Op) -> Option<Outputs> {
    let (lead, width) = width(op)?;
    let branches = op.positive("num_branches")?;
    let with = |d: SymExpr| Some(Sym::shape([lead.clone(), vec![d]].concat()));
    Some(vec![with(width), with(branches), op.sym(0).map(Sym::without_elems)])
}

/// Down, up and gate projections of the streams.
fn low_rank_work(site: &Site) -> Option<Work> {
    let x = site.dims(0)?;
    let tokens = elements(x.get(..x.len().checked_sub(1)?)?)?;
    let mut weights = SymExpr::ZERO;
    for i in 2..=4 {
        weights = weights.plus(&site.read(i)?)?;
    }
    Some(Work { macs: tokens.times(&weights)?, flops: site.read(0)?.times(&SymExpr::Value(6))? })
}

/// Elimination: twice the cube of a matrix's size.
fn inverse_work(site: &Site) -> Option<Work> {
    flops::flops(site.read(0)?.times(site.dims(0)?.last()?)?.times(&SymExpr::Value(2))?)
}

fn read_all(site: &Site) -> Option<Work> {
    let mut total = SymExpr::ZERO;
    for i in 0..site.n.inputs.len() {
        total = total.plus(&site.read(i)?)?;
    }
    flops::flops(total)
}

/// The normalized sum, mean and inverse deviation of each row, the sum itself.
fn skip_norm(op: &mut Op) -> Option<Outputs> {
    let x = op.sym(0)?.without_elems();
    let rows = op.dims(0).map(|mut d| {
        if let Some(last) = d.last_mut() {
            *last = SymExpr::ONE;
        }
        Sym::shape(d)
    });
    Some(vec![Some(x.clone()), rows.clone(), rows, Some(x)])
}

fn skip_norm_types(t: &Typed, output: usize) -> Option<DataType> {
    if matches!(output, 1 | 2) { Some(DataType::F32) } else { t.of(0) }
}
