//! Networks of depthwise convolutions for small devices.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::plain::pictures;

/// A multiple of 8, as the reference code of MobileNet rounds.
fn eight(width: f64) -> i64 {
    ((width / 8.0).round() as i64).max(1) * 8
}

/// An inverted residual (Sandler et al., 2018).
#[derive(Debug, Clone, Copy)]
struct Inverted {
    kernel: i64,
    expansion: f64,
    out: i64,
    stride: i64,
    act: Act,
    /// Squeeze and excitation: part of the channels, and the gate.
    excite: Option<(f64, Act, Act)>,
}

fn inverted(net: &mut Net, x: &Value, b: Inverted) -> Value {
    let inner = eight(x.channels() as f64 * b.expansion);
    let mut y = x.clone();
    if b.expansion > 1.0 {
        y = net.conv_norm_act(&y, Conv::new(inner, 1), b.act);
    }
    let width = y.channels();
    y = net.conv_norm_act(&y, Conv::depthwise(width, b.kernel).stride(b.stride), b.act);
    if let Some((part, gate, act)) = b.excite {
        y = net.squeeze_excite(&y, (width as f64 * part) as i64, gate, act);
    }
    y = net.conv_norm_act(&y, Conv::new(b.out, 1), Act::None);
    match b.stride == 1 && b.out == x.channels() {
        true => net.add(x, &y),
        false => y,
    }
}

fn stem(net: &mut Net, width: i64, act: Act) -> Value {
    let x = pictures(net);
    let stride = if x.side() >= 64 { 2 } else { 1 };
    net.conv_norm_act(&x, Conv::new(width, 3).stride(stride), act)
}

/// Depthwise and pointwise convolutions in turn (Howard et al., 2017).
pub(super) fn mobilenet_v1(net: &mut Net) {
    let act = net.draw.pick([Act::Relu, Act::Relu6, Act::Relu6, Act::LeakyRelu]);
    let mut width = net.draw.width(8, 64, 8);
    let mut x = stem(net, width, act);
    let kernel = net.draw.pick([3, 3, 3, 5]);
    for _ in 0..net.draw.between(3, 13) {
        let stride = if x.side() >= 8 && net.draw.chance(0.35) { 2 } else { 1 };
        let conv = Conv::depthwise(x.channels(), kernel).stride(stride);
        x = net.conv_norm_act(&x, conv, act);
        if stride == 2 || net.draw.chance(0.15) {
            width = (2 * width).min(768);
        }
        x = net.conv_norm_act(&x, Conv::new(width, 1), act);
    }
    net.classify(&x);
}

/// Stages of inverted residuals; `block` draws what is special of a stage.
fn inverted_stages(net: &mut Net, act: Act, mut block: impl FnMut(&mut Net, usize) -> Inverted) {
    let width = net.draw.log(0.35, 2.0);
    let mut x = stem(net, eight(16.0 * width), act);
    let stages = net.draw.between(3, 7) as usize;
    for stage in 0..stages {
        let mut b = block(net, stage);
        b.out = eight(b.out as f64 * width);
        for at in 0..net.draw.between(1, 4) {
            let stride = if at == 0 && x.side() >= 6 { b.stride } else { 1 };
            x = inverted(net, &x, Inverted { stride, ..b });
        }
    }
    let head = eight(x.channels() as f64 * net.draw.pick([2.0, 3.0, 4.0, 6.0]));
    x = net.conv_norm_act(&x, Conv::new(head, 1), act);
    net.classify(&x);
}

const OUT: [i64; 7] = [16, 24, 32, 64, 96, 160, 320];

fn plan(net: &mut Net, stage: usize, act: Act) -> Inverted {
    let expansion = if stage == 0 { 1.0 } else { net.draw.pick([2.0, 3.0, 4.0, 6.0, 6.0]) };
    let stride = if stage > 0 && net.draw.chance(0.7) { 2 } else { 1 };
    let out = OUT.get(stage).copied().unwrap_or(320);
    Inverted { kernel: 3, expansion, out, stride, act, excite: None }
}

/// MobileNetV2 (Sandler et al., 2018).
pub(super) fn mobilenet_v2(net: &mut Net) {
    let act = net.draw.pick([Act::Relu6, Act::Relu6, Act::Relu]);
    inverted_stages(net, act, |net, stage| plan(net, stage, act));
}

/// MobileNetV3 (Howard et al., 2019).
pub(super) fn mobilenet_v3(net: &mut Net) {
    inverted_stages(net, Act::HardSwish, |net, stage| {
        let act = if stage < 2 { Act::Relu } else { Act::HardSwish };
        let kernel = net.draw.pick([3, 5]);
        let excite = net.draw.chance(0.6).then_some((0.25, Act::HardSigmoid, Act::Relu));
        Inverted { kernel, excite, ..plan(net, stage, act) }
    });
}

/// EfficientNet (Tan and Le, 2019).
pub(super) fn efficientnet(net: &mut Net) {
    let act = net.draw.pick([Act::Silu, Act::Silu, Act::Relu6]);
    inverted_stages(net, act, |net, stage| {
        let kernel = net.draw.pick([3, 3, 5, 5, 7]);
        let part = net.draw.pick([0.04, 0.0625, 0.25]);
        Inverted { kernel, excite: Some((part, Act::Sigmoid, act)), ..plan(net, stage, act) }
    });
}
