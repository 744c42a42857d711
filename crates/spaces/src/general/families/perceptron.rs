//! Linear layers on vectors.

use super::super::layers::activation::Act;
use super::super::net::{Net, Value};
use crate::graph::int;
use onnx_protobuf::tensor_proto::DataType;

/// Hidden layers of drawn widths, at times with batch normalization.
fn layers(net: &mut Net, x: &Value, most: i64) -> Value {
    let act = Act::draw(&mut net.draw);
    let act = if act == Act::PRelu { Act::Relu } else { act };
    let normed = net.draw.chance(0.3);
    let mut width = net.draw.width(16, most, 16);
    let taper = net.draw.pick([1.0, 1.0, 0.75, 0.5]);
    let mut x = x.clone();
    for _ in 0..net.draw.between(1, 6) {
        x = net.linear(&x, width);
        if normed && x.shape.len() == 2 {
            x = net.batch_norm(&x);
        }
        x = net.act(&x, act);
        width = ((width as f64 * taper) as i64).max(8);
    }
    x
}

fn finish(net: &mut Net, x: &Value) {
    let out = net.draw.pick([1, 1, 2, 3, 10, 100]);
    let mut y = net.linear(x, out);
    if net.draw.chance(0.4) {
        y = match out {
            1 => net.act(&y, Act::Sigmoid),
            _ => net.along("Softmax", &y, -1),
        };
    }
    net.output(&y);
}

/// A multilayer perceptron; now and then a picture is flattened first.
pub(super) fn mlp(net: &mut Net) {
    let x = if net.draw.chance(0.3) {
        let side = net.draw.pick([8, 14, 28, 32]);
        let channels = net.draw.pick([1, 3]);
        let x = net.input("image", &[channels, side, side]);
        net.flatten(&x)
    } else {
        let width = net.draw.width(8, 2048, 4);
        net.input("features", &[width])
    };
    let x = layers(net, &x, 2048);
    finish(net, &x);
}

/// Blocks of two linear layers with a way around.
pub(super) fn residual(net: &mut Net) {
    let features = net.draw.width(8, 512, 4);
    let x = net.input("features", &[features]);
    let width = net.draw.width(32, 768, 16);
    let act = net.draw.pick([Act::Relu, Act::Gelu, Act::Silu]);
    let inner = width * net.draw.pick([1, 2, 4]);
    let layer_norm = net.draw.chance(0.5);
    let mut x = net.linear(&x, width);
    for _ in 0..net.draw.between(1, 8) {
        let y = if layer_norm { net.layer_norm(&x) } else { net.batch_norm(&x) };
        let y = net.feed_forward(&y, inner, act);
        x = net.add(&x, &y);
    }
    finish(net, &x);
}

/// Numbers and categories of a table: categories one-hot or embedded.
pub(super) fn tabular(net: &mut Net) {
    let numbers = net.draw.width(4, 256, 1);
    let x = net.input("numbers", &[numbers]);
    let mut parts = vec![if net.draw.chance(0.5) { net.batch_norm(&x) } else { x }];
    let one_hot = net.draw.chance(0.6);
    for at in 0..net.draw.between(1, 8) {
        let ids = net.input_of(&format!("category_{at}"), 0, &[], DataType::INT64);
        let values = net.draw.between(3, 64);
        let width = net.draw.between(2, 16);
        parts.push(match one_hot {
            true => one_hot_of(net, &ids, values),
            false => net.embed(&ids, values, width),
        });
    }
    let x = net.concat(&parts, 1);
    let x = layers(net, &x, 1024);
    finish(net, &x);
}

/// OneHot, or a comparison with all values.
fn one_hot_of(net: &mut Net, ids: &Value, values: i64) -> Value {
    let shape = vec![ids.dim(0), values];
    // A row of the unit matrix bounds the category for whoever makes inputs.
    if net.draw.chance(0.3) {
        let unit: Vec<f32> = (0..values * values)
            .map(|at| if at / values == at % values { 1.0 } else { 0.0 })
            .collect();
        let table = net.floats(&[values, values], &unit);
        return net.op("Gather", &[&table, ids], vec![int("axis", 0)], shape);
    }
    if net.draw.chance(0.5) {
        let range: Vec<i64> = (0..values).collect();
        let range = net.int_list(&range);
        let ids = net.unsqueeze(ids, &[1]);
        let equal = net.op("Equal", &[&ids, &range], Vec::new(), shape.clone());
        return net.op("Cast", &[&equal], vec![int("to", 1)], shape);
    }
    let (depth, ends) = (net.int_scalar(values), net.floats(&[2], &[0.0, 1.0]));
    net.op("OneHot", &[ids, &depth, &ends], vec![int("axis", -1)], shape)
}

/// Embeddings of users, items and contexts, an MLP, and products of pairs at
/// times (Naumov et al., 2019).
pub(super) fn recommender(net: &mut Net) {
    let width = net.draw.width(8, 64, 8);
    let fields = net.draw.between(2, 12);
    let mut parts = Vec::new();
    for at in 0..fields {
        let ids = net.input_of(&format!("field_{at}"), 0, &[], DataType::INT64);
        let words = net.draw.width(16, 8192, 16);
        parts.push(net.embed(&ids, words, width));
    }
    if net.draw.chance(0.6) {
        let numbers = net.draw.between(4, 32);
        let x = net.input("dense", &[numbers]);
        let hidden = net.draw.width(16, 256, 16);
        let x = net.linear(&x, hidden);
        let x = net.act(&x, Act::Relu);
        let x = net.linear(&x, width);
        parts.push(net.act(&x, Act::Relu));
    }
    let x = match net.draw.chance(0.5) {
        true => pairs(net, &parts),
        false => net.concat(&parts, 1),
    };
    let x = layers(net, &x, 1024);
    let y = net.linear(&x, 1);
    let y = net.act(&y, Act::Sigmoid);
    net.output(&y);
}

/// The scalar products of all pairs, beside the vectors.
fn pairs(net: &mut Net, parts: &[Value]) -> Value {
    let rows: Vec<Value> = parts.iter().map(|p| net.unsqueeze(p, &[1])).collect();
    let all = net.concat(&rows, 1);
    let turned = net.transpose(&all, &[0, 2, 1]);
    let products = net.matmul(&all, &turned);
    let flat = [net.flatten(&products), net.flatten(&all)];
    net.concat(&flat, 1)
}
