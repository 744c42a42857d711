//! Layers of the NATS-Bench networks, with the attributes that PyTorch's ONNX
//! exporter writes. Activations are `[batch, channels, height, width]`; every
//! function takes the name of its input and returns the name of its output.

use super::graph::{Builder, INPUT, OUTPUT, float, int, ints};
use super::weights::Init;

/// Input and output channels of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Channels {
    /// Channels read.
    pub(super) input: i64,
    /// Channels written.
    pub(super) output: i64,
}

/// Shorthand for [`Channels`].
pub(super) fn channels(input: i64, output: i64) -> Channels {
    Channels { input, output }
}

/// Conv without bias; padding keeps the size at stride 1 (`kernel` is odd).
pub(super) fn conv(
    b: &mut Builder,
    prefix: &str,
    x: &str,
    c: Channels,
    kernel: i64,
    stride: i64,
) -> String {
    let init = Init::HeNormal { fan_in: c.input * kernel * kernel };
    let dims = [c.output, c.input, kernel, kernel];
    let weight = b.initializer(format!("{prefix}.weight"), &dims, init);
    let attributes = vec![
        ints("dilations", &[1, 1]),
        int("group", 1),
        ints("kernel_shape", &[kernel, kernel]),
        ints("pads", &[kernel / 2; 4]),
        ints("strides", &[stride, stride]),
    ];
    b.node("Conv", format!("{prefix}/Conv"), &[x, &weight], attributes)
}

/// BatchNormalization in inference mode (`training_mode` 0) over `width` channels.
pub(super) fn batch_norm(b: &mut Builder, prefix: &str, x: &str, width: i64) -> String {
    let mut parameter = |name: &str, value: f32| {
        b.initializer(format!("{prefix}.bn.{name}"), &[width], Init::Constant(value))
    };
    let scale = parameter("weight", 1.0);
    let bias = parameter("bias", 0.0);
    let mean = parameter("running_mean", 0.0);
    let variance = parameter("running_var", 1.0);
    let attributes = vec![float("epsilon", 1e-5), float("momentum", 0.9), int("training_mode", 0)];
    let inputs = [x, &scale, &bias, &mean, &variance];
    b.node("BatchNormalization", format!("{prefix}/BN"), &inputs, attributes)
}

/// Relu.
pub(super) fn relu(b: &mut Builder, prefix: &str, x: &str) -> String {
    b.node("Relu", format!("{prefix}/Relu"), &[x], Vec::new())
}

/// Elementwise sum of two activations.
pub(super) fn add(b: &mut Builder, name: String, x: &str, y: &str) -> String {
    b.node("Add", name, &[x, y], Vec::new())
}

/// `ReLUConvBN`: Relu, Conv, BatchNormalization.
pub(super) fn relu_conv_bn(
    b: &mut Builder,
    prefix: &str,
    x: &str,
    c: Channels,
    kernel: i64,
    stride: i64,
) -> String {
    let x = relu(b, prefix, x);
    conv_bn(b, prefix, &x, c, kernel, stride)
}

/// Conv, BatchNormalization.
pub(super) fn conv_bn(
    b: &mut Builder,
    prefix: &str,
    x: &str,
    c: Channels,
    kernel: i64,
    stride: i64,
) -> String {
    let x = conv(b, prefix, x, c, kernel, stride);
    batch_norm(b, prefix, &x, c.output)
}

/// `avg_pool_3x3`: 3x3 average, stride 1, padding 1 left out of the average.
pub(super) fn avg_pool_3x3(b: &mut Builder, prefix: &str, x: &str) -> String {
    average_pool(b, prefix, x, 3, 1, false)
}

/// AveragePool; padding keeps the size at stride 1 for odd kernels and is 0 for
/// even ones.
fn average_pool(
    b: &mut Builder,
    prefix: &str,
    x: &str,
    kernel: i64,
    stride: i64,
    count_include_pad: bool,
) -> String {
    let pad = (kernel - 1) / 2;
    let attributes = vec![
        int("ceil_mode", 0),
        int("count_include_pad", i64::from(count_include_pad)),
        ints("kernel_shape", &[kernel, kernel]),
        ints("pads", &[pad; 4]),
        ints("strides", &[stride, stride]),
    ];
    b.node("AveragePool", format!("{prefix}/AveragePool"), &[x], attributes)
}

/// `ResNetBasicblock` with stride 2: halves the size, `residual + basicblock`.
pub(super) fn reduction(b: &mut Builder, prefix: &str, x: &str, c: Channels) -> String {
    let inner = relu_conv_bn(b, &format!("{prefix}.a"), x, c, 3, 2);
    let same = channels(c.output, c.output);
    let inner = relu_conv_bn(b, &format!("{prefix}.b"), &inner, same, 3, 1);
    let down = format!("{prefix}.down");
    let residual = average_pool(b, &down, x, 2, 2, true);
    let residual = conv(b, &down, &residual, c, 1, 1);
    add(b, format!("{prefix}/Add"), &residual, &inner)
}

/// 3x3 Conv from the RGB input to `width` channels, BatchNormalization.
pub(super) fn stem(b: &mut Builder, width: i64) -> String {
    conv_bn(b, "stem", INPUT, channels(3, width), 3, 1)
}

/// BatchNormalization, Relu, global average, linear classifier.
pub(super) fn head(b: &mut Builder, x: &str, width: i64, classes: i64) {
    let x = batch_norm(b, "lastact", x, width);
    let x = relu(b, "lastact", &x);
    let x = b.node("GlobalAveragePool", "pool/GlobalAveragePool".into(), &[&x], Vec::new());
    let x = b.node("Flatten", "pool/Flatten".into(), &[&x], vec![int("axis", 1)]);
    let init = Init::HeNormal { fan_in: width };
    let weight = b.initializer("classifier.weight".into(), &[classes, width], init);
    let bias = b.initializer("classifier.bias".into(), &[classes], Init::Constant(0.0));
    let attributes = vec![float("alpha", 1.0), float("beta", 1.0), int("transB", 1)];
    b.node("Gemm", OUTPUT.into(), &[&x, &weight, &bias], attributes);
}
