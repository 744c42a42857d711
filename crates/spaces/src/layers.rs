//! Layers that networks of search spaces share, with the attributes that
//! PyTorch's ONNX exporter writes. Activations are
//! `[batch, channels, height, width]`; every function takes the name of its
//! input and returns the name of its output.

use crate::builder::{Builder, INPUT, OUTPUT};
use crate::proto::{float, int, ints};
use crate::weights::Init;

/// A convolution with a square kernel; padding keeps the size at stride 1
/// (`kernel` is odd).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conv {
    /// Channels read.
    pub(crate) input: i64,
    /// Channels written.
    pub(crate) output: i64,
    /// Height and width of the kernel.
    pub(crate) kernel: i64,
    stride: i64,
    group: i64,
    bias: bool,
}

impl Conv {
    /// A convolution of stride 1 without bias.
    pub(crate) fn new(input: i64, output: i64, kernel: i64) -> Self {
        Self { input, output, kernel, stride: 1, group: 1, bias: false }
    }

    /// One filter a channel.
    pub(crate) fn depthwise(width: i64, kernel: i64) -> Self {
        Self::new(width, width, kernel).group(width)
    }

    pub(crate) fn stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    pub(crate) fn group(self, group: i64) -> Self {
        Self { group, ..self }
    }

    pub(crate) fn bias(self) -> Self {
        Self { bias: true, ..self }
    }
}

/// What follows a normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x * relu6(x + 3) / 6`, spelled so.
    HardSwish,
}

/// Conv.
pub(crate) fn conv(b: &mut Builder, prefix: &str, x: &str, c: Conv) -> String {
    let input = c.input / c.group;
    let init = Init::HeNormal { fan_in: input * c.kernel * c.kernel };
    let dims = [c.output, input, c.kernel, c.kernel];
    let weight = b.initializer(format!("{prefix}.weight"), &dims, init);
    let bias =
        c.bias.then(|| b.initializer(format!("{prefix}.bias"), &[c.output], Init::Constant(0.0)));
    let attributes = vec![
        ints("dilations", &[1, 1]),
        int("group", c.group),
        ints("kernel_shape", &[c.kernel; 2]),
        ints("pads", &[c.kernel / 2; 4]),
        ints("strides", &[c.stride; 2]),
    ];
    let inputs: Vec<&str> = [x, &weight].into_iter().chain(bias.as_deref()).collect();
    b.node("Conv", format!("{prefix}/Conv"), &inputs, attributes)
}

/// BatchNormalization in inference mode (`training_mode` 0) over `width` channels,
/// with PyTorch's defaults.
pub(crate) fn batch_norm(b: &mut Builder, prefix: &str, x: &str, width: i64) -> String {
    batch_norm_with(b, prefix, x, width, [1e-5, 0.9])
}

/// BatchNormalization with this epsilon and momentum.
pub(crate) fn batch_norm_with(
    b: &mut Builder,
    prefix: &str,
    x: &str,
    width: i64,
    [epsilon, momentum]: [f32; 2],
) -> String {
    let mut parameter = |name: &str, value: f32| {
        b.initializer(format!("{prefix}.bn.{name}"), &[width], Init::Constant(value))
    };
    let scale = parameter("weight", 1.0);
    let bias = parameter("bias", 0.0);
    let mean = parameter("running_mean", 0.0);
    let variance = parameter("running_var", 1.0);
    let attributes =
        vec![float("epsilon", epsilon), float("momentum", momentum), int("training_mode", 0)];
    let inputs = [x, &scale, &bias, &mean, &variance];
    b.node("BatchNormalization", format!("{prefix}/BN"), &inputs, attributes)
}

/// Relu.
pub(crate) fn relu(b: &mut Builder, prefix: &str, x: &str) -> String {
    b.node("Relu", format!("{prefix}/Relu"), &[x], Vec::new())
}

/// Elementwise sum of two activations.
pub(crate) fn add(b: &mut Builder, name: String, x: &str, y: &str) -> String {
    b.node("Add", name, &[x, y], Vec::new())
}

/// Conv, BatchNormalization, activation.
pub(crate) fn conv_bn(b: &mut Builder, prefix: &str, x: &str, c: Conv, act: Act) -> String {
    let x = conv(b, prefix, x, c);
    let x = batch_norm(b, prefix, &x, c.output);
    activation(b, prefix, &x, act)
}

/// Relu, Conv, BatchNormalization.
pub(crate) fn relu_conv_bn(b: &mut Builder, prefix: &str, x: &str, c: Conv) -> String {
    let x = relu(b, prefix, x);
    conv_bn(b, prefix, &x, c, Act::None)
}

/// The activation.
pub(crate) fn activation(b: &mut Builder, prefix: &str, x: &str, act: Act) -> String {
    match act {
        Act::None => x.to_owned(),
        Act::Relu => relu(b, prefix, x),
        Act::HardSwish => {
            let gate = relu6_of_shifted(b, prefix, x);
            let product = b.node("Mul", format!("{prefix}/act/Mul"), &[x, &gate], Vec::new());
            sixth(b, prefix, &product)
        }
    }
}

/// `relu6(x + 3) / 6`.
pub(crate) fn hard_sigmoid(b: &mut Builder, prefix: &str, x: &str) -> String {
    let gate = relu6_of_shifted(b, prefix, x);
    sixth(b, prefix, &gate)
}

fn relu6_of_shifted(b: &mut Builder, prefix: &str, x: &str) -> String {
    let mut scalar = |name: &str, value| b.scalar(format!("{prefix}/act/{name}"), value);
    let [three, low, high] = [scalar("three", 3.0), scalar("low", 0.0), scalar("high", 6.0)];
    let sum = add(b, format!("{prefix}/act/Add"), x, &three);
    b.node("Clip", format!("{prefix}/act/Clip"), &[&sum, &low, &high], Vec::new())
}

fn sixth(b: &mut Builder, prefix: &str, x: &str) -> String {
    let six = b.scalar(format!("{prefix}/act/six"), 6.0);
    b.node("Div", format!("{prefix}/act/Div"), &[x, &six], Vec::new())
}

/// ReduceMean over the axes.
pub(crate) fn mean(b: &mut Builder, name: &str, x: &str, axes: &[i64], keep: bool) -> String {
    let (input, mut attributes) = b.axes(format!("{name}/axes"), axes, 18);
    attributes.push(int("keepdims", i64::from(keep)));
    let inputs: Vec<&str> = std::iter::once(x).chain(input.as_deref()).collect();
    b.node("ReduceMean", format!("{name}/ReduceMean"), &inputs, attributes)
}

/// Slice of one axis, from `start` to `end`.
pub(crate) fn slice(
    b: &mut Builder,
    name: &str,
    x: &str,
    axis: i64,
    [start, end]: [i64; 2],
) -> String {
    let mut constant = |what: &str, value| b.integers(format!("{name}/Slice/{what}"), &[value]);
    let (starts, ends) = (constant("starts", start), constant("ends", end));
    let (axes, steps) = (constant("axes", axis), constant("steps", 1));
    let inputs = [x, &starts, &ends, &axes, &steps];
    b.node("Slice", format!("{name}/Slice"), &inputs, Vec::new())
}

/// 3x3 Conv without bias from the RGB input to `width` channels, BatchNormalization.
pub(crate) fn stem(b: &mut Builder, width: i64, stride: i64, act: Act) -> String {
    conv_bn(b, "stem", INPUT, Conv::new(3, width, 3).stride(stride), act)
}

/// Global average of each channel, `[batch, channels, 1, 1]`.
pub(crate) fn global_pool(b: &mut Builder, prefix: &str, x: &str) -> String {
    b.node("GlobalAveragePool", format!("{prefix}/GlobalAveragePool"), &[x], Vec::new())
}

/// Flatten to `[batch, width]`, linear classifier, which is the output.
pub(crate) fn flat_classifier(b: &mut Builder, x: &str, width: i64, classes: i64) {
    let x = b.node("Flatten", "pool/Flatten".into(), &[x], vec![int("axis", 1)]);
    classifier(b, &x, width, classes);
}

/// Linear classifier of `[batch, width]`, which is the output.
pub(crate) fn classifier(b: &mut Builder, x: &str, width: i64, classes: i64) {
    let init = Init::HeNormal { fan_in: width };
    let weight = b.initializer("classifier.weight".into(), &[classes, width], init);
    let bias = b.initializer("classifier.bias".into(), &[classes], Init::Constant(0.0));
    let attributes = vec![float("alpha", 1.0), float("beta", 1.0), int("transB", 1)];
    b.node("Gemm", OUTPUT.into(), &[x, &weight, &bias], attributes);
}
