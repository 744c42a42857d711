//! Convolutions of volumes and videos.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::Net;

/// 3-D convolutions, whole or as a spatial and a temporal one (Tran et al., 2018).
pub(super) fn cnn(net: &mut Net) {
    let (depth, side) = (net.draw.pick([4, 8, 16]), net.draw.pick([16, 24, 32, 48, 64]));
    let channels = net.draw.pick([1, 1, 3]);
    let mut x = net.input("volume", &[channels, depth, side, side]);
    let mut width = net.draw.width(4, 32, 4);
    let factored = net.draw.chance(0.4);
    for _ in 0..net.draw.between(2, 6) {
        x = match factored {
            false => net.conv_norm_act(&x, Conv::new(width, 3), Act::Relu),
            true => {
                let y = net.conv_norm_act(&x, Conv::rect(width, [1, 3, 3]), Act::Relu);
                net.conv_norm_act(&y, Conv::rect(width, [3, 1, 1]), Act::Relu)
            }
        };
        if x.side() >= 2 && net.draw.chance(0.6) {
            x = net.max_pool(&x, 2, 2);
            width = (2 * width).min(128);
        }
    }
    net.classify(&x);
}
