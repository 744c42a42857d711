//! Picture to picture: segmentation, autoencoders, super-resolution.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::layers::layout::Order;
use super::super::net::{Net, Value};
use super::residual::stem;

/// A picture whose size halves `times` without a rest.
fn divisible(net: &mut Net, times: u32) -> Value {
    let step = 1i64 << times;
    let height = net.draw.width(32.max(step), 256.max(step), step.max(16));
    let width = if net.draw.chance(0.2) { net.draw.width(32, 256, step.max(16)) } else { height };
    let channels = net.draw.pick([1, 1, 3, 3, 3, 4]);
    net.input("image", &[channels, height, width])
}

fn double(net: &mut Net, x: &Value, width: i64, act: Act) -> Value {
    let y = net.conv_norm_act(x, Conv::new(width, 3), act);
    net.conv_norm_act(&y, Conv::new(width, 3), act)
}

/// U-Net (Ronneberger et al., 2015).
pub(super) fn unet(net: &mut Net) {
    let depth = net.draw.between(2, 4) as usize;
    let mut x = divisible(net, depth as u32);
    let act = net.draw.pick([Act::Relu, Act::Relu, Act::LeakyRelu, Act::Silu]);
    let base = net.draw.width(4, 48, 4);
    let transposed = net.draw.chance(0.5);
    let mode = net.draw.pick(["nearest", "linear"]);
    let mut skips = Vec::new();
    for level in 0..depth {
        x = double(net, &x, base << level, act);
        skips.push(x.clone());
        x = net.max_pool(&x, 2, 2);
    }
    x = double(net, &x, base << depth, act);
    for (level, skip) in skips.into_iter().enumerate().rev() {
        let width = base << level;
        x = match transposed {
            true => net.conv_transpose(&x, width, 2),
            false => net.upsample(&x, 2, mode),
        };
        x = net.concat(&[skip, x], 1);
        x = double(net, &x, width, act);
    }
    let classes = net.draw.pick([1, 2, 5, 21]);
    x = net.conv(&x, Conv::new(classes, 1), true);
    if classes == 1 {
        x = net.act(&x, Act::Sigmoid);
    }
    net.output(&x);
}

/// Convolutions down to a few channels and transposed convolutions up again.
pub(super) fn autoencoder(net: &mut Net) {
    let depth = net.draw.between(2, 4);
    let mut x = divisible(net, depth as u32);
    let channels = x.channels();
    let act = Act::draw(&mut net.draw);
    let base = net.draw.width(8, 64, 8);
    let instance = net.draw.chance(0.3);
    for level in 0..depth {
        x = net.conv(&x, Conv::new(base << level.min(3), 3).stride(2), true);
        x = settle(net, &x, instance, act);
    }
    if net.draw.chance(0.3) {
        let code = net.draw.width(8, 64, 8);
        x = net.conv_norm_act(&x, Conv::new(code, 1), act);
    }
    let kernel = net.draw.pick([2, 4, 4]);
    for level in (0..depth - 1).rev() {
        x = net.conv_transpose(&x, base << level.min(3), kernel);
        x = settle(net, &x, instance, act);
    }
    x = net.conv_transpose(&x, channels, kernel);
    let last = net.draw.pick([Act::Sigmoid, Act::Tanh, Act::None]);
    x = net.act(&x, last);
    net.output(&x);
}

fn settle(net: &mut Net, x: &Value, instance: bool, act: Act) -> Value {
    let y = if instance { net.instance_norm(x) } else { net.batch_norm(x) };
    net.act(&y, act)
}

/// Residual blocks without normalization, then pixels out of channels (Lim et
/// al., 2017; Shi et al., 2016).
pub(super) fn super_resolution(net: &mut Net) {
    let x = divisible(net, 0);
    let channels = x.channels();
    let width = net.draw.width(8, 64, 8);
    let act = net.draw.pick([Act::Relu, Act::PRelu, Act::LeakyRelu]);
    let first = net.conv(&x, Conv::new(width, 3), true);
    let mut y = first.clone();
    for _ in 0..net.draw.between(1, 8) {
        let z = net.conv(&y, Conv::new(width, 3), true);
        let z = net.act(&z, act);
        let z = net.conv(&z, Conv::new(width, 3), true);
        y = net.add(&y, &z);
    }
    y = net.add(&first, &y);
    let factor = net.draw.pick([2, 2, 3, 4]);
    y = net.conv(&y, Conv::new(channels * factor * factor, 3), true);
    let order = net.draw.pick([Order::Depth, Order::Crd, Order::Parts]);
    y = net.depth_to_space(&y, factor, order);
    net.output(&y);
}

/// Dilated convolutions side by side (Chen et al., 2018), enlarged at the end.
pub(super) fn dilated(net: &mut Net) {
    let width = net.draw.width(8, 64, 8);
    let mut x = stem(net, width, Act::Relu);
    let blocks = net.draw.between(1, 5);
    for at in 0..blocks {
        let dilation = 1 << at.min(3);
        let y = net.conv_norm_act(&x, Conv::new(width, 3).dilation(dilation), Act::Relu);
        let y = net.conv_norm_act(&y, Conv::new(width, 3).dilation(dilation), Act::None);
        let y = net.add(&x, &y);
        x = net.act(&y, Act::Relu);
    }
    let mut branches = vec![net.conv_norm_act(&x, Conv::new(width, 1), Act::Relu)];
    for rate in net.draw.pick([[2, 4, 6], [3, 6, 9], [6, 12, 18]]) {
        branches.push(net.conv_norm_act(&x, Conv::new(width, 3).dilation(rate), Act::Relu));
    }
    x = net.concat(&branches, 1);
    x = net.conv_norm_act(&x, Conv::new(width, 1), Act::Relu);
    let classes = net.draw.pick([2, 5, 21]);
    x = net.conv(&x, Conv::new(classes, 1), true);
    x = net.upsample(&x, 4, "linear");
    net.output(&x);
}
