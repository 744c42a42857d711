//! Networks of 8-bit integers.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::plain::pictures;

/// Convolutions between QuantizeLinear and DequantizeLinear.
pub(super) fn cnn(net: &mut Net) {
    let mut x = pictures(net);
    let mut width = net.draw.width(8, 64, 8);
    let around = net.draw.chance(0.5);
    x = net.quantised(&x);
    for _ in 0..net.draw.between(2, 10) {
        let stride = if x.side() >= 8 && net.draw.chance(0.35) { 2 } else { 1 };
        if stride == 2 {
            width = (width * 2).min(384);
        }
        let kernel = net.draw.pick([1, 3, 3]);
        let mut y = net.quantised_conv(&x, Conv::new(width, kernel).stride(stride));
        if around && y.shape == x.shape {
            let sum = net.add(&y, &x);
            y = net.quantised(&sum);
        }
        let y = net.act(&y, Act::Relu);
        x = net.quantised(&y);
    }
    net.classify(&x);
}

/// Linear layers whose inputs are quantized as they come (DynamicQuantizeLinear,
/// MatMulInteger).
pub(super) fn mlp(net: &mut Net) {
    let (features, rows) = (net.draw.width(16, 1024, 16), net.draw.pick([1, 1, 16, 64]));
    let mut x = match rows {
        1 => net.input("features", &[features]),
        _ => net.input("features", &[rows, features]),
    };
    let width = net.draw.width(32, 1024, 16);
    let act = net.draw.pick([Act::Relu, Act::Gelu, Act::Tanh]);
    for _ in 0..net.draw.between(1, 8) {
        let y = net.quantised_linear(&x, width);
        x = net.act(&y, act);
    }
    finish(net, &x);
}

fn finish(net: &mut Net, x: &Value) {
    let out = net.draw.pick([2, 10, 100]);
    let y = net.quantised_linear(x, out);
    net.output(&y);
}
