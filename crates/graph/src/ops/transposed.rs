//! Transposed convolutions and poolings.

use super::flops::{Site, Work, elements, number};
use super::op::{Op, Outputs, one};
use super::window::{AutoPad, auto_pad, kernel_shape, windows, windows_with};
use crate::model::Node;
use crate::symbolic::{Sym, SymExpr};

/// (elements in) · (channels out / group) · kernel, and 1 for each bias element.
pub fn conv_transpose_work(site: &Site, weight: usize, bias: usize) -> Option<Work> {
    let kernel = elements(site.dims(weight)?.get(1..)?)?;
    let bias = site.bias(bias)?;
    Some(Work { macs: site.read(0)?.times(&kernel)?, flops: bias })
}

/// ConvTranspose-22.
pub fn conv_transpose(op: &mut Op) -> Option<Outputs> {
    one(conv_transpose_dims(op.n, &op.dims(0)?, &op.dims(1)?, op.n.ints("pads"))?)
}

/// ConvTransposeWithDynamicPads: pads are an input.
pub fn conv_transpose_padded(op: &mut Op) -> Option<Outputs> {
    let (x, w) = (op.dims(0)?, op.dims(1)?);
    let pads = op.sym(2).and_then(Sym::known_ints);
    let mut out = conv_transpose_dims(op.n, &x, &w, pads.as_deref())?;
    if op.has(2) && pads.is_none() {
        for d in out.iter_mut().skip(2) {
            *d = op.fresh();
        }
    }
    one(out)
}

/// Sizes of a transposed convolution (ConvTranspose-22, `output_shape` included).
pub fn conv_transpose_dims(
    n: &Node,
    x: &[SymExpr],
    w: &[SymExpr],
    pads: Option<&[i64]>,
) -> Option<Vec<SymExpr>> {
    if x.len() < 3 || x.len() != w.len() {
        return None;
    }
    let group = number(n.int("group").unwrap_or(1));
    let mut out = vec![x.first()?.clone(), w.get(1)?.times(&group)?];
    if let Some(shape) = n.ints("output_shape") {
        let skip = shape.len().checked_sub(x.len().checked_sub(2)?)?;
        out.extend(shape.iter().skip(skip).map(|&d| number(d)));
        return Some(out);
    }
    let extra = n.ints("output_padding").unwrap_or_default();
    let auto = auto_pad(n);
    let windows = windows_with(n, w.get(2..)?, pads)?;
    for (i, (d, win)) in x.iter().skip(2).zip(windows).enumerate() {
        let extra = number(extra.get(i).copied().unwrap_or(0));
        if let AutoPad::Same = auto {
            out.push(d.times(&win.stride)?);
            continue;
        }
        let full = d.minus(&SymExpr::ONE)?.times(&win.stride)?.plus(&win.span()?)?.plus(&extra)?;
        out.push(match auto {
            AutoPad::Valid => full,
            _ => full.minus(&win.pads.0)?.minus(&win.pads.1)?,
        });
    }
    Some(out)
}

/// MaxUnpool-22: the sizes may be an input.
pub fn max_unpool(op: &mut Op) -> Option<Outputs> {
    if op.has(2) {
        let target = op.ints(2);
        return match (target, op.sym(0).and_then(Sym::rank)) {
            (Some(t), _) => one(t),
            (None, Some(r)) => {
                let dims = op.unknown(r);
                one(dims)
            }
            _ => None,
        };
    }
    one(max_unpool_dims(op.n, &op.dims(0)?)?)
}

/// Sizes that a pooling makes those of `x` of.
pub fn max_unpool_dims(n: &Node, x: &[SymExpr]) -> Option<Vec<SymExpr>> {
    let mut out = x.get(..2)?.to_vec();
    for (d, w) in x.iter().skip(2).zip(windows(n, &kernel_shape(n)?)?) {
        let full = d.minus(&SymExpr::ONE)?.times(&w.stride)?.plus(&w.span()?)?;
        out.push(full.minus(&w.pads.0)?.minus(&w.pads.1)?);
    }
    Some(out)
}
