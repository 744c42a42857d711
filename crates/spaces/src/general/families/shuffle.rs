//! Networks that save by splitting, shuffling and deriving channels.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::residual::stem;

fn channel_shuffle(net: &mut Net, x: &Value, groups: i64) -> Value {
    let (c, h, w) = (x.channels(), x.dim(2), x.dim(3));
    let y = net.reshape(x, &[groups, c / groups, h, w]);
    let y = net.transpose(&y, &[0, 2, 1, 3, 4]);
    net.reshape(&y, &[c, h, w])
}

/// ShuffleNet: group convolutions with a shuffle (Zhang et al., 2018), or halves
/// of the channels (Ma et al., 2018).
pub(super) fn shufflenet(net: &mut Net) {
    let width = net.draw.width(16, 128, 16);
    let mut x = stem(net, 16, Act::Relu);
    x = net.conv_norm_act(&x, Conv::new(width, 1), Act::Relu);
    let halves = net.draw.chance(0.6);
    let groups = net.draw.pick([2, 4, 8]);
    for stage in 0..net.draw.between(2, 4) {
        if stage > 0 && x.side() >= 4 {
            x = down(net, &x, (2 * x.channels()).min(512));
        }
        for _ in 0..net.draw.between(1, 5) {
            x = match halves {
                true => half_block(net, &x),
                false => group_block(net, &x, groups),
            };
        }
    }
    net.classify(&x);
}

/// Halves the size in two branches.
fn down(net: &mut Net, x: &Value, out: i64) -> Value {
    let depthwise = |net: &mut Net, y: &Value| {
        net.conv_norm_act(y, Conv::depthwise(y.channels(), 3).stride(2), Act::None)
    };
    let a = depthwise(net, x);
    let a = net.conv_norm_act(&a, Conv::new(out / 2, 1), Act::Relu);
    let b = net.conv_norm_act(x, Conv::new(out / 2, 1), Act::Relu);
    let b = depthwise(net, &b);
    let b = net.conv_norm_act(&b, Conv::new(out / 2, 1), Act::Relu);
    let y = net.concat(&[a, b], 1);
    channel_shuffle(net, &y, 2)
}

fn half_block(net: &mut Net, x: &Value) -> Value {
    let half = x.channels() / 2;
    let [kept, y] = match net.draw.chance(0.5) {
        true => net.split::<2>(x, 1),
        false => [net.slice(x, 1, 0, half), net.slice(x, 1, half, 2 * half)],
    };
    let y = net.conv_norm_act(&y, Conv::new(half, 1), Act::Relu);
    let y = net.conv_norm_act(&y, Conv::depthwise(half, 3), Act::None);
    let y = net.conv_norm_act(&y, Conv::new(half, 1), Act::Relu);
    let y = net.concat(&[kept, y], 1);
    channel_shuffle(net, &y, 2)
}

fn group_block(net: &mut Net, x: &Value, groups: i64) -> Value {
    let width = x.channels();
    let inner = (width / 4 / groups).max(1) * groups;
    let y = net.conv_norm_act(x, Conv::new(inner, 1).group(groups), Act::Relu);
    let y = channel_shuffle(net, &y, groups);
    let y = net.conv_norm_act(&y, Conv::depthwise(inner, 3), Act::None);
    let y = net.conv_norm_act(&y, Conv::new(width, 1).group(groups), Act::None);
    let y = net.add(x, &y);
    net.act(&y, Act::Relu)
}

/// GhostNet: half of the channels derived from the others by a depthwise
/// convolution (Han et al., 2020).
pub(super) fn ghostnet(net: &mut Net) {
    let mut width = net.draw.width(8, 64, 8);
    let mut x = stem(net, width, Act::Relu);
    for stage in 0..net.draw.between(2, 5) {
        if stage > 0 && x.side() >= 4 {
            width = (width * 2).min(320);
            let c = x.channels();
            x = net.conv_norm_act(&x, Conv::depthwise(c, 3).stride(2), Act::None);
            x = net.conv_norm_act(&x, Conv::new(width, 1), Act::Relu);
        }
        let expansion = net.draw.pick([2, 3, 4]);
        for _ in 0..net.draw.between(1, 4) {
            let mut y = ghost(net, &x, expansion * width, Act::Relu);
            if net.draw.chance(0.3) {
                let inner = y.channels() / 4;
                y = net.squeeze_excite(&y, inner, Act::HardSigmoid, Act::Relu);
            }
            let y = ghost(net, &y, width, Act::None);
            x = net.add(&x, &y);
        }
    }
    net.classify(&x);
}

fn ghost(net: &mut Net, x: &Value, out: i64, act: Act) -> Value {
    let primary = net.conv_norm_act(x, Conv::new(out / 2, 1), act);
    let cheap = net.conv_norm_act(&primary, Conv::depthwise(out / 2, 3), act);
    net.concat(&[primary, cheap], 1)
}
