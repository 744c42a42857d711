//! Convolutions and poolings in the layouts that ONNX Runtime saves optimized
//! models in.
//!
//! - Channels last: `Nhwc…` of `com.microsoft`, and `com.ms.internal.nhwc`.
//! - Blocks of channels: `com.microsoft.nchwc`. Tensors have the sizes of channels
//!   first, with channels filled up to whole blocks.
//!
//! Weights keep the layout of `ai.onnx`. MACs are those of the channels in the
//! file, those that fill up a block included.

use super::flops;
use super::kinds::{Class, CostKind, WeightRole};
use super::known::Known;
use super::op::{Op, Outputs, one, same};
use super::operator::{Operator, microsoft, nchwc, nhwc};
use super::resize::resize;
use super::transposed::{conv_transpose_dims, conv_transpose_work, max_unpool_dims};
use super::typed::with_indices;
use super::window::{self, conv_dims, conv_work, global_dims, pool_dims};
use super::{layout, vision};
use crate::model::Attribute;
use crate::symbolic::{Sym, SymExpr};

/// Rows of `com.microsoft`.
pub const MICROSOFT: &[Operator] = &[
    conv(microsoft("NhwcConv", Class::Window)),
    conv(microsoft("NhwcFusedConv", Class::Window)),
    pool(microsoft("NhwcMaxPool", Class::Window)),
];

/// Rows of `com.ms.internal.nhwc`.
pub const NHWC: &[Operator] = &[
    pool(nhwc("AveragePool", Class::Window)),
    nhwc("BatchNormalization", Class::Normalization)
        .shape(same)
        .work(|s| s.made_times(2))
        .cost(CostKind::Affine)
        .weights(&[(3..=4, WeightRole::Buffer)]),
    conv(nhwc("Conv", Class::Window)),
    nhwc("ConvTranspose", Class::Window)
        .shape(|op| transposed(op, 1))
        .work(|s| conv_transpose_work(s, 1, 2))
        .cost(CostKind::TransposedConv),
    nhwc("DepthToSpace", Class::Layout)
        .shape(|op| moved(op, layout::depth_to_space_dims))
        .work(flops::none)
        .cost(CostKind::Move),
    global(nhwc("GlobalAveragePool", Class::Reduction)),
    global(nhwc("GlobalLpPool", Class::Reduction)),
    global(nhwc("GlobalMaxPool", Class::Reduction)),
    nhwc("GridSample", Class::Vision)
        .shape(sampled)
        .work(vision::grid_sample_work)
        .cost(CostKind::Resize),
    normalization("InstanceNormalization").work(|s| s.made_times(7)),
    normalization("LRN").work(|s| s.made_times(s.attr("size", 1).clamp(0, 1 << 20) * 2 + 3)),
    pool(nhwc("LpPool", Class::Window)),
    pool(nhwc("MaxPool", Class::Window)).types(with_indices),
    nhwc("MaxUnpool", Class::Window).shape(unpooled).work(flops::none),
    nhwc("QLinearAveragePool", Class::Window)
        .shape(pooled)
        .work(window::pool_work)
        .weights(super::operator::SCALED),
    nhwc("QLinearConv", Class::Window)
        .shape(|op| convolved(op, 3))
        .types(|t, _| t.of(7))
        .work(|s| conv_work(s, 3, 8))
        .cost(CostKind::QuantisedConv)
        .weights(window::QUANTIZED),
    nhwc("QLinearConvTranspose", Class::Window)
        .shape(|op| transposed(op, 3))
        .types(|t, _| t.of(7))
        .work(|s| conv_transpose_work(s, 3, 8))
        .weights(window::QUANTIZED),
    nhwc("Resize", Class::Resize)
        .shape(resize)
        .work(super::resize::resize_work)
        .cost(CostKind::Resize)
        .weights(super::resize::WEIGHTS)
        .fed(super::resize::FED),
    nhwc("SpaceToDepth", Class::Layout)
        .shape(|op| moved(op, layout::space_to_depth_dims))
        .work(flops::none)
        .cost(CostKind::Move),
];

/// Rows of `com.microsoft.nchwc`.
pub const NCHWC: &[Operator] = &[
    nchwc("AveragePool", Class::Window)
        .shape(window::pool)
        .work(window::pool_work)
        .cost(CostKind::Pool),
    nchwc("Conv", Class::Window)
        .shape(|op| window::conv(op, 1))
        .work(|s| conv_work(s, 1, 2))
        .cost(CostKind::Conv),
    nchwc("GlobalAveragePool", Class::Reduction)
        .shape(window::global_pool)
        .work(flops::read)
        .cost(CostKind::Reduction),
    nchwc("GlobalMaxPool", Class::Reduction)
        .shape(window::global_pool)
        .work(flops::read)
        .cost(CostKind::Reduction),
    nchwc("MaxPool", Class::Window)
        .shape(window::pool)
        .work(window::pool_work)
        .cost(CostKind::Pool),
    nchwc("ReorderInput", Class::Layout).shape(into_blocks).work(flops::none).cost(CostKind::Move),
    nchwc("ReorderOutput", Class::Layout)
        .shape(out_of_blocks)
        .work(flops::none)
        .cost(CostKind::Move),
    nchwc("Upsample", Class::Resize)
        .shape(enlarged)
        .work(super::resize::resize_work)
        .cost(CostKind::Resize)
        .weights(super::operator::CONSTANTS)
        .fed(super::resize::UPSAMPLE_FED),
];

const fn conv(operator: Operator) -> Operator {
    operator.shape(|op| convolved(op, 1)).work(|s| conv_work(s, 1, 2)).cost(CostKind::Conv)
}

const fn pool(operator: Operator) -> Operator {
    operator.shape(pooled).work(window::pool_work).cost(CostKind::Pool)
}

const fn global(operator: Operator) -> Operator {
    operator.shape(global_pooled).work(flops::read).cost(CostKind::Reduction)
}

const fn normalization(name: &'static str) -> Operator {
    nhwc(name, Class::Normalization).shape(same).cost(CostKind::Normalisation)
}

/// Sizes with channels second.
fn first(mut d: Vec<SymExpr>) -> Option<Vec<SymExpr>> {
    let turned = usize::from(d.len() > 1);
    d.get_mut(1..)?.rotate_right(turned);
    Some(d)
}

/// Sizes with channels last.
fn last(mut d: Vec<SymExpr>) -> Option<Vec<SymExpr>> {
    let turned = usize::from(d.len() > 1);
    d.get_mut(1..)?.rotate_left(turned);
    Some(d)
}

/// A convolution with channels last.
pub fn convolved(op: &mut Op, weight: usize) -> Option<Outputs> {
    one(last(conv_dims(op.n, &first(op.dims(0)?)?, &op.dims(weight)?)?)?)
}

fn transposed(op: &mut Op, weight: usize) -> Option<Outputs> {
    one(last(conv_transpose_dims(op.n, &first(op.dims(0)?)?, &op.dims(weight)?, None)?)?)
}

/// A pooling with channels last.
pub fn pooled(op: &mut Op) -> Option<Outputs> {
    one(last(pool_dims(op.n, &first(op.dims(0)?)?)?)?)
}

/// A pooling of all positions with channels last.
pub fn global_pooled(op: &mut Op) -> Option<Outputs> {
    one(last(global_dims(&first(op.dims(0)?)?))?)
}

fn moved(
    op: &mut Op,
    rule: fn(&crate::model::Node, &[SymExpr]) -> Option<Vec<SymExpr>>,
) -> Option<Outputs> {
    one(last(rule(op.n, &first(op.dims(0)?)?)?)?)
}

fn sampled(op: &mut Op) -> Option<Outputs> {
    one(last(vision::grid_sample_dims(&first(op.dims(0)?)?, &op.dims(1)?)?)?)
}

fn unpooled(op: &mut Op) -> Option<Outputs> {
    if op.given(2) {
        return None;
    }
    one(last(max_unpool_dims(op.n, &first(op.dims(0)?)?)?)?)
}

/// Blocks have 8 or 16 channels, as the processor has it.
fn into_blocks(op: &mut Op) -> Option<Outputs> {
    const LARGEST: i128 = 16;
    let mut x = op.dims(0)?;
    if op.flag("channels_last") {
        x = first(x)?;
    }
    let whole = x.get(1)?.value().is_some_and(|c| c % LARGEST == 0);
    if !whole {
        *x.get_mut(1)? = op.fresh();
    }
    one(x)
}

fn out_of_blocks(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    *x.get_mut(1)? = op.positive("channels")?;
    one(if op.flag("channels_last") { last(x)? } else { x })
}

/// Sizes times whole factors.
fn enlarged(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let factors: Vec<SymExpr> = match op.n.attribute("scales") {
        Some(Attribute::Ints(v)) => v.iter().map(|&f| SymExpr::Value(f.into())).collect(),
        _ => {
            return op.sym(0).and_then(Sym::rank).map(|r| {
                let dims = op.unknown(r);
                vec![Some(Sym::shape(dims))]
            });
        }
    };
    one(x.iter().zip(&factors).map(|(d, f)| d.times(f)).collect::<Option<_>>()?)
}
