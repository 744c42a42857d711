//! Reductions and pooling: axes in one spelling, global pooling under its name.

use super::net::{Facts, Net, Outputs, list, only};
use crate::ops::wrap;
use crate::opstring::{Attr, Dim, Op, TensorType, Window};

/// A reduction keeps its dimensions, and its axes are an operand, counted from
/// the front in order. Means and maxima of all spatial dimensions of pictures
/// and volumes are global pooling.
pub fn reduction(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind.starts_with("Reduce") && op.is_plain())?;
    let x = op.input(0)?.clone();
    let dims = net.dims(&x)?.to_vec();
    let given = op.named("axes").is_some() || op.input(1).is_some();
    let axes = match given {
        true => op.ints("axes", 1)?,
        false if op.int("noop_with_empty_axes").unwrap_or(0) == 0 => {
            (0..dims.len() as i64).collect()
        }
        false => return None,
    };
    let mut axes = axes.iter().map(|&a| wrap(a, dims.len())).collect::<Option<Vec<usize>>>()?;
    axes.sort_unstable();
    axes.dedup();
    if axes.is_empty() {
        return None;
    }
    let one = |(i, d): (usize, &Dim)| if axes.contains(&i) { Dim::Size(1) } else { d.clone() };
    let kept = TensorType { dims: Some(dims.iter().enumerate().map(one).collect()), ..t.clone() };
    let spatial = dims.len() > 3 && axes.iter().copied().eq(2..dims.len());
    let kind = match op.kind.as_str() {
        "ReduceMean" if spatial => "GlobalAveragePool",
        "ReduceMax" if spatial => "GlobalMaxPool",
        kind => kind,
    };
    let as_ints: Vec<i64> = axes.iter().map(|&a| a as i64).collect();
    let mut operands = vec![x];
    if kind == op.kind {
        operands.push(list(&as_ints));
    }
    if operands == op.operands && op.attributes.is_empty() {
        return None;
    }
    let reduced = net.one(kind, Vec::new(), operands, &kept);
    match kept == *t {
        true => only(reduced),
        false => only(net.one("Reshape", Vec::new(), vec![reduced], t)),
    }
}

/// Pooling whose window is the whole of its input.
pub fn global(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.is_plain())?;
    let kind = match op.kind.as_str() {
        "AveragePool" => "GlobalAveragePool",
        "MaxPool" => "GlobalMaxPool",
        _ => return None,
    };
    let x = op.input(0)?;
    let size = |d: &Dim| i64::try_from(d.size()?).ok();
    let spatial = net.dims(x)?.get(2..)?.iter().map(size).collect::<Option<Vec<i64>>>()?;
    if op.dims()?.get(2..)?.iter().any(|d| *d != Dim::Size(1)) {
        return None;
    }
    let whole = |a: &Attr| match a {
        Attr::Window(Window::Kernel, k) => match k.as_slice() {
            [one] => spatial.iter().all(|n| n == one),
            all => all == spatial.as_slice(),
        },
        Attr::Window(Window::Strides, _) => true,
        Attr::Named(name, _) => {
            matches!(&**name, "ceil_mode" | "count_include_pad" | "storage_order")
        }
        _ => false,
    };
    let kernel = |a: &Attr| matches!(a, Attr::Window(Window::Kernel, _));
    let is = op.attributes.iter().all(whole) && op.attributes.iter().any(kernel);
    is.then(|| only(net.one(kind, Vec::new(), vec![x.clone()], t)))?
}
