//! Networks of well-known architectures, as exporters write them, without weights.

use super::onnx::*;
use super::vision;
use onnx_protobuf::ModelProto;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn conv_bn(b: &mut Builder, x: &str, c: [i64; 2], kernel: i64, stride: i64) -> String {
    let w = b.weight(&[c[1], c[0], kernel, kernel]);
    let attributes = vec![
        ints("dilations", &[1, 1]),
        int("group", 1),
        ints("kernel_shape", &[kernel, kernel]),
        ints("pads", &[kernel / 2; 4]),
        ints("strides", &[stride, stride]),
    ];
    let x = b.op("Conv", &[x, &w], attributes);
    let p: Vec<String> = (0..4).map(|_| b.weight(&[c[1]])).collect();
    let inputs = [&x, &p[0], &p[1], &p[2], &p[3]].map(String::as_str);
    b.op("BatchNormalization", &inputs, vec![float("epsilon", 1e-5), float("momentum", 0.9)])
}

/// ResNet-50 (He et al. 2015, stride in the 3x3 convolution), `[batch, 3, 224, 224]`.
pub fn resnet50() -> ModelProto {
    let mut b = Builder::new("v");
    let mut x = b.input(F32, &[-1, 3, 224, 224]);
    x = conv_bn(&mut b, &x, [3, 64], 7, 2);
    x = b.op("Relu", &[&x], vec![]);
    let pool = vec![
        int("ceil_mode", 0),
        ints("kernel_shape", &[3, 3]),
        ints("pads", &[1, 1, 1, 1]),
        ints("strides", &[2, 2]),
    ];
    x = b.op("MaxPool", &[&x], pool);
    let mut channels = 64;
    for (stage, blocks) in [3, 4, 6, 3].into_iter().enumerate() {
        let width = 64 << stage;
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            x = bottleneck(&mut b, &x, channels, width, stride);
            channels = 4 * width;
        }
    }
    x = b.op("GlobalAveragePool", &[&x], vec![]);
    x = b.op("Flatten", &[&x], vec![int("axis", 1)]);
    let (w, bias) = (b.weight(&[1000, channels]), b.weight(&[1000]));
    x = b.op("Gemm", &[&x, &w, &bias], vec![int("transB", 1)]);
    b.output(&x, F32, &[-1, 1000]);
    b.model(17)
}

fn bottleneck(b: &mut Builder, x: &str, channels: i64, width: i64, stride: i64) -> String {
    let mut y = conv_bn(b, x, [channels, width], 1, 1);
    y = b.op("Relu", &[&y], vec![]);
    y = conv_bn(b, &y, [width, width], 3, stride);
    y = b.op("Relu", &[&y], vec![]);
    y = conv_bn(b, &y, [width, 4 * width], 1, 1);
    let shortcut = match channels == 4 * width {
        true => x.to_owned(),
        false => conv_bn(b, x, [channels, 4 * width], 1, stride),
    };
    let y = b.op("Add", &[&y, &shortcut], vec![]);
    b.op("Relu", &[&y], vec![])
}

/// The encoder of BERT-base (Devlin et al. 2019) with `layers` layers:
/// token numbers and mask `[batch, 128]`.
pub fn bert(layers: usize) -> ModelProto {
    const D: i64 = 768;
    let mut b = Builder::new("v");
    let tokens = b.input(I64, &[-1, 128]);
    let mask = b.input(I64, &[-1, 128]);
    let (words, places) = (b.weight(&[30522, D]), b.weight(&[1, 128, D]));
    let x = b.op("Gather", &[&words, &tokens], vec![]);
    let x = b.op("Add", &[&x, &places], vec![]);
    let mut x = layer_norm(&mut b, &x);
    let axes = b.ints(&[1, 2]);
    let mask = b.op("Unsqueeze", &[&mask, &axes], vec![]);
    let mask = b.op("Cast", &[&mask], vec![int("to", 1)]);
    let (one, low) = (b.initializer(float_scalar(1.0)), b.initializer(float_scalar(-1e9)));
    let mask = b.op("Sub", &[&one, &mask], vec![]);
    let mask = b.op("Mul", &[&mask, &low], vec![]);
    for _ in 0..layers {
        x = encoder_layer(&mut b, &x, &mask);
    }
    b.output(&x, F32, &[-1, 128, D]);
    b.model(17)
}

/// A linear layer whose bias is the sum's first operand.
fn dense(b: &mut Builder, x: &str, from: i64, to: i64) -> String {
    let (w, bias) = (b.weight(&[from, to]), b.weight(&[to]));
    let x = b.op("MatMul", &[x, &w], vec![]);
    b.op("Add", &[&bias, &x], vec![])
}

fn layer_norm(b: &mut Builder, x: &str) -> String {
    vision::layer_norm(b, x, vec![float("epsilon", 1e-12)])
}

fn heads(b: &mut Builder, x: &str, perm: &[i64]) -> String {
    let y = dense(b, x, 768, 768);
    let shape = b.ints(&[0, 0, 12, 64]);
    let y = b.op("Reshape", &[&y, &shape], vec![]);
    b.op("Transpose", &[&y], vec![ints("perm", perm)])
}

fn encoder_layer(b: &mut Builder, x: &str, mask: &str) -> String {
    let q = heads(b, x, &[0, 2, 1, 3]);
    let k = heads(b, x, &[0, 2, 3, 1]);
    let v = heads(b, x, &[0, 2, 1, 3]);
    let s = b.op("MatMul", &[&q, &k], vec![]);
    let scale = b.initializer(float_scalar(8.0));
    let s = b.op("Div", &[&s, &scale], vec![]);
    let s = b.op("Add", &[&s, mask], vec![]);
    let s = b.op("Softmax", &[&s], vec![int("axis", -1)]);
    let y = b.op("MatMul", &[&s, &v], vec![]);
    let y = b.op("Transpose", &[&y], vec![ints("perm", &[0, 2, 1, 3])]);
    let shape = b.ints(&[0, 0, 768]);
    let y = b.op("Reshape", &[&y, &shape], vec![]);
    let y = dense(b, &y, 768, 768);
    let y = b.op("Add", &[&y, x], vec![]);
    let x = layer_norm(b, &y);
    let y = dense(b, &x, 768, 3072);
    let [root, one, half] = [std::f32::consts::SQRT_2, 1.0, 0.5].map(float_scalar);
    let [root, one, half] = [root, one, half].map(|t| b.initializer(t));
    let e = b.op("Div", &[&y, &root], vec![]);
    let e = b.op("Erf", &[&e], vec![]);
    let e = b.op("Add", &[&e, &one], vec![]);
    let y = b.op("Mul", &[&y, &e], vec![]);
    let y = b.op("Mul", &[&y, &half], vec![]);
    let y = dense(b, &y, 3072, 768);
    let y = b.op("Add", &[&y, &x], vec![]);
    layer_norm(b, &y)
}

const UNARY: [&str; 8] = ["Relu", "Sigmoid", "Tanh", "Exp", "Neg", "Abs", "Sqrt", "Floor"];

/// A chain of `n` nodes; of one kind, or drawn so that little repeats.
pub fn chain(n: usize, varied: bool) -> ModelProto {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut b = Builder::new("v");
    let mut x = b.input(F32, &[-1, 64]);
    for _ in 0..n {
        let kind = if varied { rng.random_range(0..UNARY.len()) } else { 0 };
        x = b.op(UNARY[kind], &[&x], vec![]);
    }
    b.output(&x, F32, &[-1, 64]);
    b.model(17)
}

/// `n` nodes of which every second adds an earlier value, up to `reach` back;
/// regular, or drawn.
pub fn skips(n: usize, reach: usize, varied: bool) -> ModelProto {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut b = Builder::new("v");
    let mut values = vec![b.input(F32, &[-1, 64])];
    for i in 0..n {
        let last = values[values.len() - 1].clone();
        let value = match i % 2 {
            0 => {
                let kind = if varied { rng.random_range(0..UNARY.len()) } else { 0 };
                b.op(UNARY[kind], &[&last], vec![])
            }
            _ => {
                let reach = reach.min(values.len());
                let back = if varied { rng.random_range(1..=reach) } else { reach };
                let skip = values[values.len() - back].clone();
                b.op("Add", &[&last, &skip], vec![])
            }
        };
        values.push(value);
    }
    b.output(&values[values.len() - 1], F32, &[-1, 64]);
    b.model(17)
}
