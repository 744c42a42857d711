//! MLP-Mixer (Tolstikhin et al., 2021) and gMLP (Liu et al., 2021).

use super::super::layers::activation::Act;
use super::super::net::{Net, Value};
use super::attentive::patches;

/// MLPs of patches and of channels in turn, or gates of patches.
pub(super) fn mlp_mixer(net: &mut Net) {
    let width = net.draw.width(32, 384, 16);
    let mut x = patches(net, width);
    let gated = net.draw.chance(0.4);
    let (tokens, channels) = (net.draw.width(16, 256, 16), width * net.draw.pick([2, 4]));
    for _ in 0..net.draw.between(1, 8) {
        x = match gated {
            true => gated_block(net, &x, channels),
            false => mixer_block(net, &x, tokens, channels),
        };
    }
    let x = net.layer_norm(&x);
    let x = net.reduce("ReduceMean", &x, &[1], false);
    let classes = net.draw.pick([10, 100, 1000]);
    let x = net.linear(&x, classes);
    net.output(&x);
}

fn mixer_block(net: &mut Net, x: &Value, tokens: i64, channels: i64) -> Value {
    let y = net.layer_norm(x);
    let y = net.transpose(&y, &[0, 2, 1]);
    let y = net.feed_forward(&y, tokens, Act::Gelu);
    let y = net.transpose(&y, &[0, 2, 1]);
    let x = net.add(x, &y);
    let y = net.layer_norm(&x);
    let y = net.feed_forward(&y, channels, Act::Gelu);
    net.add(&x, &y)
}

fn gated_block(net: &mut Net, x: &Value, channels: i64) -> Value {
    let y = net.layer_norm(x);
    let y = net.linear(&y, channels);
    let y = net.act(&y, Act::Gelu);
    let [kept, gate] = net.split::<2>(&y, 2);
    let gate = net.layer_norm(&gate);
    let gate = net.transpose(&gate, &[0, 2, 1]);
    let gate = net.linear(&gate, x.dim(1));
    let gate = net.transpose(&gate, &[0, 2, 1]);
    let y = net.mul(&kept, &gate);
    let y = net.linear(&y, x.dim(2));
    net.add(x, &y)
}
