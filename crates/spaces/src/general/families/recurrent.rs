//! Recurrent networks.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::layers::recurrent::Cell;
use super::super::net::{Net, Value};
use onnx_protobuf::tensor_proto::DataType;

/// A sequence `[length, batch, features]`: embedded words, or vectors whose
/// batch comes first or second.
fn sequence(net: &mut Net) -> Value {
    let length = net.draw.pick([8, 16, 24, 32, 48, 64, 100, 128]);
    sequence_of(net, length)
}

/// A sequence of that length.
pub(super) fn sequence_of(net: &mut Net, length: i64) -> Value {
    let features = net.draw.width(8, 256, 4);
    match net.draw.pick([0, 1, 1, 2]) {
        0 => {
            let ids = net.input_of("tokens", 0, &[length], DataType::INT64);
            let words = net.draw.width(64, 8192, 64);
            let x = net.embed(&ids, words, features);
            net.transpose(&x, &[1, 0, 2])
        }
        1 => {
            let x = net.input("sequence", &[length, features]);
            net.transpose(&x, &[1, 0, 2])
        }
        _ => net.input_of("sequence", 1, &[length, features], DataType::FLOAT),
    }
}

fn network(net: &mut Net, cell: Cell, both: bool) {
    let x = sequence(net);
    let (hidden, layers) = (net.draw.width(8, 512, 8), net.draw.between(1, 3));
    let x = net.recurrent_stack(&x, cell, hidden, both, layers);
    finish(net, &x);
}

/// Up to 1,024 steps of any cell, one direction or two, small and large.
pub(super) fn long(net: &mut Net) {
    let length = net.draw.width(16, 1024, 4);
    let x = sequence_of(net, length);
    let (hidden, layers) = (net.draw.width(4, 640, 4), net.draw.between(1, 4));
    let cell = net.draw.pick([Cell::Lstm, Cell::Lstm, Cell::Gru, Cell::Rnn]);
    let both = net.draw.chance(0.5);
    let x = net.recurrent_stack(&x, cell, hidden, both, layers);
    finish(net, &x);
}

/// An output for each step, or for the last one.
pub(super) fn finish(net: &mut Net, x: &Value) {
    let out = net.draw.pick([1, 2, 10, 50, 128]);
    if net.draw.chance(0.5) {
        let y = net.linear(x, out);
        let y = net.transpose(&y, &[1, 0, 2]);
        return net.output(&y);
    }
    let last = net.take(x, 0, -1);
    let y = net.linear(&last, out);
    net.output(&y);
}

pub(super) fn lstm(net: &mut Net) {
    network(net, Cell::Lstm, false);
}

pub(super) fn gru(net: &mut Net) {
    network(net, Cell::Gru, false);
}

/// Two directions, of any cell.
pub(super) fn bidirectional(net: &mut Net) {
    let cell = net.draw.pick([Cell::Lstm, Cell::Lstm, Cell::Gru, Cell::Rnn]);
    network(net, cell, true);
}

/// Lines of text: convolutions, then two recurrent directions (Shi et al., 2017).
pub(super) fn crnn(net: &mut Net) {
    let (height, width) = (net.draw.pick([16, 32, 32, 48]), net.draw.width(64, 320, 16));
    let channels = net.draw.pick([1, 1, 3]);
    let mut x = net.input("image", &[channels, height, width]);
    let mut filters = net.draw.width(8, 64, 8);
    let act = net.draw.pick([Act::Relu, Act::Relu, Act::HardSwish, Act::LeakyRelu]);
    let light = net.draw.chance(0.4);
    while x.dim(2) > 2 {
        x = net.conv_norm_act(&x, Conv::new(filters, 3), act);
        if light {
            x = net.conv_norm_act(&x, Conv::depthwise(filters, 5), act);
        }
        x = net.max_pool(&x, 2, 2);
        filters = (2 * filters).min(256);
    }
    let x = net.reduce("ReduceMean", &x, &[2], false);
    let x = net.transpose(&x, &[2, 0, 1]);
    let cell = net.draw.pick([Cell::Lstm, Cell::Lstm, Cell::Gru]);
    let (hidden, layers) = (net.draw.width(16, 256, 16), net.draw.between(1, 2));
    let x = net.recurrent_stack(&x, cell, hidden, true, layers);
    let letters = net.draw.pick([11, 37, 97, 512]);
    let x = net.linear(&x, letters);
    let x = net.along("Softmax", &x, 2);
    net.output_of(&x, Some(1));
}

/// Sound: a filter bank as a convolution, magnitudes, convolutions, a recurrent
/// layer and one probability a step.
pub(super) fn voice_activity(net: &mut Net) {
    let samples = net.draw.width(512, 16_384, 256);
    let x = net.input("audio", &[samples]);
    let x = net.unsqueeze(&x, &[1]);
    let (window, hop) = (net.draw.pick([64, 128, 256]), net.draw.pick([32, 64, 128]));
    let bands = window / 2;
    let x = net.conv(&x, Conv::new(2 * bands, window).stride(hop).valid(), false);
    let [real, imaginary] = net.split::<2>(&x, 1);
    let real = net.with_scalar("Pow", &real, 2.0);
    let imaginary = net.with_scalar("Pow", &imaginary, 2.0);
    let power = net.add(&real, &imaginary);
    let mut x = net.unary("Sqrt", &power);
    for _ in 0..net.draw.between(1, 4) {
        let width = net.draw.width(16, 128, 16);
        x = net.conv(&x, Conv::new(width, 3), true);
        x = net.act(&x, Act::Relu);
    }
    let x = net.transpose(&x, &[2, 0, 1]);
    let (cell, hidden) = (net.draw.pick([Cell::Lstm, Cell::Gru]), net.draw.width(16, 192, 16));
    let x = net.recurrent(&x, cell, hidden, false);
    let x = net.act(&x, Act::Relu);
    let y = net.linear(&x, 1);
    let y = net.act(&y, Act::Sigmoid);
    let y = net.transpose(&y, &[1, 0, 2]);
    net.output(&y);
}
