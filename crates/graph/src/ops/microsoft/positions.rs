//! Operators of `com.microsoft` that place or move elements: positions, padding,
//! windows, transforms, crops, distances.

use crate::model::DataType;
use crate::ops::flops::{self, Site, Work, elements};
use crate::ops::kinds::{Class, CostKind, Demand, Passes, WeightRole};
use crate::ops::known::Known;
use crate::ops::op::{Op, Outputs, one, same, wrap};
use crate::ops::operator::{LAST, Operator, ROTARY, microsoft};
use crate::ops::typed::{Typed, int32};
use crate::ops::{extent, transposed, vision, window};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    microsoft("CDist", Class::Linear).shape(distances).work(distances_work),
    microsoft("ConvTransposeWithDynamicPads", Class::Window)
        .shape(transposed::conv_transpose_padded)
        .work(|s| transposed::conv_transpose_work(s, 1, 3))
        .cost(CostKind::TransposedConv),
    microsoft("CropAndResize", Class::Vision).shape(cropped).work(|s| s.interpolated(mode(s), 2)),
    microsoft("DynamicTimeWarping", Class::Other)
        .shape(warped)
        .types(int32)
        .work(|s| s.read_times(3)),
    microsoft("ExpandDims", Class::Layout).shape(expanded).work(flops::none).cost(CostKind::Free),
    microsoft("GatedRelativePositionBias", Class::Attention)
        .shape(gated_bias)
        .work(gated_bias_work),
    microsoft("GemmaRotaryEmbedding", Class::Attention)
        .shape(|op| Some(vec![op.sym(1).map(Sym::without_elems); 2]))
        .types(|t, _| t.of(1))
        .work(|s| s.made_times(6))
        .cost(CostKind::Slowest),
    microsoft("GridSample", Class::Vision)
        .shape(vision::grid_sample)
        .work(vision::grid_sample_work)
        .cost(CostKind::Resize),
    microsoft("Irfft", Class::Signal).shape(real_of_spectrum).work(fourier),
    microsoft("MRotaryEmbedding", Class::Attention)
        .shape(same)
        .work(|s| s.made_times(3))
        .cost(CostKind::Move)
        .weights(&[(1..=LAST, WeightRole::Buffer)]),
    microsoft("MaxpoolWithMask", Class::Window).shape(window::pool).work(window::pool_work),
    microsoft("Pad", Class::Layout)
        .shape(extent::pad)
        .work(flops::none)
        .cost(CostKind::Move)
        .weights(&[(1..=LAST, WeightRole::Constant)])
        .fed(&[(1, Demand::Zero)])
        .passes(Passes::First),
    microsoft("RMSNormRotary", Class::Normalization)
        .shape(norm_rotary)
        .types(norm_rotary_types)
        .work(|s| s.made_times(7))
        .cost(CostKind::Normalisation)
        .weights(&[(2..=LAST, WeightRole::Buffer)]),
    microsoft("RelativePositionBias", Class::Attention).shape(position_bias).work(flops::none),
    microsoft("RemovePadding", Class::Layout)
        .shape(packed)
        .types(|t, i| if i == 0 { t.of(0) } else { Some(DataType::I32) })
        .work(flops::none)
        .cost(CostKind::Move),
    microsoft("RestorePadding", Class::Layout).shape(padded).work(flops::none).cost(CostKind::Move),
    microsoft("Rfft", Class::Signal).shape(spectrum).work(fourier),
    microsoft("RotaryEmbedding", Class::Attention)
        .shape(same)
        .work(|s| s.made_times(3))
        .cost(CostKind::Move)
        .weights(ROTARY),
    microsoft("SampleOp", Class::Elementwise).shape(same).work(flops::none),
    microsoft("Trilu", Class::Layout).shape(same).work(flops::none).cost(CostKind::Move),
    microsoft("UnfoldTensor", Class::Layout).shape(unfolded).work(flops::none).cost(CostKind::Move),
];

/// A distance for each pair of rows.
fn distances(op: &mut Op) -> Option<Outputs> {
    one(vec![op.dims(0)?.first()?.clone(), op.dims(1)?.first()?.clone()])
}

/// Difference, square, sum.
fn distances_work(site: &Site) -> Option<Work> {
    flops::flops(site.made()?.times(site.dims(0)?.last()?)?.times(&SymExpr::Value(3))?)
}

fn mode<'a>(site: &Site<'a>) -> &'a str {
    site.n.string("mode").unwrap_or("bilinear")
}

fn cropped(op: &mut Op) -> Option<Outputs> {
    let (x, rois) = (op.dims(0)?, op.dims(1)?);
    let size = op.ints(3).unwrap_or_else(|| op.unknown(2));
    one([vec![rois.first()?.clone(), x.get(1)?.clone()], size].concat())
}

fn warped(op: &mut Op) -> Option<Outputs> {
    let length = op.fresh();
    one(vec![SymExpr::Value(2), length])
}

fn expanded(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let Some(axis) = op.int(1).and_then(|a| i64::try_from(a.value()?).ok()) else {
        let dims = op.unknown(x.len().checked_add(1)?);
        return one(dims);
    };
    let axis = wrap(axis, x.len().checked_add(1)?)?;
    x.insert(axis, SymExpr::ONE);
    one(x)
}

/// A bias for each head, query and key.
fn gated_bias(op: &mut Op) -> Option<Outputs> {
    let heads = op.positive("num_heads")?;
    let batch = if op.has(6) { op.dims(6)? } else { op.dims(0)? };
    let lengths = op.dims(2)?;
    one([vec![batch.first()?.clone(), heads], lengths.get(2..)?.to_vec()].concat())
}

/// A product with each head of each token gives its two gates.
fn gated_bias_work(site: &Site) -> Option<Work> {
    let gates = site.read(0)?.times(site.dims(3)?.get(1)?)?;
    let scaled = site.made()?.times(&SymExpr::Value(3))?;
    Some(Work { macs: gates, flops: scaled })
}

fn position_bias(op: &mut Op) -> Option<Outputs> {
    let heads = op.dims(0)?.get(1)?.clone();
    let (queries, keys) = (op.int(1), op.int(2));
    let (queries, keys) = (op.or_fresh(queries), op.or_fresh(keys));
    one(vec![SymExpr::ONE, heads, queries, keys])
}

/// Tokens, their places, where sequences begin, the longest length.
fn packed(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let [batch, length, hidden] = x.as_slice() else { return None };
    let total = op.ints(1).and_then(|v| v.iter().try_fold(SymExpr::ZERO, |t, n| t.plus(n)));
    let total = op.or_fresh(total);
    let of = |d: Vec<SymExpr>| Some(Sym::shape(d));
    Some(vec![
        of(vec![total, hidden.clone()]),
        of(vec![batch.clone(), length.clone()]),
        of(vec![batch.plus(&SymExpr::ONE)?]),
        of(vec![SymExpr::ONE]),
    ])
}

fn padded(op: &mut Op) -> Option<Outputs> {
    let (mut places, x) = (op.dims(1)?, op.dims(0)?);
    places.push(x.last()?.clone());
    one(places)
}

/// Real and imaginary part of half the spectrum along the last axis.
fn spectrum(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let last = x.last_mut()?;
    *last = last.over(&SymExpr::Value(2))?.plus(&SymExpr::ONE)?;
    x.push(SymExpr::Value(2));
    one(x)
}

fn real_of_spectrum(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    x.pop();
    let last = x.last_mut()?;
    *last = last.minus(&SymExpr::ONE)?.times(&SymExpr::Value(2))?;
    one(x)
}

/// 5 n log2 n for each transform of n points, along each axis of the signal.
fn fourier(site: &Site) -> Option<Work> {
    let real = match site.n.op_type.as_str() {
        "Rfft" => site.dims(0)?,
        _ => site.out_dims(0)?,
    };
    let axes = usize::try_from(site.attr("signal_ndim", 1)).ok()?;
    let points = real.get(real.len().checked_sub(axes)?..)?.iter().map(|d| d.value());
    let points = points.collect::<Option<Vec<_>>>()?;
    let each: f64 = points.iter().map(|&n| 5.0 * (n.max(1) as f64).log2()).sum();
    let all = elements(real)?.value()? as f64;
    flops::flops(SymExpr::Value((all * each).round() as i128))
}

/// Heads of `[batch, sequence, heads, stride]` side by side, a part of each.
fn norm_rotary(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let [batch, length, heads, stride] = x.as_slice() else { return None };
    let part = op.positive("input_width").unwrap_or(stride.clone());
    let y = match op.flag("flatten_batch") {
        true => vec![batch.times(length)?, heads.times(&part)?],
        false => vec![batch.clone(), length.clone(), heads.times(&part)?],
    };
    let normalized = vec![batch.clone(), length.clone(), heads.clone(), part];
    Some(vec![Some(Sym::shape(y)), Some(Sym::shape(normalized))])
}

fn norm_rotary_types(t: &Typed, output: usize) -> Option<DataType> {
    match (output, t.n.int("output_fp16")) {
        (0, Some(1)) => Some(DataType::F16),
        (0, _) => Some(DataType::Bf16),
        _ => Some(DataType::F32),
    }
}

/// All slices of `size` along an axis, each as a new last axis.
fn unfolded(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let axis = wrap(op.attr("dim", -1), x.len())?;
    let size = op.positive("size")?;
    let step = op.positive("step").unwrap_or(SymExpr::ONE);
    let d = x.get_mut(axis)?;
    *d = d.minus(&size)?.over(&step)?.plus(&SymExpr::ONE)?;
    x.push(size);
    one(x)
}
