//! ConvNeXt and RepVGG.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::plain::pictures;
use crate::weights::Init;

/// Large depthwise kernels, LayerNormalization, GELU (Liu et al., 2022).
pub(super) fn convnext(net: &mut Net) {
    let x = pictures(net);
    let patch = net.draw.pick([2, 4, 4]);
    let mut width = net.draw.width(8, 96, 8);
    let kernel = net.draw.pick([3, 5, 7, 7]);
    let mut x = net.conv(&x, Conv::new(width, patch).stride(patch).valid(), true);
    x = channel_norm(net, &x);
    let expansion = net.draw.pick([2, 3, 4, 4]);
    for stage in 0..net.draw.between(2, 4) {
        if stage > 0 && x.side() >= 4 {
            width = (2 * width).min(512);
            let y = channel_norm(net, &x);
            x = net.conv(&y, Conv::new(width, 2).stride(2).valid(), true);
        }
        for _ in 0..net.draw.between(1, 4) {
            x = block(net, &x, kernel, expansion);
        }
    }
    let x = net.global_pool(&x);
    let x = net.flatten(&x);
    let x = net.layer_norm(&x);
    let classes = net.draw.pick([10, 100, 1000]);
    let x = net.linear(&x, classes);
    net.output(&x);
}

/// LayerNormalization of the channels, which are transposed to the end and back.
fn channel_norm(net: &mut Net, x: &Value) -> Value {
    let y = net.transpose(x, &[0, 2, 3, 1]);
    let y = net.layer_norm(&y);
    net.transpose(&y, &[0, 3, 1, 2])
}

fn block(net: &mut Net, x: &Value, kernel: i64, expansion: i64) -> Value {
    let width = x.channels();
    let y = net.conv(x, Conv::depthwise(width, kernel), true);
    let y = net.transpose(&y, &[0, 2, 3, 1]);
    let y = net.layer_norm(&y);
    let y = net.feed_forward(&y, expansion * width, Act::Gelu);
    let scale = net.weight(&[width], Init::Constant(0.5));
    let y = net.mul(&y, &scale);
    let y = net.transpose(&y, &[0, 3, 1, 2]);
    net.add(x, &y)
}

/// 3x3, 1x1 and identity side by side, as it is trained, or 3x3 alone, as it is
/// deployed (Ding et al., 2021).
pub(super) fn repvgg(net: &mut Net) {
    let mut x = pictures(net);
    let deployed = net.draw.chance(0.5);
    let groups = net.draw.pick([1, 1, 1, 2, 4]);
    let mut width = net.draw.width(8, 64, 8);
    for stage in 0..net.draw.between(2, 5) {
        for at in 0..net.draw.between(1, 5) {
            let stride = if at == 0 && x.side() >= 8 { 2 } else { 1 };
            let group = if stage > 0 && at % 2 == 1 { groups } else { 1 };
            x = rep_block(net, &x, Conv::new(width, 3).stride(stride).group(group), deployed);
        }
        width = (width * 2).min(512);
    }
    net.classify(&x);
}

fn rep_block(net: &mut Net, x: &Value, conv: Conv, deployed: bool) -> Value {
    if deployed {
        let y = net.conv(x, conv, true);
        return net.act(&y, Act::Relu);
    }
    let y = net.conv_norm_act(x, conv, Act::None);
    let z = net.conv_norm_act(x, conv.kernel(1), Act::None);
    let mut sum = net.add(&y, &z);
    if sum.shape == x.shape {
        let same = net.batch_norm(x);
        sum = net.add(&sum, &same);
    }
    net.act(&sum, Act::Relu)
}
