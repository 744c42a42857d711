//! Convolutions one after the other.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};

/// An input of pictures: usual sizes, now and then not square or grey.
pub(super) fn pictures(net: &mut Net) -> Value {
    let d = &mut net.draw;
    let sizes =
        [16, 24, 28, 32, 32, 32, 48, 64, 64, 80, 96, 112, 128, 128, 160, 192, 224, 224, 256];
    let height = d.pick(sizes);
    let width = if d.chance(0.12) { d.pick([32, 48, 64, 96, 160, 256]) } else { height };
    let channels = d.pick([1, 3, 3, 3, 3, 3, 3, 4]);
    net.input("input", &[channels, height, width])
}

/// A stack of convolutions of drawn kernels, widths and strides.
pub(super) fn plain(net: &mut Net) {
    let mut x = pictures(net);
    let act = Act::draw(&mut net.draw);
    let depth = net.draw.between(2, 12);
    let mut width = net.draw.width(4, 96, 4);
    let growth = net.draw.pick([1.0, 1.2, 1.5, 2.0]);
    for _ in 0..depth {
        let kernel = net.draw.pick([1, 3, 3, 3, 3, 5, 5, 7]);
        let shrink = x.side() > 8 && net.draw.chance(0.4);
        let pooled = net.draw.chance(0.4);
        let stride = if shrink && !pooled { 2 } else { 1 };
        x = net.conv_norm_act(&x, Conv::new(width, kernel).stride(stride), act);
        if shrink {
            width = ((width as f64 * growth / 4.0).round() as i64 * 4).min(512);
        }
        if shrink && pooled {
            let op = net.draw.pick(["MaxPool", "MaxPool", "AveragePool"]);
            x = net.pool(op, &x, 2, 2);
        }
    }
    finish(net, &x);
}

/// Mean of the positions, or all of them as features of a small MLP.
fn finish(net: &mut Net, x: &Value) {
    if x.elements() / x.dim(0) > 8192 || net.draw.chance(0.5) {
        return net.classify(x);
    }
    let y = net.flatten(x);
    let hidden = net.draw.width(16, 256, 16);
    let y = net.linear(&y, hidden);
    let y = net.act(&y, Act::Relu);
    let classes = net.draw.pick([2, 10, 100]);
    let y = net.linear(&y, classes);
    net.output(&y);
}

/// Stages of 3x3 convolutions with pooling between (Simonyan and Zisserman,
/// 2015), with or without batch normalization.
pub(super) fn vgg(net: &mut Net) {
    let mut x = pictures(net);
    let mut width = net.draw.width(8, 64, 8);
    let normed = net.draw.chance(0.6);
    let stages = net.draw.between(2, 5);
    for stage in 0..stages {
        let repeats = net.draw.between(1, if stage < 2 { 2 } else { 4 });
        for _ in 0..repeats {
            x = match normed {
                true => net.conv_norm_act(&x, Conv::new(width, 3), Act::Relu),
                false => {
                    let y = net.conv(&x, Conv::new(width, 3), true);
                    net.act(&y, Act::Relu)
                }
            };
        }
        if x.side() >= 4 {
            x = net.max_pool(&x, 2, 2);
        }
        width = (2 * width).min(512);
    }
    finish(net, &x);
}
