//! Networks whose blocks have several branches that are concatenated.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use super::plain::pictures;
use super::residual::stem;

/// Every layer reads all before it (Huang et al., 2017).
pub(super) fn densenet(net: &mut Net) {
    let growth = net.draw.width(4, 48, 4);
    let act = net.draw.pick([Act::Relu, Act::Relu, Act::Silu]);
    let narrow = net.draw.chance(0.6);
    let mut x = stem(net, 2 * growth, act);
    let blocks = net.draw.between(2, 4);
    for block in 0..blocks {
        for _ in 0..net.draw.between(2, 10) {
            let y = net.batch_norm(&x);
            let mut y = net.act(&y, act);
            if narrow {
                y = net.conv_norm_act(&y, Conv::new(4 * growth, 1), act);
            }
            let y = net.conv(&y, Conv::new(growth, 3), false);
            x = net.concat(&[x, y], 1);
        }
        if block + 1 < blocks && x.side() >= 4 {
            let y = net.batch_norm(&x);
            let y = net.act(&y, act);
            let y = net.conv(&y, Conv::new(x.channels() / 2, 1), false);
            x = net.pool("AveragePool", &y, 2, 2);
        }
    }
    net.classify(&x);
}

/// Branches of 1x1, 3x3, 5x5 or factored kernels and pooling (Szegedy et al.,
/// 2015 and 2016).
pub(super) fn inception(net: &mut Net) {
    let act = net.draw.pick([Act::Relu, Act::Relu, Act::LeakyRelu]);
    let width = net.draw.width(8, 64, 8);
    let mut x = stem(net, 2 * width, act);
    for _ in 0..net.draw.between(2, 8) {
        x = inception_block(net, &x, width, act);
        if x.side() >= 8 && net.draw.chance(0.3) {
            x = net.max_pool(&x, 3, 2);
        }
    }
    net.classify(&x);
}

fn inception_block(net: &mut Net, x: &Value, width: i64, act: Act) -> Value {
    let mut branches = vec![net.conv_norm_act(x, Conv::new(width, 1), act)];
    let y = net.conv_norm_act(x, Conv::new(width, 1), act);
    branches.push(net.conv_norm_act(&y, Conv::new(width + width / 2, 3), act));
    let mut y = net.conv_norm_act(x, Conv::new((width / 4).max(4), 1), act);
    match net.draw.pick([0, 1, 2]) {
        0 => y = net.conv_norm_act(&y, Conv::new(width / 2, 5), act),
        1 => {
            y = net.conv_norm_act(&y, Conv::new(width / 2, 3), act);
            y = net.conv_norm_act(&y, Conv::new(width / 2, 3), act);
        }
        _ => {
            y = net.conv_norm_act(&y, Conv::rect(width / 2, [1, 7, 1]), act);
            y = net.conv_norm_act(&y, Conv::rect(width / 2, [7, 1, 1]), act);
        }
    }
    branches.push(y);
    let op = net.draw.pick(["MaxPool", "AveragePool"]);
    let y = net.pool(op, x, 3, 1);
    branches.push(net.conv_norm_act(&y, Conv::new(width / 2, 1), act));
    net.concat(&branches, 1)
}

/// Fire modules: a narrow 1x1, then 1x1 and 3x3 side by side (Iandola et al., 2016).
pub(super) fn squeezenet(net: &mut Net) {
    let x = pictures(net);
    let base = net.draw.width(8, 48, 4);
    let stride = if x.side() >= 48 { 2 } else { 1 };
    let kernel = net.draw.pick([3, 3, 7]);
    let x = net.conv(&x, Conv::new(2 * base, kernel).stride(stride), true);
    let mut x = net.act(&x, Act::Relu);
    let around = net.draw.chance(0.4);
    let mut width = base;
    for _ in 0..net.draw.between(2, 10) {
        let y = net.conv(&x, Conv::new((width / 4).max(4), 1), true);
        let y = net.act(&y, Act::Relu);
        let branches = [1, 3].map(|kernel| {
            let y = net.conv(&y, Conv::new(width, kernel), true);
            net.act(&y, Act::Relu)
        });
        let y = net.concat(&branches, 1);
        x = if around && y.channels() == x.channels() { net.add(&x, &y) } else { y };
        if x.side() >= 8 && net.draw.chance(0.35) {
            x = net.max_pool(&x, 3, 2);
            width = (width + base).min(256);
        }
    }
    net.classify(&x);
}
