//! Operators of `com.microsoft` on quantized tensors, beside attention and matrix
//! products with weights in blocks.

use crate::model::DataType;
use crate::ops::flops::{self, number};
use crate::ops::kinds::{Class, CostKind, WeightRole};
use crate::ops::op::{Op, Outputs, broadcast, one, same, wrap};
use crate::ops::operator::{
    CONSTANTS, LAST, Operator, SCALED, SCALED_PAIR, SCALED_PARTS, SCALED_PRODUCT, microsoft,
};
use crate::ops::recurrent::{recurrent, recurrent_work};
use crate::ops::reduce::reduce;
use crate::ops::typed::{float, int32, string};
use crate::ops::{channels_last, linear, window};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    microsoft("DequantizeBFP", Class::Quantization)
        .shape(|op| one(op.ints(1)?))
        .types(|t, _| t.named("dtype").or(Some(DataType::F32)))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .weights(&[(0..=0, WeightRole::Parameter), (1..=LAST, WeightRole::Constant)]),
    microsoft("DequantizeLinear", Class::Quantization)
        .shape(same)
        .types(|t, _| t.of(1))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .weights(&[(0..=0, WeightRole::Parameter), (1..=2, WeightRole::Buffer)]),
    microsoft("DequantizeWithOrder", Class::Quantization)
        .shape(same)
        .types(|t, _| t.named("to"))
        .work(flops::once)
        .cost(CostKind::Quantisation)
        .weights(&[(0..=0, WeightRole::Parameter), (1..=1, WeightRole::Buffer)]),
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
    microsoft("FusedConv", Class::Window)
        .shape(|op| window::conv(op, 1))
        .work(|s| window::conv_work(s, 1, 2))
        .cost(CostKind::Conv),
    microsoft("FusedGemm", Class::Linear)
        .shape(linear::gemm)
        .work(|s| linear::gemm_work(s, 2))
        .cost(CostKind::Product),
    microsoft("MulInteger", Class::Arithmetic)
        .shape(|op| pair(op, 0, 2))
        .types(int32)
        .work(flops::once)
        .weights(&[(1..=1, WeightRole::Buffer), (3..=3, WeightRole::Buffer)]),
    microsoft("QGemm", Class::Linear)
        .shape(quantized_gemm)
        .types(|t, _| t.of(8).or(Some(DataType::F32)))
        .work(|s| linear::gemm_work(s, 6))
        .cost(CostKind::QuantisedProduct)
        .weights(SCALED_PRODUCT),
    microsoft("QLinearAdd", Class::Arithmetic)
        .shape(|op| pair(op, 0, 3))
        .work(|s| s.made_times(2))
        .weights(SCALED_PAIR),
    microsoft("QLinearAveragePool", Class::Window)
        .shape(|op| either(op, window::pool, channels_last::pooled))
        .work(window::pool_work)
        .weights(SCALED),
    microsoft("QLinearConcat", Class::Layout)
        .shape(qlinear_concat)
        .types(|t, _| t.of(1))
        .work(flops::none)
        .weights(SCALED_PARTS),
    microsoft("QLinearConv", Class::Window)
        .shape(|op| either(op, |op| window::conv(op, 3), |op| channels_last::convolved(op, 3)))
        .types(|t, _| t.of(7))
        .work(|s| window::conv_work(s, 3, 8))
        .cost(CostKind::QuantisedConv)
        .weights(window::QUANTIZED),
    microsoft("QLinearGlobalAveragePool", Class::Reduction)
        .shape(|op| either(op, window::global_pool, channels_last::global_pooled))
        .work(flops::read)
        .weights(SCALED),
    microsoft("QLinearLeakyRelu", Class::Elementwise).shape(same).work(flops::once).weights(SCALED),
    microsoft("QLinearMul", Class::Arithmetic)
        .shape(|op| pair(op, 0, 3))
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
    microsoft("QLinearWhere", Class::Arithmetic)
        .shape(|op| {
            let branches = broadcast(&op.dims(1)?, &op.dims(4)?)?;
            one(broadcast(&op.dims(0)?, &branches)?)
        })
        .types(|t, _| t.of(1))
        .work(flops::once)
        .weights(&[
            (2..=3, WeightRole::Buffer),
            (5..=6, WeightRole::Buffer),
            (7..=8, WeightRole::Buffer),
        ]),
    microsoft("QOrderedGelu", Class::Elementwise)
        .shape(same)
        .work(flops::once)
        .cost(CostKind::Slow)
        .weights(&[(1..=2, WeightRole::Buffer)]),
    microsoft("QOrderedLayerNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation)
        .weights(&[(1..=1, WeightRole::Buffer), (4..=4, WeightRole::Buffer)]),
    microsoft("QuantizeBFP", Class::Quantization)
        .shape(block_floats)
        .types(|_, i| Some(if i == 0 { DataType::U8 } else { DataType::I64 }))
        .work(|s| s.read_times(2))
        .cost(CostKind::Quantisation),
    microsoft("QuantizeLinear", Class::Quantization)
        .shape(same)
        .types(|t, _| t.of(2).or(Some(DataType::U8)))
        .work(|s| s.made_times(2))
        .cost(CostKind::Quantisation)
        .weights(&[(1..=2, WeightRole::Buffer)]),
    microsoft("QuantizeWithOrder", Class::Quantization)
        .shape(same)
        .types(|_, _| Some(DataType::I8))
        .work(flops::once)
        .cost(CostKind::Quantisation)
        .weights(&[(1..=1, WeightRole::Buffer)]),
    microsoft("ReduceSumInteger", Class::Reduction)
        .shape(|op| reduce(op, None))
        .types(|t, _| match t.of(0) {
            Some(DataType::U8) => Some(DataType::U32),
            _ => Some(DataType::I32),
        })
        .work(flops::read)
        .cost(CostKind::Reduction),
    microsoft("Tokenizer", Class::Text).shape(tokens).types(string).weights(CONSTANTS),
];

/// The rule of the layout that the attribute `channels_last` says.
fn either(
    op: &mut Op,
    first: fn(&mut Op) -> Option<Outputs>,
    last: fn(&mut Op) -> Option<Outputs>,
) -> Option<Outputs> {
    if op.attr("channels_last", 0) == 0 { first(op) } else { last(op) }
}

/// The broadcast of two operands, between which are scale and zero point.
fn pair(op: &mut Op, a: usize, b: usize) -> Option<Outputs> {
    one(broadcast(&op.dims(a)?, &op.dims(b)?)?)
}

fn quantized_gemm(op: &mut Op) -> Option<Outputs> {
    let (a, b) = (op.dims(0)?, op.dims(3)?);
    let (m, n) = (op.attr("transA", 0) == 1, op.attr("transB", 0) == 1);
    one(vec![a.get(usize::from(m))?.clone(), b.get(usize::from(!n))?.clone()])
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

/// Bytes of a format of its own, then sizes and strides.
fn block_floats(op: &mut Op) -> Option<Outputs> {
    let bytes = op.fresh();
    let rank = op.sym(0).and_then(Sym::rank).and_then(|r| i64::try_from(r).ok());
    let rank = op.or_fresh(rank.map(number));
    let described = Some(Sym::shape(vec![rank]));
    Some(vec![Some(Sym::shape(vec![bytes])), described.clone(), described])
}

/// Tokens along a new last axis.
fn tokens(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    x.push(op.fresh());
    one(x)
}
