//! Detectors without their selection of boxes.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};

/// A picture whose size is a multiple of 32.
fn photo(net: &mut Net) -> Value {
    let height = net.draw.width(64, 320, 32);
    let width = if net.draw.chance(0.2) { net.draw.width(64, 320, 32) } else { height };
    net.input("images", &[3, height, width])
}

/// A backbone of residual blocks, a feature pyramid (Lin et al., 2017), and heads
/// of convolutions for classes and boxes.
pub(super) fn fpn(net: &mut Net) {
    let base = net.draw.width(8, 48, 8);
    let x = photo(net);
    let mut x = net.conv_norm_act(&x, Conv::new(base, 3).stride(2), Act::Relu);
    let mut levels = Vec::new();
    for level in 1..=4 {
        let width = base << level.min(3);
        x = net.conv_norm_act(&x, Conv::new(width, 3).stride(2), Act::Relu);
        for _ in 0..net.draw.between(0, 2) {
            let y = net.conv_norm_act(&x, Conv::new(width, 3), Act::Relu);
            let y = net.conv_norm_act(&y, Conv::new(width, 3), Act::None);
            let y = net.add(&x, &y);
            x = net.act(&y, Act::Relu);
        }
        levels.push(x.clone());
    }
    let width = net.draw.width(16, 96, 16);
    let mut top: Option<Value> = None;
    let mut pyramid = Vec::new();
    for level in levels.iter().skip(1).rev() {
        let mut y = net.conv(level, Conv::new(width, 1), true);
        if let Some(above) = &top {
            let larger = net.upsample(above, 2, "nearest");
            y = net.add(&y, &larger);
        }
        top = Some(y.clone());
        pyramid.push(net.conv(&y, Conv::new(width, 3), true));
    }
    let (depth, classes) = (net.draw.between(0, 2), net.draw.pick([1, 5, 20, 80]));
    heads(net, &pyramid, depth, classes);
}

/// Scores and boxes of all places of all levels, one after the other.
fn heads(net: &mut Net, levels: &[Value], depth: i64, classes: i64) {
    for (out, gate) in [(classes, Act::Sigmoid), (4, Act::None)] {
        let rows: Vec<Value> = levels.iter().map(|level| head(net, level, depth, out)).collect();
        let all = net.concat(&rows, 1);
        let all = net.act(&all, gate);
        net.output(&all);
    }
}

fn head(net: &mut Net, x: &Value, depth: i64, out: i64) -> Value {
    let mut y = x.clone();
    for _ in 0..depth {
        y = net.conv_norm_act(&y, Conv::new(x.channels(), 3), Act::Relu);
    }
    let y = net.conv(&y, Conv::new(out, 3), true);
    let y = net.transpose(&y, &[0, 2, 3, 1]);
    net.reshape(&y, &[x.dim(2) * x.dim(3), out])
}

/// Stages of partly passed channels (Wang et al., 2020), pooling side by side,
/// and one head a level: the shape of the YOLO networks.
pub(super) fn csp(net: &mut Net) {
    let base = net.draw.width(8, 32, 8);
    let act = net.draw.pick([Act::Silu, Act::Silu, Act::LeakyRelu, Act::Mish]);
    let x = photo(net);
    let mut x = net.conv_norm_act(&x, Conv::new(base, 3).stride(2), act);
    let mut levels = Vec::new();
    for level in 1..=4 {
        x = net.conv_norm_act(&x, Conv::new(base << level, 3).stride(2), act);
        let repeats = net.draw.between(1, 2);
        x = csp_block(net, &x, repeats, act);
        levels.push(x.clone());
    }
    x = pyramid_pool(net, &x, act);
    let mut outputs = vec![x.clone()];
    for level in levels.iter().rev().skip(1).take(2) {
        let y = net.conv_norm_act(&x, Conv::new(level.channels(), 1), act);
        let y = net.upsample(&y, 2, "nearest");
        let y = net.concat(&[y, level.clone()], 1);
        let y = net.conv_norm_act(&y, Conv::new(level.channels(), 1), act);
        x = csp_block(net, &y, 1, act);
        outputs.push(x.clone());
    }
    let out = 3 * (5 + net.draw.pick([1, 20, 80]));
    let rows: Vec<Value> = outputs.iter().map(|level| boxes(net, level, out)).collect();
    let all = net.concat(&rows, 1);
    net.output(&all);
}

fn csp_block(net: &mut Net, x: &Value, repeats: i64, act: Act) -> Value {
    let half = x.channels() / 2;
    let around = net.conv_norm_act(x, Conv::new(half, 1), act);
    let mut y = net.conv_norm_act(x, Conv::new(half, 1), act);
    for _ in 0..repeats {
        let z = net.conv_norm_act(&y, Conv::new(half, 1), act);
        let z = net.conv_norm_act(&z, Conv::new(half, 3), act);
        y = net.add(&y, &z);
    }
    let y = net.concat(&[y, around], 1);
    net.conv_norm_act(&y, Conv::new(x.channels(), 1), act)
}

fn pyramid_pool(net: &mut Net, x: &Value, act: Act) -> Value {
    let half = net.conv_norm_act(x, Conv::new(x.channels() / 2, 1), act);
    let mut parts = vec![half.clone()];
    let mut y = half;
    for _ in 0..3 {
        y = net.max_pool(&y, 5, 1);
        parts.push(y.clone());
    }
    let y = net.concat(&parts, 1);
    net.conv_norm_act(&y, Conv::new(x.channels(), 1), act)
}

/// Boxes `[batch, places * 3, features]` of one level.
fn boxes(net: &mut Net, x: &Value, out: i64) -> Value {
    let (h, w) = (x.dim(2), x.dim(3));
    let y = net.conv(x, Conv::new(out, 1), true);
    let y = net.reshape(&y, &[3, out / 3, h, w]);
    let y = net.transpose(&y, &[0, 1, 3, 4, 2]);
    let y = net.act(&y, Act::Sigmoid);
    net.reshape(&y, &[3 * h * w, out / 3])
}
