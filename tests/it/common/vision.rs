//! Image classifiers from the layer tables of their papers, as torchvision builds
//! them: one image of 224x224, 1000 classes, without weights.

use super::onnx::*;
use onnx_protobuf::{AttributeProto, ModelProto};

/// A convolution: channels in and out, kernel, stride, padding, groups.
#[derive(Clone, Copy)]
struct Conv {
    from: i64,
    to: i64,
    kernel: i64,
    stride: i64,
    pad: i64,
    group: i64,
}

impl Conv {
    /// With the padding that keeps the size at stride 1.
    fn new(from: i64, to: i64, kernel: i64, stride: i64) -> Self {
        Self { from, to, kernel, stride, pad: kernel / 2, group: 1 }
    }

    fn add(self, b: &mut Builder, x: &str, bias: bool) -> String {
        let w = b.weight(&[self.to, self.from / self.group, self.kernel, self.kernel]);
        let attributes = vec![
            int("group", self.group),
            ints("kernel_shape", &[self.kernel; 2]),
            ints("pads", &[self.pad; 4]),
            ints("strides", &[self.stride; 2]),
        ];
        match bias {
            true => {
                let bias = b.weight(&[self.to]);
                b.op("Conv", &[x, &w, &bias], attributes)
            }
            false => b.op("Conv", &[x, &w], attributes),
        }
    }

    fn normed(self, b: &mut Builder, x: &str) -> String {
        let x = self.add(b, x, false);
        norm(b, &x, self.to)
    }
}

fn norm(b: &mut Builder, x: &str, channels: i64) -> String {
    let p: Vec<String> = (0..4).map(|_| b.weight(&[channels])).collect();
    b.op("BatchNormalization", &[x, &p[0], &p[1], &p[2], &p[3]], vec![])
}

fn relu(b: &mut Builder, x: &str) -> String {
    b.op("Relu", &[x], vec![])
}

fn max_pool(b: &mut Builder, x: &str, kernel: i64, pad: i64, ceil: i64) -> String {
    let attributes = vec![
        int("ceil_mode", ceil),
        ints("kernel_shape", &[kernel; 2]),
        ints("pads", &[pad; 4]),
        ints("strides", &[2, 2]),
    ];
    b.op("MaxPool", &[x], attributes)
}

fn linear(b: &mut Builder, x: &str, from: i64, to: i64) -> String {
    let (w, bias) = (b.weight(&[to, from]), b.weight(&[to]));
    b.op("Gemm", &[x, &w, &bias], vec![int("transB", 1)])
}

fn pooled(b: &mut Builder, x: &str, channels: i64) -> String {
    let x = b.op("GlobalAveragePool", &[x], vec![]);
    let x = b.op("Flatten", &[&x], vec![]);
    linear(b, &x, channels, 1000)
}

/// Three fully connected layers, as AlexNet and VGG end.
fn classifier(b: &mut Builder, x: &str, from: i64) -> String {
    let mut x = b.op("Flatten", &[x], vec![]);
    for from in [from, 4096] {
        x = linear(b, &x, from, 4096);
        x = relu(b, &x);
    }
    linear(b, &x, 4096, 1000)
}

fn network(body: impl FnOnce(&mut Builder, &str) -> String) -> ModelProto {
    let mut b = Builder::new("v");
    let x = b.input(F32, &[1, 3, 224, 224]);
    let y = body(&mut b, &x);
    b.output(&y, F32, &[1, 1000]);
    b.model(20)
}

/// AlexNet in one tower (Krizhevsky 2014).
pub fn alexnet() -> ModelProto {
    network(|b, x| {
        let mut x = x.to_owned();
        let layers = [
            (Conv { pad: 2, ..Conv::new(3, 64, 11, 4) }, true),
            (Conv::new(64, 192, 5, 1), true),
            (Conv::new(192, 384, 3, 1), false),
            (Conv::new(384, 256, 3, 1), false),
            (Conv::new(256, 256, 3, 1), true),
        ];
        for (conv, pool) in layers {
            x = conv.add(b, &x, true);
            x = relu(b, &x);
            if pool {
                x = max_pool(b, &x, 3, 0, 0);
            }
        }
        classifier(b, &x, 256 * 6 * 6)
    })
}

/// VGG (Simonyan and Zisserman 2014) with so many convolutions in each stage.
pub fn vgg(stages: [usize; 5]) -> ModelProto {
    network(|b, x| {
        let mut x = x.to_owned();
        let mut channels = 3;
        for (width, convolutions) in [64, 128, 256, 512, 512].into_iter().zip(stages) {
            for _ in 0..convolutions {
                x = Conv::new(channels, width, 3, 1).add(b, &x, true);
                x = relu(b, &x);
                channels = width;
            }
            x = max_pool(b, &x, 2, 0, 0);
        }
        classifier(b, &x, 512 * 7 * 7)
    })
}

/// ResNet (He et al. 2015) of basic blocks.
pub fn resnet_basic(blocks: [usize; 4]) -> ModelProto {
    resnet(blocks, 1, |b, x, [from, width], stride| {
        let y = Conv::new(from, width, 3, stride).normed(b, x);
        let y = relu(b, &y);
        Conv::new(width, width, 3, 1).normed(b, &y)
    })
}

/// ResNet of bottlenecks, ResNeXt (Xie et al. 2016) and Wide ResNet (Zagoruyko
/// and Komodakis 2016): `groups` of `base` channels at the first stage.
pub fn resnet_bottleneck(blocks: [usize; 4], groups: i64, base: i64) -> ModelProto {
    resnet(blocks, 4, move |b, x, [from, width], stride| {
        let inner = width * base / 64 * groups;
        let y = Conv::new(from, inner, 1, 1).normed(b, x);
        let y = relu(b, &y);
        let y = Conv { group: groups, ..Conv::new(inner, inner, 3, stride) }.normed(b, &y);
        let y = relu(b, &y);
        Conv::new(inner, 4 * width, 1, 1).normed(b, &y)
    })
}

fn resnet(
    blocks: [usize; 4],
    expansion: i64,
    branch: impl Fn(&mut Builder, &str, [i64; 2], i64) -> String,
) -> ModelProto {
    network(|b, x| {
        let x = Conv::new(3, 64, 7, 2).normed(b, x);
        let x = relu(b, &x);
        let mut x = max_pool(b, &x, 3, 1, 0);
        let mut channels = 64;
        for (stage, n) in blocks.into_iter().enumerate() {
            let width = 64 << stage;
            for block in 0..n {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let y = branch(b, &x, [channels, width], stride);
                let to = expansion * width;
                let shortcut = match channels == to {
                    true => x,
                    false => Conv::new(channels, to, 1, stride).normed(b, &x),
                };
                let sum = b.op("Add", &[&y, &shortcut], vec![]);
                x = relu(b, &sum);
                channels = to;
            }
        }
        pooled(b, &x, channels)
    })
}

/// MobileNetV2 (Sandler et al. 2018), width 1.
pub fn mobilenet_v2() -> ModelProto {
    fn relu6(b: &mut Builder, x: &str) -> String {
        let (low, high) = (b.initializer(float_scalar(0.0)), b.initializer(float_scalar(6.0)));
        b.op("Clip", &[x, &low, &high], vec![])
    }
    const STAGES: [[i64; 4]; 7] = [
        [1, 16, 1, 1],
        [6, 24, 2, 2],
        [6, 32, 3, 2],
        [6, 64, 4, 2],
        [6, 96, 3, 1],
        [6, 160, 3, 2],
        [6, 320, 1, 1],
    ];
    network(|b, x| {
        let x = Conv::new(3, 32, 3, 2).normed(b, x);
        let mut x = relu6(b, &x);
        let mut channels = 32;
        for [expansion, to, n, first] in STAGES {
            for block in 0..n {
                let stride = if block == 0 { first } else { 1 };
                let inner = channels * expansion;
                let mut y = x.clone();
                if expansion > 1 {
                    y = Conv::new(channels, inner, 1, 1).normed(b, &y);
                    y = relu6(b, &y);
                }
                y = Conv { group: inner, ..Conv::new(inner, inner, 3, stride) }.normed(b, &y);
                y = relu6(b, &y);
                y = Conv::new(inner, to, 1, 1).normed(b, &y);
                x = match stride == 1 && channels == to {
                    true => b.op("Add", &[&x, &y], vec![]),
                    false => y,
                };
                channels = to;
            }
        }
        let x = Conv::new(320, 1280, 1, 1).normed(b, &x);
        let x = relu6(b, &x);
        pooled(b, &x, 1280)
    })
}

/// SqueezeNet 1.0 (Iandola et al. 2016).
pub fn squeezenet_1_0() -> ModelProto {
    fn fire(b: &mut Builder, x: &str, [from, squeeze, expand]: [i64; 3]) -> String {
        let s = Conv::new(from, squeeze, 1, 1).add(b, x, true);
        let s = relu(b, &s);
        let halves = [1, 3].map(|kernel| {
            let y = Conv::new(squeeze, expand, kernel, 1).add(b, &s, true);
            relu(b, &y)
        });
        b.op("Concat", &[&halves[0], &halves[1]], vec![int("axis", 1)])
    }
    network(|b, x| {
        let x = Conv { pad: 0, ..Conv::new(3, 96, 7, 2) }.add(b, x, true);
        let mut x = relu(b, &x);
        let stages: [&[[i64; 3]]; 3] = [
            &[[96, 16, 64], [128, 16, 64], [128, 32, 128]],
            &[[256, 32, 128], [256, 48, 192], [384, 48, 192], [384, 64, 256]],
            &[[512, 64, 256]],
        ];
        for fires in stages {
            x = max_pool(b, &x, 3, 0, 1);
            for &sizes in fires {
                x = fire(b, &x, sizes);
            }
        }
        let x = Conv::new(512, 1000, 1, 1).add(b, &x, true);
        let x = relu(b, &x);
        let x = b.op("GlobalAveragePool", &[&x], vec![]);
        b.op("Flatten", &[&x], vec![])
    })
}

/// DenseNet-121 (Huang et al. 2016).
pub fn densenet121() -> ModelProto {
    network(|b, x| {
        let x = Conv::new(3, 64, 7, 2).normed(b, x);
        let x = relu(b, &x);
        let mut x = max_pool(b, &x, 3, 1, 0);
        let mut channels = 64;
        for (i, layers) in [6, 12, 24, 16].into_iter().enumerate() {
            if i > 0 {
                let y = norm(b, &x, channels);
                let y = relu(b, &y);
                let y = Conv::new(channels, channels / 2, 1, 1).add(b, &y, false);
                let window = vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
                x = b.op("AveragePool", &[&y], window);
                channels /= 2;
            }
            for _ in 0..layers {
                let y = norm(b, &x, channels);
                let y = relu(b, &y);
                let y = Conv::new(channels, 128, 1, 1).normed(b, &y);
                let y = relu(b, &y);
                let y = Conv::new(128, 32, 3, 1).add(b, &y, false);
                x = b.op("Concat", &[&x, &y], vec![int("axis", 1)]);
                channels += 32;
            }
        }
        let x = norm(b, &x, channels);
        let x = relu(b, &x);
        pooled(b, &x, channels)
    })
}

/// ViT-B/16 (Dosovitskiy et al. 2020).
pub fn vit_b_16() -> ModelProto {
    network(|b, x| {
        let x = Conv { pad: 0, ..Conv::new(3, D, 16, 16) }.add(b, x, true);
        let shape = b.ints(&[1, D, -1]);
        let x = b.op("Reshape", &[&x, &shape], vec![]);
        let x = b.op("Transpose", &[&x], vec![ints("perm", &[0, 2, 1])]);
        let (class, places) = (b.weight(&[1, 1, D]), b.weight(&[1, 197, D]));
        let x = b.op("Concat", &[&class, &x], vec![int("axis", 1)]);
        let mut x = b.op("Add", &[&x, &places], vec![]);
        for _ in 0..12 {
            x = vit_layer(b, &x);
        }
        let x = layer_norm(b, &x, vec![]);
        let first = b.initializer(onnx_protobuf::TensorProto { dims: vec![], ..int_tensor(&[0]) });
        let x = b.op("Gather", &[&x, &first], vec![int("axis", 1)]);
        linear(b, &x, D, 1000)
    })
}

/// Width of ViT-B.
const D: i64 = 768;

/// Layer normalization over the last axis, with attributes beside the axis.
pub fn layer_norm(b: &mut Builder, x: &str, attributes: Vec<AttributeProto>) -> String {
    let (scale, bias) = (b.weight(&[D]), b.weight(&[D]));
    let attributes = [vec![int("axis", -1)], attributes].concat();
    b.op("LayerNormalization", &[x, &scale, &bias], attributes)
}

fn dense(b: &mut Builder, x: &str, from: i64, to: i64) -> String {
    let (w, bias) = (b.weight(&[from, to]), b.weight(&[to]));
    let x = b.op("MatMul", &[x, &w], vec![]);
    b.op("Add", &[&x, &bias], vec![])
}

fn vit_layer(b: &mut Builder, x: &str) -> String {
    let y = layer_norm(b, x, vec![]);
    let y = dense(b, &y, D, 3 * D);
    let sizes = b.ints(&[D; 3]);
    let parts = b.ops("Split", &[&y, &sizes], vec![int("axis", -1)], 3);
    let mut heads = Vec::new();
    for (part, perm) in parts.iter().zip([[0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]]) {
        let shape = b.ints(&[0, 0, 12, D / 12]);
        let h = b.op("Reshape", &[part, &shape], vec![]);
        heads.push(b.op("Transpose", &[&h], vec![ints("perm", &perm)]));
    }
    let s = b.op("MatMul", &[&heads[0], &heads[1]], vec![]);
    let scale = b.initializer(float_scalar(8.0));
    let s = b.op("Div", &[&s, &scale], vec![]);
    let s = b.op("Softmax", &[&s], vec![int("axis", -1)]);
    let y = b.op("MatMul", &[&s, &heads[2]], vec![]);
    let y = b.op("Transpose", &[&y], vec![ints("perm", &[0, 2, 1, 3])]);
    let shape = b.ints(&[0, 0, D]);
    let y = b.op("Reshape", &[&y, &shape], vec![]);
    let y = dense(b, &y, D, D);
    let x = b.op("Add", &[x, &y], vec![]);
    let y = layer_norm(b, &x, vec![]);
    let y = dense(b, &y, D, 4 * D);
    let y = b.op("Gelu", &[&y], vec![]);
    let y = dense(b, &y, 4 * D, D);
    b.op("Add", &[&x, &y], vec![])
}
