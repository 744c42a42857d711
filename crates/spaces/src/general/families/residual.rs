//! Residual networks (He et al., 2015 and 2016) and their kin.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::plain::pictures;

/// Depth and widths of a network of stages.
struct Plan {
    width: i64,
    act: Act,
    blocks: Vec<i64>,
}

impl Plan {
    fn draw(net: &mut Net) -> Self {
        let act = if net.draw.chance(0.6) { Act::Relu } else { Act::draw(&mut net.draw) };
        let width = net.draw.width(8, 96, 8);
        let stages = net.draw.between(2, 4);
        let most = net.draw.pick([1, 2, 3, 6]);
        let blocks = (0..stages).map(|_| net.draw.between(1, most)).collect();
        Self { width, act, blocks }
    }
}

/// The stem: 7x7 with stride and pooling for large pictures, else 3x3.
pub(super) fn stem(net: &mut Net, width: i64, act: Act) -> Value {
    let x = pictures(net);
    if x.side() < 64 {
        return net.conv_norm_act(&x, Conv::new(width, 3), act);
    }
    let kernel = net.draw.pick([3, 7, 7]);
    let x = net.conv_norm_act(&x, Conv::new(width, kernel).stride(2), act);
    match net.draw.chance(0.7) {
        true => net.max_pool(&x, 3, 2),
        false => x,
    }
}

/// Stages of blocks; the first block of all stages but the first has stride 2.
fn network(
    net: &mut Net,
    expansion: i64,
    block: impl Fn(&mut Net, &Value, i64, i64, Act) -> Value,
) {
    let plan = Plan::draw(net);
    let mut x = stem(net, plan.width, plan.act);
    for (stage, &blocks) in plan.blocks.iter().enumerate() {
        let width = (plan.width << stage).min(512) * expansion;
        for at in 0..blocks {
            let stride = if stage > 0 && at == 0 && x.side() >= 4 { 2 } else { 1 };
            x = block(net, &x, width, stride, plan.act);
        }
    }
    net.classify(&x);
}

/// The way around a block: nothing, or a convolution where the shape changes.
fn shortcut(net: &mut Net, x: &Value, width: i64, stride: i64) -> Value {
    if x.channels() == width && stride == 1 {
        return x.clone();
    }
    net.conv_norm_act(x, Conv::new(width, 1).stride(stride), Act::None)
}

/// Two 3x3 convolutions.
pub(super) fn basic(net: &mut Net) {
    network(net, 1, |net, x, width, stride, act| {
        let y = net.conv_norm_act(x, Conv::new(width, 3).stride(stride), act);
        let y = net.conv_norm_act(&y, Conv::new(width, 3), Act::None);
        let around = shortcut(net, x, width, stride);
        let y = net.add(&y, &around);
        net.act(&y, act)
    });
}

/// 1x1, 3x3 in groups, 1x1.
fn bottleneck_block(
    net: &mut Net,
    x: &Value,
    conv: Conv,
    inner: i64,
    width: i64,
    stride: i64,
    act: Act,
) -> Value {
    let y = net.conv_norm_act(x, Conv::new(inner, 1), act);
    let y = net.conv_norm_act(&y, conv.stride(stride), act);
    let y = net.conv_norm_act(&y, Conv::new(width, 1), Act::None);
    let around = shortcut(net, x, width, stride);
    let y = net.add(&y, &around);
    net.act(&y, act)
}

/// 1x1, 3x3, 1x1.
pub(super) fn bottleneck(net: &mut Net) {
    let expansion = net.draw.pick([2, 4, 4]);
    network(net, expansion, |net, x, width, stride, act| {
        let inner = width / expansion;
        bottleneck_block(net, x, Conv::new(inner, 3), inner, width, stride, act)
    });
}

/// Bottlenecks with group convolutions (Xie et al., 2017).
pub(super) fn resnext(net: &mut Net) {
    let groups = net.draw.pick([2, 4, 8]);
    network(net, 2, |net, x, width, stride, act| {
        bottleneck_block(net, x, Conv::new(width, 3).group(groups), width, width, stride, act)
    });
}

/// Normalization and activation before each convolution.
pub(super) fn preactivation(net: &mut Net) {
    network(net, 1, |net, x, width, stride, act| {
        let y = net.batch_norm(x);
        let before = net.act(&y, act);
        let y = net.conv_norm_act(&before, Conv::new(width, 3).stride(stride), act);
        let y = net.conv(&y, Conv::new(width, 3), false);
        let around = match x.channels() == width && stride == 1 {
            true => x.clone(),
            false => net.conv(&before, Conv::new(width, 1).stride(stride), false),
        };
        net.add(&y, &around)
    });
}

/// Basic blocks with squeeze and excitation.
pub(super) fn squeeze_excited(net: &mut Net) {
    let reduction = net.draw.pick([4, 8, 16]);
    network(net, 1, |net, x, width, stride, act| {
        let y = net.conv_norm_act(x, Conv::new(width, 3).stride(stride), act);
        let y = net.conv_norm_act(&y, Conv::new(width, 3), Act::None);
        let y = net.squeeze_excite(&y, width / reduction, Act::Sigmoid, Act::Relu);
        let around = shortcut(net, x, width, stride);
        let y = net.add(&y, &around);
        net.act(&y, act)
    });
}
