//! Convolutions along one axis: time series, sound.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};

fn signal(net: &mut Net) -> Value {
    let channels = net.draw.pick([1, 1, 2, 3, 6, 12, 40, 64]);
    let length = net.draw.width(64, 8192, 32);
    net.input("signal", &[channels, length])
}

/// Convolutions and pooling.
pub(super) fn cnn(net: &mut Net) {
    let mut x = signal(net);
    let act = Act::draw(&mut net.draw);
    let mut width = net.draw.width(8, 128, 8);
    for _ in 0..net.draw.between(2, 10) {
        let kernel = net.draw.pick([3, 3, 5, 7, 9, 15]);
        let stride = if x.side() >= 32 { net.draw.pick([1, 1, 2, 4]) } else { 1 };
        x = net.conv_norm_act(&x, Conv::new(width, kernel).stride(stride), act);
        if x.side() >= 32 && net.draw.chance(0.4) {
            x = net.max_pool(&x, 2, 2);
            width = (width * 3 / 2 / 8 * 8).min(384);
        }
    }
    net.classify(&x);
}

/// Dilated causal convolutions with a way around (Bai et al., 2018).
pub(super) fn tcn(net: &mut Net) {
    let mut x = signal(net);
    let act = net.draw.pick([Act::Relu, Act::Relu, Act::Gelu, Act::PRelu]);
    let (width, kernel) = (net.draw.width(8, 128, 8), net.draw.pick([2, 3, 5, 7]));
    for level in 0..net.draw.between(2, 8) {
        let conv = Conv::new(width, kernel).dilation(1 << level.min(6)).causal();
        let y = net.conv_norm_act(&x, conv, act);
        let y = net.conv_norm_act(&y, conv, act);
        let around = match x.channels() == width {
            true => x,
            false => net.conv(&x, Conv::new(width, 1), true),
        };
        let y = net.add(&y, &around);
        x = net.act(&y, act);
    }
    if net.draw.chance(0.4) {
        let out = net.draw.pick([1, 4, 16]);
        let y = net.conv(&x, Conv::new(out, 1), true);
        return net.output(&y);
    }
    net.classify(&x);
}

/// Gated dilated convolutions whose results are summed (van den Oord et al., 2016).
pub(super) fn wavenet(net: &mut Net) {
    let x = signal(net);
    let (width, skip) = (net.draw.width(8, 64, 8), net.draw.width(8, 96, 8));
    let cycle = net.draw.between(3, 8);
    let mut x = net.conv(&x, Conv::new(width, 1), true);
    let mut sum: Option<Value> = None;
    for level in 0..net.draw.between(3, 16) {
        let conv = Conv::new(width, 2).dilation(1 << (level % cycle)).causal();
        let value = net.conv(&x, conv, true);
        let value = net.act(&value, Act::Tanh);
        let gate = net.conv(&x, conv, true);
        let gate = net.act(&gate, Act::Sigmoid);
        let y = net.mul(&value, &gate);
        let out = net.conv(&y, Conv::new(skip, 1), true);
        sum = Some(match sum {
            None => out,
            Some(s) => net.add(&s, &out),
        });
        let y = net.conv(&y, Conv::new(width, 1), true);
        x = net.add(&x, &y);
    }
    let y = net.act(sum.as_ref().unwrap_or(&x), Act::Relu);
    let out = net.draw.pick([1, 32, 64]);
    let y = net.conv(&y, Conv::new(out, 1), true);
    net.output(&y);
}

/// Depthwise separable blocks with a way around (Kriman et al., 2020).
pub(super) fn separable(net: &mut Net) {
    let x = signal(net);
    let width = net.draw.width(16, 256, 16);
    let act = net.draw.pick([Act::Relu, Act::Silu, Act::HardSwish]);
    let kernel = net.draw.pick([5, 11, 13, 25, 33]);
    let mut x = net.conv_norm_act(&x, Conv::new(width, kernel).stride(2), act);
    for _ in 0..net.draw.between(1, 5) {
        let around = net.conv_norm_act(&x, Conv::new(width, 1), Act::None);
        for _ in 0..net.draw.between(1, 3) {
            x = net.conv_norm_act(&x, Conv::depthwise(width, kernel), Act::None);
            x = net.conv_norm_act(&x, Conv::new(width, 1), act);
        }
        if net.draw.chance(0.4) {
            x = net.squeeze_excite(&x, width / 8, Act::Sigmoid, Act::Relu);
        }
        let y = net.add(&x, &around);
        x = net.act(&y, act);
    }
    if net.draw.chance(0.5) {
        let letters = net.draw.pick([29, 64]);
        let y = net.conv(&x, Conv::new(letters, 1), true);
        let y = net.transpose(&y, &[0, 2, 1]);
        let y = net.along("LogSoftmax", &y, 2);
        return net.output(&y);
    }
    net.classify(&x);
}
