//! The networks of NATS-Bench's spaces, with the spelling and the picture sizes
//! of this sample.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::net::{Net, Value};
use crate::cell::{EDGES, Edge};
use crate::sss::{SKIP, SssArch};
use crate::tss::{TssArch, TssOp};

fn relu_conv_norm(net: &mut Net, x: &Value, conv: Conv) -> Value {
    let y = net.act(x, Act::Relu);
    net.conv_norm_act(&y, conv, Act::None)
}

/// The wiring of a cell; see [`crate::cell`].
fn cell(
    net: &mut Net,
    x: &Value,
    mut layer: impl FnMut(&mut Net, usize, Edge, &Value) -> Value,
) -> Value {
    let mut nodes: Vec<Option<Value>> = vec![Some(x.clone()), None, None, None];
    for (at, edge) in EDGES.into_iter().enumerate() {
        let Some(source) = nodes.get(edge.source).cloned().flatten() else { continue };
        let y = layer(net, at, edge, &source);
        if let Some(node) = nodes.get_mut(edge.target) {
            *node = Some(match node.take() {
                None => y,
                Some(sum) => net.add(&sum, &y),
            });
        }
    }
    nodes.pop().flatten().unwrap_or_else(|| x.clone())
}

fn reduction(net: &mut Net, x: &Value, out: i64) -> Value {
    let y = relu_conv_norm(net, x, Conv::new(out, 3).stride(2));
    let y = relu_conv_norm(net, &y, Conv::new(out, 3));
    let around = net.pool("AveragePool", x, 2, 2);
    let around = net.conv(&around, Conv::new(out, 1), false);
    net.add(&around, &y)
}

fn stem(net: &mut Net, width: i64) -> Value {
    let side = net.draw.pick([16, 32, 32, 32, 64]);
    let x = net.input("input", &[3, side, side]);
    net.conv_norm_act(&x, Conv::new(width, 3), Act::None)
}

fn head(net: &mut Net, x: &Value) {
    let x = net.batch_norm(x);
    let x = net.act(&x, Act::Relu);
    net.classify(&x);
}

/// A cell of the topology space; stages of 1 to 5 cells.
pub(super) fn tss(net: &mut Net) {
    let at = net.draw.between(0, TssArch::COUNT as i64 - 1) as usize;
    let arch = TssArch::nth(at);
    let width = net.draw.pick([8, 16, 16, 16, 24]);
    let cells = net.draw.pick([1, 2, 3, 5, 5, 5]);
    let mut x = stem(net, width);
    for stage in 0..3 {
        if stage > 0 {
            x = reduction(net, &x, width << stage);
        }
        for _ in 0..cells {
            x = cell(net, &x, |net, at, _, x| match arch.edges().get(at) {
                None | Some(TssOp::Skip) => x.clone(),
                Some(TssOp::None) => net.with_scalar("Mul", x, 0.0),
                Some(TssOp::Conv1x1) => relu_conv_norm(net, x, Conv::new(x.channels(), 1)),
                Some(TssOp::Conv3x3) => relu_conv_norm(net, x, Conv::new(x.channels(), 3)),
                Some(TssOp::AvgPool) => net.pool("AveragePool", x, 3, 1),
            });
        }
    }
    head(net, &x);
}

/// Widths of the size space.
pub(super) fn sss(net: &mut Net) {
    let at = net.draw.between(0, SssArch::COUNT as i64 - 1) as usize;
    let widths = SssArch::nth(at).channels().map(i64::from);
    let mut x = stem(net, widths[0]);
    for (layer, width) in widths.into_iter().enumerate() {
        x = match layer {
            1 | 3 => reduction(net, &x, width),
            _ => cell(net, &x, |net, _, edge, x| match edge {
                SKIP if x.channels() == width => x.clone(),
                SKIP => net.conv_norm_act(x, Conv::new(width, 1), Act::None),
                _ => relu_conv_norm(net, x, Conv::new(width, 3)),
            }),
        };
    }
    head(net, &x);
}
