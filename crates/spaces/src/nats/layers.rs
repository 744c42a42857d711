//! Layers of the NATS-Bench networks, with the attributes that PyTorch's ONNX
//! exporter writes. Activations are `[batch, channels, height, width]`; every
//! function takes the name of its input and returns the name of its output.

use crate::builder::Builder;
use crate::layers::{self, Act, Conv, batch_norm, conv};
use crate::proto::{int, ints};

pub(super) use crate::layers::add;

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

impl Channels {
    fn conv(self, kernel: i64, stride: i64) -> Conv {
        Conv::new(self.input, self.output, kernel).stride(stride)
    }
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
    layers::relu_conv_bn(b, prefix, x, c.conv(kernel, stride))
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
    layers::conv_bn(b, prefix, x, c.conv(kernel, stride), Act::None)
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
    let residual = conv(b, &down, &residual, c.conv(1, 1));
    add(b, format!("{prefix}/Add"), &residual, &inner)
}

/// 3x3 Conv from the RGB input to `width` channels, BatchNormalization.
pub(super) fn stem(b: &mut Builder, width: i64) -> String {
    layers::stem(b, width, 1, Act::None)
}

/// BatchNormalization, Relu, global average, linear classifier.
pub(super) fn head(b: &mut Builder, x: &str, width: i64, classes: i64) {
    let x = batch_norm(b, "lastact", x, width);
    let x = layers::relu(b, "lastact", &x);
    let x = layers::global_pool(b, "pool", &x);
    layers::flat_classifier(b, &x, width, classes);
}
