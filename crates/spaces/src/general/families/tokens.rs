//! Transformers on other sequences.

use super::super::layers::activation::Act;
use super::super::layers::attention::Attention;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::attentive::{block, heads};

/// Speech: attention and convolutions in turn (Gulati et al., 2020).
pub(super) fn conformer(net: &mut Net) {
    let (width, heads) = heads(net, 256);
    let (steps, bands) = (net.draw.pick([32, 48, 64, 100, 128, 200]), net.draw.pick([40, 64, 80]));
    let x = net.input("features", &[steps, bands]);
    let mut x = net.linear(&x, width);
    let kernel = net.draw.pick([7, 15, 31]);
    for _ in 0..net.draw.between(1, 6) {
        x = half_step(net, &x);
        let y = net.layer_norm(&x);
        let y = net.attention(&y, &y, &Attention::new(heads));
        x = net.add(&x, &y);
        let y = convolution(net, &x, kernel);
        x = net.add(&x, &y);
        x = half_step(net, &x);
        x = net.layer_norm(&x);
    }
    let letters = net.draw.pick([29, 128, 512]);
    let y = net.linear(&x, letters);
    let y = net.along("LogSoftmax", &y, -1);
    net.output(&y);
}

fn half_step(net: &mut Net, x: &Value) -> Value {
    let y = net.layer_norm(x);
    let y = net.feed_forward(&y, 4 * x.dim(2), Act::Silu);
    let y = net.with_scalar("Mul", &y, 0.5);
    net.add(x, &y)
}

fn convolution(net: &mut Net, x: &Value, kernel: i64) -> Value {
    let width = x.dim(2);
    let y = net.layer_norm(x);
    let y = net.transpose(&y, &[0, 2, 1]);
    let y = net.conv(&y, Conv::new(2 * width, 1), true);
    let [kept, gate] = net.split::<2>(&y, 1);
    let gate = net.act(&gate, Act::Sigmoid);
    let y = net.mul(&kept, &gate);
    let y = net.conv_norm_act(&y, Conv::depthwise(width, kernel), Act::Silu);
    let y = net.conv(&y, Conv::new(width, 1), true);
    net.transpose(&y, &[0, 2, 1])
}

/// Vectors without order or of a time series, classified as a whole.
pub(super) fn set_transformer(net: &mut Net) {
    let (width, heads) = heads(net, 256);
    let (count, features) = (net.draw.width(4, 192, 4), net.draw.width(2, 64, 1));
    let x = net.input("points", &[count, features]);
    let mut x = net.linear(&x, width);
    let (before, act) = (net.draw.chance(0.5), net.draw.pick([Act::Relu, Act::Gelu]));
    let inner = width * net.draw.pick([1, 2, 4]);
    for _ in 0..net.draw.between(1, 6) {
        x = block(net, &x, &Attention::new(heads), inner, act, before);
    }
    let op = net.draw.pick(["ReduceMean", "ReduceMax", "ReduceSum"]);
    let x = net.reduce(op, &x, &[1], false);
    let out = net.draw.pick([1, 2, 10, 40]);
    let y = net.linear(&x, out);
    net.output(&y);
}
