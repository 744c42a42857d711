//! Convolutions: padding in one place, biases in one spelling.

use super::net::{Facts, Net, Outputs, is_constant, number, weight_sizes};
use crate::opstring::{Attr, Dim, Literal, Op, Operand, Window};

/// The window attribute of that kind, a number for each of the `spatial` dimensions.
fn window(op: &Op, which: Window, spatial: usize) -> Option<Vec<i64>> {
    let found = op.attributes.iter().find_map(|a| match a {
        Attr::Window(w, v) if *w == which => Some(v.clone()),
        _ => None,
    })?;
    match found.as_slice() {
        [one] => Some(vec![*one; spatial]),
        _ => Some(found),
    }
}

/// Padding before and after each of the `spatial` dimensions.
fn pads(op: &Op, spatial: usize) -> Option<(Vec<i64>, Vec<i64>)> {
    let Some(v) = window(op, Window::Pads, spatial) else {
        return Some((vec![0; spatial], vec![0; spatial]));
    };
    match v.len() {
        n if n == spatial => Some((v.clone(), v)),
        n if n == 2 * spatial => Some((v.get(..spatial)?.to_vec(), v.get(spatial..)?.to_vec())),
        _ => None,
    }
}

/// The attribute that says such padding; `None` for no padding.
fn padding(begin: &[i64], end: &[i64]) -> Option<Attr> {
    if begin.iter().chain(end).all(|&p| p == 0) {
        return None;
    }
    let all = if begin == end { begin.to_vec() } else { [begin, end].concat() };
    let equal = all.windows(2).all(|w| w.first() == w.last());
    let v = if equal { all.get(..1)?.to_vec() } else { all };
    Some(Attr::Window(Window::Pads, v))
}

fn padded(net: &mut Net, op: &Op, x: Operand, begin: &[i64], end: &[i64]) -> Option<Outputs> {
    let replaced = |a: &Attr| match a {
        Attr::Window(Window::Pads, _) => true,
        Attr::Named(name, _) => &**name == "auto_pad" || &**name == "pads",
        _ => false,
    };
    let mut attributes: Vec<Attr> =
        op.attributes.iter().filter(|a| !replaced(a)).cloned().collect();
    attributes.extend(padding(begin, end));
    attributes.sort_by_cached_key(Attr::to_string);
    let mut operands = op.operands.clone();
    *operands.first_mut()? = x;
    Some(net.emit(Op { attributes, operands, ..op.clone() }))
}

fn sizes(dims: &[Dim]) -> Option<Vec<i64>> {
    dims.get(2..)?.iter().map(|d| i64::try_from(d.size()?).ok()).collect()
}

/// `auto_pad` as the padding that it comes to.
pub fn automatic(net: &mut Net, op: &Op) -> Option<Outputs> {
    let windows = matches!(op.kind.as_str(), "Conv" | "MaxPool" | "AveragePool");
    if !windows || !op.is_plain() {
        return None;
    }
    let Some(Literal::Text(mode)) = op.named("auto_pad") else { return None };
    let x = op.input(0)?;
    let n = op.dims()?.len().checked_sub(2)?;
    let upper = match &**mode {
        b"VALID" | b"NOTSET" => {
            let (begin, end) = pads(op, n)?;
            return padded(net, op, x.clone(), &begin, &end);
        }
        b"SAME_UPPER" => true,
        b"SAME_LOWER" => false,
        _ => return None,
    };
    let (from, to) = (sizes(net.dims(x)?)?, sizes(op.dims()?)?);
    let kernel = window(op, Window::Kernel, n)?;
    let strides = window(op, Window::Strides, n).unwrap_or_else(|| vec![1; n]);
    let dilations = window(op, Window::Dilations, n).unwrap_or_else(|| vec![1; n]);
    let (mut begin, mut end) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let reach =
            kernel.get(i)?.checked_sub(1)?.checked_mul(*dilations.get(i)?)?.checked_add(1)?;
        let last = to.get(i)?.checked_sub(1)?.checked_mul(*strides.get(i)?)?;
        let total = last.checked_add(reach)?.checked_sub(*from.get(i)?)?.max(0);
        let (less, more) = (total / 2, total - total / 2);
        begin.push(if upper { less } else { more });
        end.push(if upper { more } else { less });
    }
    padded(net, op, x.clone(), &begin, &end)
}

/// Padding with zeros before a convolution as padding of the convolution.
pub fn zeros_before(net: &mut Net, op: &Op) -> Option<Outputs> {
    if op.kind != "Conv" || !op.is_plain() || op.named("auto_pad").is_some() {
        return None;
    }
    let n = op.dims()?.len().checked_sub(2)?;
    let pad = net.made_by(op.input(0)?, "Pad").filter(|p| p.is_plain())?;
    let constant = |l: &Literal| matches!(l, Literal::Text(t) if **t == *b"constant");
    let zero = match pad.input(2) {
        Some(v) => number(v) == Some(0.0),
        None => pad.float("value").unwrap_or(0.0) == 0.0,
    };
    if !zero || !pad.named("mode").is_none_or(constant) || pad.input(3).is_some() {
        return None;
    }
    let v = pad.ints("pads", 1).filter(|v| v.len() == 2 * (n + 2))?;
    let (before, after) = v.split_at(n + 2);
    let fits = |p: &[i64]| p.iter().take(2).all(|&p| p == 0) && p.iter().all(|&p| p >= 0);
    if !fits(before) || !fits(after) {
        return None;
    }
    let (begin, end) = pads(op, n)?;
    let sum = |own: &[i64], more: &[i64]| -> Vec<i64> {
        own.iter().zip(more.iter().skip(2)).map(|(a, b)| a.saturating_add(*b)).collect()
    };
    let (begin, end) = (sum(&begin, before), sum(&end, after));
    let x = pad.input(0)?.clone();
    padded(net, op, x, &begin, &end)
}

/// A weight for each channel that is added to a convolution: its bias.
pub fn bias_after(net: &mut Net, op: &Op) -> Option<Outputs> {
    let t = op.output().filter(|_| op.kind == "Add" && op.is_plain())?;
    let (x, b) = (op.input(0)?, op.input(1)?);
    let conv = net.made_by(x, "Conv").filter(|c| c.is_plain() && c.output() == Some(t))?;
    let (channels, spatial) = (op.dims()?.get(1)?.size()?, op.dims()?.len().checked_sub(2)?);
    let sizes = weight_sizes(b)?;
    let (first, ones) = sizes.split_first()?;
    let fits = *first == channels && ones.len() == spatial && ones.iter().all(|&d| d == 1);
    if !fits || conv.input(2).is_some_and(|o| !is_constant(o)) || spatial == 0 {
        return None;
    }
    let mut conv = conv.clone();
    conv.operands.truncate(2);
    conv.operands.push(super::net::weight(&[channels], t));
    Some(net.emit(conv))
}
