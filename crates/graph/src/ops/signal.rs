//! Signal operators: windows, Fourier transforms, mel spectra.

use super::flops::{self, Site, Work, elements, number};
use super::kinds::Class;
use super::op::{Op, Outputs, one, wrap};
use super::operator::{CONSTANTS, Operator, onnx};
use crate::model::DataType;
use crate::symbolic::SymExpr;

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("BlackmanWindow", Class::Signal)
        .shape(window)
        .types(|t, _| t.named("output_datatype").or(Some(DataType::F32)))
        .work(flops::once),
    onnx("DFT", Class::Signal).shape(dft).work(dft_work).formerly(&[(20, "axis", "a1")]),
    onnx("HammingWindow", Class::Signal)
        .shape(window)
        .types(|t, _| t.named("output_datatype").or(Some(DataType::F32)))
        .work(flops::once),
    onnx("HannWindow", Class::Signal)
        .shape(window)
        .types(|t, _| t.named("output_datatype").or(Some(DataType::F32)))
        .work(flops::once),
    onnx("MelSpectrogram", Class::Signal).types(|_, _| None),
    onnx("MelWeightMatrix", Class::Signal)
        .shape(mel_weights)
        .types(|t, _| t.named("output_datatype").or(Some(DataType::F32)))
        .work(flops::once),
    onnx("STFT", Class::Signal).shape(stft).work(stft_work).weights(CONSTANTS),
];

fn dft_work(site: &Site) -> Option<Work> {
    let (x, y) = (site.dims(0)?, site.out_dims(0)?);
    let lengths: Vec<&SymExpr> = x.iter().zip(y).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    let last = x.len().checked_sub(2)?;
    let axis = site.shapes.get(site.n.input(2)?).and_then(|t| t.ints.as_ref()?.first().copied());
    let axis = axis.or(site.n.int("axis"));
    let n = match axis {
        Some(a) => x.get(wrap(a, x.len())?)?,
        None => *lengths.first().unwrap_or(&x.get(last)?),
    };
    let transforms = elements(x.split_last()?.1)?.over(n)?;
    // One-sided spectra have half of the points.
    let inverse = site.n.int("onesided") == Some(1) && site.n.int("inverse") == Some(1);
    let whole = inverse.then(|| y.iter().zip(x).find(|(b, a)| a != b).map(|(b, _)| b)).flatten();
    fourier(transforms, whole.unwrap_or(n))
}

fn stft_work(site: &Site) -> Option<Work> {
    let y = site.out_dims(0)?;
    let n = match site.n.input(3) {
        Some(v) => number(*site.shapes.get(v)?.ints.as_ref()?.first()?),
        None => site.dims(2)?.first()?.clone(),
    };
    fourier(y.first()?.times(y.get(1)?)?, &n)
}

/// 5 n log2 n for each transform of n points.
fn fourier(transforms: SymExpr, n: &SymExpr) -> Option<Work> {
    let points = n.value()?;
    let each = 5.0 * points as f64 * (points.max(1) as f64).log2();
    flops::flops(transforms.times(&SymExpr::Value(each.round() as i128))?)
}

fn window(op: &mut Op) -> Option<Outputs> {
    let size = op.int(0);
    let size = op.or_fresh(size);
    one(vec![size])
}

fn mel_weights(op: &mut Op) -> Option<Outputs> {
    let (bins, length) = (op.int(0), op.int(1));
    let spectrum = length.and_then(|n| half(&n));
    let (a, b) = (op.or_fresh(spectrum), op.or_fresh(bins));
    one(vec![a, b])
}

/// Bins of a one-sided spectrum.
fn half(n: &SymExpr) -> Option<SymExpr> {
    n.over(&SymExpr::Value(2))?.plus(&SymExpr::ONE)
}

/// DFT-20 (axis as input) and DFT-17 (axis as attribute): the last dimension
/// holds real and imaginary part.
fn dft(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let last = x.len().checked_sub(1)?;
    let axis = match (op.n.int("axis"), op.has(2)) {
        (Some(a), _) => Some(a),
        (None, false) if op.opset() < 20 => Some(1),
        (None, false) => Some(-2),
        (None, true) => op.sym(2)?.known_ints().and_then(|v| v.first().copied()),
    };
    let Some(axis) = axis.and_then(|a| wrap(a, x.len())).filter(|&a| a < last) else {
        let dims = op.unknown(x.len());
        return one(dims);
    };
    let (onesided, inverse) = (op.attr("onesided", 0) == 1, op.attr("inverse", 0) == 1);
    if op.has(1) {
        let length = op.int(1);
        *x.get_mut(axis)? = op.or_fresh(length);
    } else if onesided && inverse {
        // The signal of a one-sided spectrum has an even length.
        let bins = x.get(axis)?.minus(&SymExpr::ONE)?;
        *x.get_mut(axis)? = bins.times(&SymExpr::Value(2))?;
    }
    if onesided && !inverse {
        let n = x.get(axis)?.clone();
        *x.get_mut(axis)? = half(&n)?;
    }
    *x.get_mut(last)? = SymExpr::Value(if onesided && inverse { 1 } else { 2 });
    one(x)
}

/// STFT-17: frames of the window's (or given) length.
fn stft(op: &mut Op) -> Option<Outputs> {
    let x = op.dims(0)?;
    let step = op.int(1);
    let length = match op.has(3) {
        true => op.int(3),
        false => op.dims(2).and_then(|w| w.first().cloned()),
    };
    let frames = match (&step, &length) {
        (Some(step), Some(n)) => x.get(1)?.minus(n)?.over(step)?.plus(&SymExpr::ONE),
        _ => None,
    };
    let bins = match op.attr("onesided", 1) {
        0 => length,
        _ => length.and_then(|n| half(&n)),
    };
    let (frames, bins) = (op.or_fresh(frames), op.or_fresh(bins));
    one(vec![x.first()?.clone(), frames, bins, SymExpr::Value(2)])
}
