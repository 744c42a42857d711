//! Transformers on pictures.

use super::super::layers::activation::Act;
use super::super::layers::attention::Attention;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use crate::weights::Init;

/// Patches of a picture as rows `[batch, patches, width]`.
pub(super) fn patches(net: &mut Net, width: i64) -> Value {
    let patch = net.draw.pick([4, 8, 8, 16, 16, 32]);
    let side = patch * net.draw.between(3, 14);
    let x = net.input("pixel_values", &[3, side, side]);
    let x = net.conv(&x, Conv::new(width, patch).stride(patch).valid(), true);
    let places = x.dim(2) * x.dim(3);
    let x = net.reshape(&x, &[width, places]);
    net.transpose(&x, &[0, 2, 1])
}

/// A width and a number of heads that divides it.
pub(super) fn heads(net: &mut Net, most: i64) -> (i64, i64) {
    let head = net.draw.pick([16, 32, 32, 64, 64]);
    let heads = net.draw.log(1.0, (most / head).max(1) as f64).round() as i64;
    (head * heads.max(1), heads.max(1))
}

/// A transformer's encoder block, normalized before or after its parts.
pub(super) fn block(
    net: &mut Net,
    x: &Value,
    a: &Attention,
    inner: i64,
    act: Act,
    before: bool,
) -> Value {
    if !before {
        let y = net.attention(x, x, a);
        let y = net.add(&y, x);
        let x = net.layer_norm(&y);
        let y = net.feed_forward(&x, inner, act);
        let y = net.add(&y, &x);
        return net.layer_norm(&y);
    }
    let y = net.layer_norm(x);
    let y = net.attention(&y, &y, a);
    let x = net.add(x, &y);
    let y = net.layer_norm(&x);
    let y = net.feed_forward(&y, inner, act);
    net.add(&x, &y)
}

/// Vision transformer (Dosovitskiy et al., 2021): with a class token, or the
/// mean of the patches.
pub(super) fn vit(net: &mut Net) {
    let (width, heads) = heads(net, 512);
    let mut x = patches(net, width);
    let token = net.draw.chance(0.5);
    if token {
        let class = net.weight(&[1, 1, width], Init::Normal(0.5));
        let class = spread(net, &class, &x);
        x = net.concat(&[class, x], 1);
    }
    let positions = net.weight(&[1, x.dim(1), width], Init::Normal(0.5));
    x = net.add(&x, &positions);
    let inner = width * net.draw.pick([2, 3, 4, 4]);
    for _ in 0..net.draw.between(1, 12) {
        x = block(net, &x, &Attention::new(heads), inner, Act::Gelu, true);
    }
    let x = net.layer_norm(&x);
    let x = match token {
        true => net.take(&x, 1, 0),
        false => net.reduce("ReduceMean", &x, &[1], false),
    };
    let classes = net.draw.pick([10, 100, 1000]);
    let x = net.linear(&x, classes);
    net.output(&x);
}

/// A row for each network of the batch, which may be open.
fn spread(net: &mut Net, row: &Value, like: &Value) -> Value {
    let first = net.slice(like, 1, 0, 1);
    let zero = net.with_scalar("Mul", &first, 0.0);
    net.add(&zero, row)
}

/// Attention in windows, every other time shifted, and merged patches between
/// stages (Liu et al., 2021).
pub(super) fn swin(net: &mut Net) {
    let head = net.draw.pick([16, 32]);
    let mut heads = net.draw.between(1, 3);
    let window = net.draw.pick([4, 4, 7, 8]);
    let stages = net.draw.between(1, 3);
    let side = window << (stages - 1 + net.draw.between(0, 1));
    let patch = net.draw.pick([2, 4, 4]);
    let x = net.input("pixel_values", &[3, side * patch, side * patch]);
    let x = net.conv(&x, Conv::new(head * heads, patch).stride(patch).valid(), true);
    let mut x = net.transpose(&x, &[0, 2, 3, 1]);
    for stage in 0..stages {
        if stage > 0 {
            x = merge(net, &x);
            heads *= 2;
        }
        for at in 0..2 * net.draw.between(1, 2) {
            let shift = if at % 2 == 1 && x.dim(1) > window { window / 2 } else { 0 };
            x = window_block(net, &x, window, shift, heads);
        }
    }
    let x = net.layer_norm(&x);
    let x = net.reduce("ReduceMean", &x, &[1, 2], false);
    let classes = net.draw.pick([10, 100, 1000]);
    let x = net.linear(&x, classes);
    net.output(&x);
}

fn roll(net: &mut Net, x: &Value, by: i64) -> Value {
    let mut x = x.clone();
    for axis in [1, 2] {
        let parts = [net.slice(&x, axis, by, i64::MAX), net.slice(&x, axis, 0, by)];
        x = net.concat(&parts, axis);
    }
    x
}

fn window_block(net: &mut Net, x: &Value, window: i64, shift: i64, heads: i64) -> Value {
    let (batch, side, width) = (x.dim(0), x.dim(1), x.dim(3));
    let (count, area) = (side / window, window * window);
    let mut y = net.layer_norm(x);
    if shift > 0 {
        y = roll(net, &y, shift);
    }
    let y = net.reshape(&y, &[count, window, count, window, width]);
    let y = net.transpose(&y, &[0, 1, 3, 2, 4, 5]);
    let windows = batch * count * count;
    let y = net.reshape_as(&y, &[-1, area, width], &[windows, area, width]);
    let y = net.window_attention(&y, heads);
    let y = net.reshape_as(
        &y,
        &[-1, count, count, window, window, width],
        &[batch, count, count, window, window, width],
    );
    let y = net.transpose(&y, &[0, 1, 3, 2, 4, 5]);
    let mut y = net.reshape(&y, &[side, side, width]);
    if shift > 0 {
        y = roll(net, &y, side - shift);
    }
    let x = net.add(x, &y);
    let y = net.layer_norm(&x);
    let y = net.feed_forward(&y, 4 * width, Act::Gelu);
    net.add(&x, &y)
}

/// Four neighbours become one place of twice the width.
fn merge(net: &mut Net, x: &Value) -> Value {
    let side = x.dim(1);
    let mut parts = Vec::new();
    for (row, column) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let y = net.slice_by(x, 1, row, side, 2);
        parts.push(net.slice_by(&y, 2, column, side, 2));
    }
    let y = net.concat(&parts, -1);
    let y = net.layer_norm(&y);
    net.linear_with(&y, 2 * x.dim(3), false)
}
