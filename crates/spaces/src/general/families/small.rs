//! Models that take microseconds: scikit-learn's, and networks of few numbers.

use super::super::layers::activation::Act;
use super::super::layers::conv::Conv;
use super::super::layers::recurrent::Cell;
use super::super::net::{ML, Net};
use crate::proto::{floats, int, ints, string};
use onnx_protobuf::tensor_proto::DataType;

/// Scaled features and a linear model of a label or of numbers.
pub(super) fn linear(net: &mut Net) {
    let features = net.draw.width(2, 512, 1);
    let mut x = net.input("X", &[features]);
    let numbers = |net: &mut Net, n: i64| (0..n).map(|_| net.draw.unit() as f32 + 0.1).collect();
    if net.draw.chance(0.5) {
        let (offset, scale) = (numbers(net, features), numbers(net, features));
        let attributes = vec![floats("offset", offset), floats("scale", scale)];
        x = net.op_of(ML, "Scaler", &[&x], attributes, x.shape.clone());
    }
    if net.draw.chance(0.3) {
        let norm = vec![string("norm", "L2")];
        x = net.op_of(ML, "Normalizer", &[&x], norm, x.shape.clone());
    }
    let out = net.draw.width(1, 50, 1);
    let weights: Vec<f32> = numbers(net, features * out);
    let intercepts = floats("intercepts", numbers(net, out));
    let coefficients = floats("coefficients", weights);
    let shape = vec![x.dim(0), out];
    if out == 1 || net.draw.chance(0.4) {
        let attributes = vec![coefficients, intercepts, int("targets", out)];
        let y = net.op_of(ML, "LinearRegressor", &[&x], attributes, shape);
        return net.output(&y);
    }
    let labels: Vec<i64> = (0..out).collect();
    let attributes = vec![
        coefficients,
        intercepts,
        ints("classlabels_ints", &labels),
        int("multi_class", 1),
        string("post_transform", net.draw.pick(["SOFTMAX", "LOGISTIC", "NONE"])),
    ];
    let shapes = [vec![x.dim(0)], shape];
    let [label, scores] = net.op_many_of(ML, "LinearClassifier", &[&x], attributes, shapes);
    net.output_as(&label, Some(0), DataType::INT64);
    let scores = match net.draw.chance(0.5) {
        true => net.op_of(
            ML,
            "Normalizer",
            &[&scores],
            vec![string("norm", "L1")],
            scores.shape.clone(),
        ),
        false => scores,
    };
    net.output(&scores);
}

/// A few layers of a few numbers: linear, convolutional or recurrent.
pub(super) fn network(net: &mut Net) {
    match net.draw.pick([0, 1, 2, 3]) {
        0 => linear_layers(net),
        1 => arithmetic(net),
        2 => convolutions(net),
        _ => recurrent(net),
    }
}

fn linear_layers(net: &mut Net) {
    let features = net.draw.width(2, 128, 1);
    let mut x = net.input("features", &[features]);
    let act = Act::draw(&mut net.draw);
    let act = if act == Act::PRelu { Act::Relu } else { act };
    for _ in 0..net.draw.between(1, 5) {
        let width = net.draw.width(2, 128, 1);
        x = net.linear(&x, width);
        if net.draw.chance(0.2) {
            x = net.layer_norm(&x);
        }
        x = net.act(&x, act);
    }
    net.output(&x);
}

/// Arithmetic, reductions and layout on a small tensor.
fn arithmetic(net: &mut Net) {
    let (rows, columns) = (net.draw.width(1, 64, 1), net.draw.width(1, 64, 1));
    let mut x = net.input("x", &[rows, columns]);
    for _ in 0..net.draw.between(1, 24) {
        x = match net.draw.pick([0, 1, 2, 3, 4, 5, 6, 7]) {
            0 => net.with_scalar("Add", &x, 0.5),
            1 => net.with_scalar("Mul", &x, 0.9),
            2 => net.unary("Tanh", &x),
            3 => net.unary("Abs", &x),
            4 => net.transpose(&x, &[0, 2, 1]),
            5 => {
                let mean = net.reduce("ReduceMean", &x, &[2], true);
                net.binary("Sub", &x, &mean)
            }
            6 => net.along("Softmax", &x, 2),
            _ => {
                let y = net.unary("Sigmoid", &x);
                net.mul(&x, &y)
            }
        };
    }
    net.output(&x);
}

fn convolutions(net: &mut Net) {
    let (channels, side) = (net.draw.pick([1, 3, 8]), net.draw.width(4, 32, 2));
    let mut x = net.input("image", &[channels, side, side]);
    let act = Act::draw(&mut net.draw);
    for _ in 0..net.draw.between(1, 4) {
        let (width, kernel) = (net.draw.width(2, 32, 1), net.draw.pick([1, 3]));
        x = net.conv_norm_act(&x, Conv::new(width, kernel), act);
    }
    net.classify(&x);
}

fn recurrent(net: &mut Net) {
    let (length, features) = (net.draw.width(1, 32, 1), net.draw.width(2, 64, 1));
    let x = net.input_of("sequence", 1, &[length, features], DataType::FLOAT);
    let cell = net.draw.pick([Cell::Lstm, Cell::Gru, Cell::Rnn]);
    let hidden = net.draw.width(2, 64, 2);
    let x = net.recurrent(&x, cell, hidden, false);
    let y = net.linear(&x, 2);
    net.output_of(&y, Some(1));
}
