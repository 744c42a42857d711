//! Domain `com.microsoft`: the fused operators that ONNX Runtime's optimizers
//! and quantizers write.

use super::attention::weighted_sum;
use super::flops::{self, Site, Work, elements, number};
use super::kinds::{Class, CostKind, Demand, WeightRole};
use super::op::{Op, Outputs, broadcast, one, same, wrap};
use super::operator::{
    LAST, Operator, PACKED, ROTARY, SCALED, SCALED_ATTENTION, SCALED_PAIR, SCALED_PARTS,
    SCALED_PRODUCT, microsoft,
};
use super::recurrent::{recurrent, recurrent_work};
use super::reduce::reduce;
use super::typed::{float, string};
use super::{linear, window};
use crate::model::DataType;
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    microsoft("Attention", Class::Attention)
        .shape(packed_attention)
        .work(packed_attention_work)
        .cost(CostKind::Product),
    microsoft("BiasGelu", Class::Elementwise)
        .shape(same)
        .work(|s| s.made_times(2))
        .cost(CostKind::Slow),
    microsoft("BiasSoftmax", Class::Softmax).shape(same),
    microsoft("BiasSplitGelu", Class::Elementwise).shape(same),
    microsoft("DequantizeLinear", Class::Quantization)
        .shape(same)
        .types(|t, _| t.of(1))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .weights(&[(0..=0, WeightRole::Parameter), (1..=2, WeightRole::Buffer)]),
    microsoft("DynamicQuantizeLSTM", Class::Recurrent)
        .shape(recurrent)
        .types(float)
        .work(|s| recurrent_work(s, 4, 9))
        .cost(CostKind::Recurrent)
        .weights(&[(1..=2, WeightRole::Parameter), (8..=LAST, WeightRole::Buffer)]),
    microsoft("DynamicQuantizeMatMul", Class::Linear)
        .shape(|op| linear::matmul(op, 0, 1))
        .types(float)
        .work(linear::matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(1..=1, WeightRole::Parameter), (2..=3, WeightRole::Buffer)]),
    microsoft("EmbedLayerNormalization", Class::Normalization)
        .shape(embed_norm)
        .types(|t, i| if i == 1 { Some(DataType::I32) } else { t.of(2) })
        .work(|s| s.made_times(8))
        .fed(&[(0, Demand::IndexRowsOf(2)), (1, Demand::IndexRowsOf(4))]),
    microsoft("FastGelu", Class::Elementwise).shape(same).work(flops::once).cost(CostKind::Slow),
    microsoft("FusedConv", Class::Window)
        .shape(|op| window::conv(op, 1))
        .work(|s| window::conv_work(s, 1, 2))
        .cost(CostKind::Conv),
    microsoft("FusedGemm", Class::Linear)
        .shape(linear::gemm)
        .work(|s| linear::gemm_work(s, 2))
        .cost(CostKind::Product),
    microsoft("FusedMatMul", Class::Linear)
        .shape(fused_matmul)
        .work(fused_matmul_work)
        .cost(CostKind::Product),
    microsoft("GatedRelativePositionBias", Class::Attention).shape(same),
    microsoft("GatherBlockQuantized", Class::LookUp)
        .shape(gather_blocks)
        .types(|t, _| t.of(2))
        .work(|s| s.made_times(2))
        .cost(CostKind::Move)
        .weights(&[(0..=0, WeightRole::Parameter), (2..=3, WeightRole::Buffer)])
        .fed(&[(1, Demand::IndexAxis)]),
    microsoft("Gelu", Class::Elementwise).shape(same).work(flops::once).cost(CostKind::Slow),
    microsoft("GroupNorm", Class::Normalization).shape(same),
    microsoft("GroupQueryAttention", Class::Attention)
        .shape(group_query_attention)
        .work(attention_work)
        .cost(CostKind::Product),
    microsoft("Inverse", Class::Other).shape(same),
    microsoft("MatMulBnb4", Class::Linear)
        .shape(packed_weight)
        .work(packed_weight_work)
        .weights(PACKED),
    microsoft("MatMulFpQ4", Class::Linear).shape(packed_weight).work(packed_weight_work),
    microsoft("MatMulIntegerToFloat", Class::Linear)
        .shape(|op| linear::matmul(op, 0, 1))
        .types(float)
        .work(linear::matmul_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(1..=1, WeightRole::Parameter), (2..=5, WeightRole::Buffer)]),
    microsoft("MatMulNBits", Class::Linear)
        .shape(packed_weight)
        .work(packed_weight_work)
        .cost(CostKind::QuantisedProduct)
        .weights(&[(1..=1, WeightRole::Parameter), (2..=4, WeightRole::Buffer)]),
    microsoft("MultiHeadAttention", Class::Attention)
        .shape(multi_head_attention)
        .work(attention_work)
        .cost(CostKind::Product),
    microsoft("NhwcFusedConv", Class::Window).shape(same),
    microsoft("QAttention", Class::Attention)
        .shape(packed_attention)
        .work(packed_attention_work)
        .weights(SCALED_ATTENTION),
    microsoft("QGemm", Class::Linear)
        .shape(quantized_gemm)
        .work(|s| linear::gemm_work(s, 6))
        .cost(CostKind::QuantisedProduct)
        .weights(SCALED_PRODUCT),
    microsoft("QLinearAdd", Class::Arithmetic)
        .shape(quantized_pair)
        .work(|s| s.made_times(2))
        .weights(SCALED_PAIR),
    microsoft("QLinearAveragePool", Class::Window)
        .shape(|op| channels_first(op, window::pool))
        .work(window::pool_work)
        .weights(SCALED),
    microsoft("QLinearConcat", Class::Layout)
        .shape(qlinear_concat)
        .types(|t, _| t.of(1))
        .work(flops::none)
        .weights(SCALED_PARTS),
    microsoft("QLinearGlobalAveragePool", Class::Reduction)
        .shape(|op| channels_first(op, window::global_pool))
        .work(flops::read)
        .weights(SCALED),
    microsoft("QLinearLeakyRelu", Class::Elementwise).shape(same).work(flops::once).weights(SCALED),
    microsoft("QLinearMul", Class::Arithmetic)
        .shape(quantized_pair)
        .work(|s| s.made_times(2))
        .weights(SCALED_PAIR),
    microsoft("QLinearReduceMean", Class::Reduction)
        .shape(|op| reduce(op, None))
        .work(flops::read)
        .weights(SCALED),
    microsoft("QLinearSigmoid", Class::Elementwise).shape(same).work(flops::once).weights(SCALED),
    microsoft("QLinearSoftmax", Class::Softmax)
        .shape(same)
        .work(|s| s.made_times(5))
        .weights(SCALED),
    microsoft("QuantizeLinear", Class::Quantization)
        .shape(same)
        .types(|t, _| t.of(2).or(Some(DataType::U8)))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .weights(&[(1..=2, WeightRole::Buffer)]),
    microsoft("QuickGelu", Class::Elementwise).shape(same).work(flops::once).cost(CostKind::Slow),
    microsoft("RemovePadding", Class::Layout).shape(same),
    microsoft("RestorePadding", Class::Layout).shape(same),
    microsoft("RotaryEmbedding", Class::Attention)
        .shape(same)
        .work(|s| s.made_times(3))
        .cost(CostKind::Move)
        .weights(ROTARY),
    microsoft("SimplifiedLayerNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(4))
        .cost(CostKind::Normalisation),
    microsoft("SkipLayerNormalization", Class::Normalization)
        .shape(skip_norm)
        .work(|s| s.made_times(8))
        .cost(CostKind::Normalisation),
    microsoft("SkipSimplifiedLayerNormalization", Class::Normalization)
        .shape(skip_norm)
        .work(|s| s.made_times(5))
        .cost(CostKind::Normalisation),
    microsoft("Tokenizer", Class::Text).types(string),
    microsoft("TransposeMatMul", Class::Linear).shape(fused_matmul).work(fused_matmul_work),
    microsoft("Trilu", Class::Layout).shape(same).work(flops::none).cost(CostKind::Move),
];

/// A rule that holds where channels are not the last dimension.
fn channels_first(op: &mut Op, rule: fn(&mut Op) -> Option<Outputs>) -> Option<Outputs> {
    if op.attr("channels_last", 0) == 0 { rule(op) } else { None }
}

/// Rows of a table, of whose last axis a byte holds several weights.
fn gather_blocks(op: &mut Op) -> Option<Outputs> {
    let (table, ids) = (op.dims(0)?, op.dims(1)?);
    let axis = wrap(op.attr("gather_axis", 0), table.len())?;
    let packed = op.n.input(0).and_then(|v| op.facts.dtype(v)) == Some(DataType::U8);
    let each = if packed { 8i64.checked_div(op.attr("bits", 4))?.max(1) } else { 1 };
    let mut out = table;
    let last = out.last_mut()?;
    *last = last.times(&number(each))?;
    out.splice(axis..=axis, ids);
    one(out)
}

/// Two operands, each with scale and zero point.
fn quantized_pair(op: &mut Op) -> Option<Outputs> {
    one(broadcast(&op.dims(0)?, &op.dims(3)?)?)
}

fn quantized_gemm(op: &mut Op) -> Option<Outputs> {
    let (a, b) = (op.dims(0)?, op.dims(3)?);
    let (m, n) = (op.attr("transA", 0) == 1, op.attr("transB", 0) == 1);
    one(vec![a.get(usize::from(m))?.clone(), b.get(usize::from(!n))?.clone()])
}

/// A product with a weight of `N` columns whose layout only its kernel knows.
fn packed_weight(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    *x.last_mut()? = SymExpr::Value(op.n.int("N")?.into());
    one(x)
}

fn packed_weight_work(site: &Site) -> Option<Work> {
    flops::macs(site.made()?.times(&number(site.n.int("K")?))?)
}

/// The normalized sum, and as the fourth output the sum itself.
fn skip_norm(op: &mut Op) -> Option<Outputs> {
    let x = op.sym(0)?.without_elems();
    Some(vec![Some(x.clone()), None, None, Some(x)])
}

/// Embeddings, index of the mask, sum of embeddings.
fn embed_norm(op: &mut Op) -> Option<Outputs> {
    let (ids, table) = (op.dims(0)?, op.dims(2)?);
    let out = [ids.clone(), vec![table.last()?.clone()]].concat();
    let mask = vec![ids.first()?.clone()];
    Some(vec![Some(Sym::shape(out.clone())), Some(Sym::shape(mask)), Some(Sym::shape(out))])
}

fn fused_matmul_work(site: &Site) -> Option<Work> {
    let a = site.dims(0)?;
    let inner = match site.attr("transA", 0) {
        1 => a.get(a.len().checked_sub(2)?)?,
        _ => a.last()?,
    };
    flops::macs(site.made()?.times(inner)?)
}

fn attention_work(site: &Site) -> Option<Work> {
    let ([batch, queries, hidden], Some([_, _, cache, _])) = (site.dims(0)?, site.out_dims(1))
    else {
        return None;
    };
    let heads = number(site.n.int("num_heads").filter(|&h| h > 0)?);
    let head = hidden.over(&heads)?;
    weighted_sum(batch.times(&heads)?.times(queries)?.times(cache)?, &head, &head)
}

fn packed_attention_work(site: &Site) -> Option<Work> {
    let ([batch, length, _], w) = (site.dims(0)?, site.dims(1)?) else { return None };
    let heads = number(site.n.int("num_heads").filter(|&h| h > 0)?);
    let project = batch.times(length)?.times(&elements(w)?)?;
    let head = site.out_dims(0)?.last()?.over(&heads)?;
    let scores = batch.times(&heads)?.times(length)?.times(length)?;
    let inner = weighted_sum(scores, &head, &head)?;
    Some(Work { macs: inner.macs.plus(&project)?, ..inner })
}
fn fused_matmul(op: &mut Op) -> Option<Outputs> {
    let swapped = |op: &Op, i: usize, name: &str| {
        let mut d = op.dims(i)?;
        let n = d.len();
        if op.attr(name, 0) == 1 && n > 1 {
            d.swap(n - 1, n - 2);
        }
        Some(d)
    };
    let (a, b) = (swapped(op, 0, "transA")?, swapped(op, 1, "transB")?);
    one(linear::product_dims(&a, &b)?)
}

/// Output scale and zero point first, then groups of tensor, scale, zero point.
fn qlinear_concat(op: &mut Op) -> Option<Outputs> {
    let parts: Vec<Vec<SymExpr>> =
        (2..op.n.inputs.len()).step_by(3).map(|i| op.dims(i)).collect::<Option<_>>()?;
    let mut out = parts.first()?.clone();
    let axis = wrap(op.attr("axis", 0), out.len())?;
    *out.get_mut(axis)? = parts.iter().try_fold(SymExpr::ZERO, |s, d| s.plus(d.get(axis)?))?;
    one(out)
}

/// Attention with query, key and value in one weight.
fn packed_attention(op: &mut Op) -> Option<Outputs> {
    let (mut x, w) = (op.dims(0)?, op.dims(1)?);
    let hidden = match op.n.ints("qkv_hidden_sizes") {
        Some([.., v]) => SymExpr::Value((*v).into()),
        _ => w.get(1)?.over(&SymExpr::Value(3))?,
    };
    *x.last_mut()? = hidden;
    one(x)
}

/// Query heads and key-value heads.
fn heads(op: &Op) -> Option<(SymExpr, SymExpr)> {
    let heads = op.n.int("num_heads")?;
    Some((SymExpr::Value(heads.into()), SymExpr::Value(op.attr("kv_num_heads", heads).into())))
}

/// The output, then the caches of keys and values.
fn with_caches(output: Vec<SymExpr>, cache: Vec<SymExpr>) -> Option<Outputs> {
    let cache = Some(Sym::shape(cache));
    Some(vec![Some(Sym::shape(output)), cache.clone(), cache])
}

fn multi_head_attention(op: &mut Op) -> Option<Outputs> {
    const PAST: usize = 6;
    let q = op.dims(0)?;
    let [batch, length, hidden] = q.as_slice() else { return None };
    let (heads, kv_heads) = heads(op)?;
    let head = hidden.over(&heads)?;
    let value = op.dims(2).filter(|v| v.len() == 3);
    let out = value.and_then(|v| v.last().cloned()).unwrap_or(hidden.clone());
    let total = match op.dims(PAST).and_then(|p| p.get(2).cloned()) {
        Some(p) => p.plus(length)?,
        None if !op.has(PAST) => length.clone(),
        None => op.fresh(),
    };
    let cache = vec![batch.clone(), kv_heads, total, head];
    with_caches(vec![batch.clone(), length.clone(), out], cache)
}

/// The query may hold keys and values as well; the cache may have room to spare.
fn group_query_attention(op: &mut Op) -> Option<Outputs> {
    const PAST: usize = 3;
    let q = op.dims(0)?;
    let [batch, length, hidden] = q.as_slice() else { return None };
    let (heads, kv_heads) = heads(op)?;
    let (head, out) = if op.has(1) {
        (hidden.over(&heads)?, hidden.clone())
    } else {
        let parts = heads.plus(&kv_heads.times(&SymExpr::Value(2))?)?;
        let head = hidden.over(&parts)?;
        (head.clone(), heads.times(&head)?)
    };
    let total = if op.has(PAST) { op.fresh() } else { length.clone() };
    let cache = vec![batch.clone(), kv_heads, total, head];
    with_caches(vec![batch.clone(), length.clone(), out], cache)
}
