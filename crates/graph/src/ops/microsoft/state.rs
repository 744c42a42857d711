//! Layers with a recurrent state and selectors of keys: linear attention, gated
//! delta networks, Mamba, convolutions with a state, sparse-attention indexers.

use crate::model::DataType;
use crate::ops::attention::{linear_attention, linear_attention_work};
use crate::ops::flops::{self, Site, Work, elements};
use crate::ops::kinds::{Class, CostKind};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs};
use crate::ops::operator::{Operator, microsoft};
use crate::ops::typed::{float, int32};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    microsoft("CausalConvWithState", Class::Other).shape(causal_conv).work(depthwise_work),
    microsoft("ConvStateReplay", Class::Other).shape(|op| op.same(2)).work(flops::none),
    microsoft("GatedDeltaNet", Class::Attention)
        .shape(delta_shape)
        .types(|t, i| if i == 0 { t.of(0) } else { Some(DataType::F32) })
        .work(delta_work),
    microsoft("GatedDeltaNetStateReplay", Class::Other).shape(|op| op.same(2)).types(float),
    microsoft("LinearAttention", Class::Attention)
        .shape(linear_attention)
        .types(|t, i| if i == 1 { t.of(3).or(t.of(0)) } else { t.of(0) })
        .work(linear_attention_work),
    microsoft("LinearAttentionGate", Class::Attention)
        .shape(|op| {
            Some(vec![op.sym(0).map(Sym::without_elems), op.sym(3).map(Sym::without_elems)])
        })
        .work(|s| s.made_times(4))
        .cost(CostKind::Slowest),
    microsoft("Mamba2Verify", Class::Attention)
        .shape(mamba_shape)
        .types(mamba_types)
        .work(mamba_work),
    microsoft("PackedSparseAttentionIndexer", Class::Attention).shape(packed_indexer).types(
        |t, i| match i {
            2 => t.of(12),
            3 | 4 | 6 => t.of(0),
            _ => Some(DataType::I32),
        },
    ),
    microsoft("PackedSparseAttentionIndexerMerge", Class::Index)
        .shape(merged_indices)
        .types(int32)
        .work(flops::none),
    microsoft("SparseAttentionIndexer", Class::Attention)
        .shape(indexer)
        .types(|t, i| if i == 0 { Some(DataType::I32) } else { t.of(0) })
        .work(indexer_work),
    microsoft("VarlenCausalConvWithState", Class::Other).shape(packed_conv).work(depthwise_work),
];

/// N · kernel.
fn depthwise_work(site: &Site) -> Option<Work> {
    flops::macs(site.made()?.times(&elements(site.dims(1)?.get(1..)?)?)?)
}

/// The state holds what the kernel reaches back to, once or for each of the last
/// `state_window` positions.
fn causal_conv(op: &mut Op) -> Option<Outputs> {
    let (mut y, w) = (op.dims(0)?, op.dims(1)?);
    let last_axis = op.flag("channels_last");
    let batch = y.first()?.clone();
    let mut state = y.clone();
    if let Some(width) = op.positive("input_channels") {
        *y.last_mut()? = width.clone();
        *state.last_mut()? = width;
    }
    let reach = w.last()?.minus(&SymExpr::ONE)?;
    let reach = reach.times(&op.positive("dilation").unwrap_or(SymExpr::ONE))?;
    let reach = op.positive("state_length").unwrap_or(reach);
    let axis = if last_axis { 1 } else { state.len().checked_sub(1)? };
    *state.get_mut(axis)? = reach;
    match (op.n.int("state_channels_last"), last_axis) {
        (Some(1), false) | (Some(0), true) if state.len() == 3 => state.swap(1, 2),
        _ => {}
    }
    if let Some(window) = op.positive("state_window") {
        state.insert(0, window);
    }
    let captured = op.positive("state_update_capacity");
    let channels = w.first()?.clone();
    let update = captured.map(|c| Sym::shape(vec![batch, c, channels]));
    Some(vec![Some(Sym::shape(y)), Some(Sym::shape(state)), update])
}

fn packed_conv(op: &mut Op) -> Option<Outputs> {
    let (state, w) = (op.dims(4)?, op.dims(1)?);
    let update = match op.positive("state_update_capacity") {
        Some(c) => Some(Sym::shape(vec![state.first()?.clone(), c, w.first()?.clone()])),
        None => None,
    };
    Some(vec![op.sym(0).map(Sym::without_elems), Some(Sym::shape(state)), update])
}

/// Sizes of a gated delta network: tokens lead, then heads and their sizes.
struct Delta {
    tokens: Vec<SymExpr>,
    /// Heads of queries and keys.
    query_heads: SymExpr,
    value_heads: SymExpr,
    key: SymExpr,
    value: SymExpr,
}

fn delta(s: &impl Known) -> Option<Delta> {
    let q = s.input(0)?;
    let (width, tokens) = q.split_last()?;
    if s.given(1) {
        let (v, (query_heads, tokens)) = (s.input(2)?, tokens.split_last()?);
        let [.., value_heads, value] = v.as_slice() else { return None };
        return Some(Delta {
            tokens: tokens.to_vec(),
            query_heads: query_heads.clone(),
            value_heads: value_heads.clone(),
            key: width.clone(),
            value: value.clone(),
        });
    }
    let state = s.input(6)?;
    let [_, value_heads, value, key] = state.as_slice() else { return None };
    let both = width.minus(&value_heads.times(value)?)?;
    Some(Delta {
        tokens: tokens.to_vec(),
        query_heads: both.over(&key.times(&SymExpr::Value(2))?)?,
        value_heads: value_heads.clone(),
        key: key.clone(),
        value: value.clone(),
    })
}

fn delta_shape(op: &mut Op) -> Option<Outputs> {
    let d = delta(op)?;
    let heads = d.query_heads.larger(&d.value_heads)?;
    let y = [d.tokens.clone(), vec![heads, d.value.clone()]].concat();
    let batch = match (op.dims(6), op.dims(3)) {
        (Some(state), _) => state.first().cloned(),
        (None, Some(bounds)) => bounds.first().and_then(|n| n.minus(&SymExpr::ONE)),
        _ => None,
    };
    let batch = op.or_fresh(batch);
    let state = vec![batch.clone(), d.value_heads.clone(), d.value.clone(), d.key.clone()];
    let update = op.positive("state_update_capacity").and_then(|c| {
        let per_key = op.dims(4)?.len().checked_sub(2) == Some(d.tokens.len());
        let scales = match per_key {
            true => d.value_heads.times(&d.key)?,
            false => d.value_heads.clone(),
        };
        let factors = d.query_heads.times(&d.key)?.plus(&d.value_heads.times(&d.value)?)?;
        Some(Sym::shape(vec![batch, c.times(&scales.plus(&factors)?)?]))
    });
    Some(vec![Some(Sym::shape(y)), Some(Sym::shape(state)), update])
}

/// As [`linear_attention_work`]: for each token a state is updated and queried.
fn delta_work(site: &Site) -> Option<Work> {
    let d = delta(site)?;
    let delta = site.n.string("update_rule").unwrap_or("gated_delta").contains("delta");
    let passes = SymExpr::Value(if delta { 3 } else { 2 });
    let state = d.value_heads.times(&d.key)?.times(&d.value)?;
    flops::macs(elements(&d.tokens)?.times(&state)?.times(&passes)?)
}

fn mamba_shape(op: &mut Op) -> Option<Outputs> {
    let rows = op.dims(0)?.first()?.clone();
    let head = op.positive("head_dim").unwrap_or(SymExpr::Value(64));
    let inner = op.positive("heads")?.times(&head)?;
    let of = |width: SymExpr| Some(Sym::shape(vec![rows.clone(), width]));
    let channels = op.dims(1)?.get(1)?.clone();
    let copy = |i: usize| op.sym(i).map(Sym::without_elems);
    Some(vec![of(inner.clone()), copy(1), copy(2), of(channels), of(inner)])
}

fn mamba_types(t: &crate::ops::Typed, output: usize) -> Option<DataType> {
    if matches!(output, 2 | 4) { Some(DataType::F32) } else { t.of(0) }
}

/// A convolution of four taps; a state of each head is updated and read.
fn mamba_work(site: &Site) -> Option<Work> {
    let (rows, states) = (site.dims(0)?.first()?, elements(site.dims(2)?.get(1..)?)?);
    let taps = site.dims(1)?.get(1)?.times(&SymExpr::Value(4))?;
    flops::macs(rows.times(&taps.plus(&states.times(&SymExpr::Value(2))?)?)?)
}

/// Entries that a selector has room for.
fn capacity(s: &impl Known) -> Option<SymExpr> {
    match s.node().string("policy_mode")? {
        "qsa" => {
            let blocks = s.positive("token_budget")?.plus(&s.positive("compress_ratio")?)?;
            blocks.minus(&SymExpr::ONE)
        }
        _ => s.positive("index_topk"),
    }
}

/// SparseAttentionIndexer: selected entries, keys, and projections that do not
/// fill a block yet.
fn indexer(op: &mut Op) -> Option<Outputs> {
    const FILLED: usize = 12;
    let (q, past) = (op.dims(0)?, op.dims(7)?);
    let (batch, new) = (q.first()?.clone(), q.get(1)?.clone());
    let capacity = capacity(op);
    let capacity = op.or_fresh(capacity);
    let chosen = vec![batch.clone(), new.clone(), capacity];
    let compresses = op.n.string("policy_mode") == Some("csa");
    let pending = op.dims(13).filter(|_| compresses);
    let after = pending.as_ref().and_then(|p| pending_after(op, p.get(2)?, &new));
    let grown = match compresses {
        _ if op.has(FILLED) => past.get(1).cloned(),
        true => after.as_ref().and_then(|a| past.get(1)?.plus(&a.0)),
        false => past.get(1)?.plus(&new),
    };
    let mut keys = past;
    *keys.get_mut(1)? = op.or_fresh(grown);
    let left = op.or_fresh(after.map(|a| a.1));
    let buffer = pending.map(|mut p| {
        if let Some(length) = p.get_mut(2) {
            *length = left;
        }
        Sym::shape(p)
    });
    Some(vec![Some(Sym::shape(chosen)), Some(Sym::shape(keys)), buffer])
}

/// Blocks that new tokens fill, and what stays in the buffer: the block before,
/// where there is one, and tokens that do not fill one.
fn pending_after(s: &impl Known, buffered: &SymExpr, new: &SymExpr) -> Option<(SymExpr, SymExpr)> {
    let ratio = s.node().int("compress_ratio").filter(|&r| r > 0)?.into();
    let (buffered, new) = (buffered.value()?, new.value()?);
    let had_block: bool = buffered >= ratio;
    let pending: i128 = if had_block { buffered.checked_sub(ratio)? } else { buffered };
    let total = pending.checked_add(new)?;
    let blocks = total.checked_div(ratio)?;
    let kept = if had_block || blocks > 0 { ratio } else { 0 };
    let left = total.checked_rem(ratio)?.checked_add(kept)?;
    Some((SymExpr::Value(blocks), SymExpr::Value(left)))
}

/// Scores of each query head and block.
fn indexer_work(site: &Site) -> Option<Work> {
    let (q, keys) = (site.dims(0)?, site.out_dims(1)?);
    let head = site.dims(2)?.first()?;
    let ratio = site.positive("compress_ratio")?;
    let (width, blocks) = match site.n.string("policy_mode")? {
        // Queries and keys may be in one tensor.
        "qsa" if !site.given(1) => (q.get(2)?.minus(head)?, keys.get(1)?.over(&ratio)?),
        "qsa" => (q.get(2)?.clone(), keys.get(1)?.over(&ratio)?),
        _ => (q.get(2)?.clone(), keys.get(1)?.clone()),
    };
    flops::macs(q.first()?.times(q.get(1)?)?.times(&width)?.times(&blocks)?)
}

fn packed_indexer(op: &mut Op) -> Option<Outputs> {
    let tokens = op.dims(0)?.first()?.clone();
    let capacity = op.positive("max_output_entries").or_else(|| capacity(op));
    let capacity = op.or_fresh(capacity);
    let copy = |i: usize| op.sym(i).map(Sym::without_elems);
    let requests = op.dims(15).and_then(|d| d.first().cloned());
    let row = |d: Vec<SymExpr>| Some(Sym::shape(d));
    let update = op
        .positive("state_update_capacity")
        .and_then(|c| Some(Sym::shape(vec![requests.clone()?, c, op.dims(2)?.first()?.clone()])));
    let chosen = row(vec![tokens.clone(), capacity]);
    let counts = row(vec![tokens]);
    let status = requests.and_then(|r| row(vec![r]));
    Some(vec![
        chosen,
        counts.clone(),
        copy(12),
        copy(13),
        copy(14),
        copy(15),
        update,
        counts,
        status,
    ])
}

fn merged_indices(op: &mut Op) -> Option<Outputs> {
    let rows = op.dims(2)?.first()?.clone();
    let each = Some(Sym::shape(vec![rows.clone()]));
    let all = Sym::shape(vec![rows, op.positive("max_output_entries")?]);
    Some(vec![Some(all), each.clone(), each])
}
