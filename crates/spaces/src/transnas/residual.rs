//! `ResNetBasicblock` of TransNAS-Bench-101.

use super::Block;
use crate::builder::Builder;
use crate::layers::{self, Conv};

/// Epsilon and momentum of the projection's BatchNormalization. The definition hands
/// PyTorch's constructor `True` for both, which is 1; the exporter writes one less the
/// momentum.
const PROJECTION: [f32; 2] = [1.0, 0.0];

/// Relu, Conv and BatchNormalization twice, added to the input, which is projected
/// where channels or size change.
pub(super) fn basic(b: &mut Builder, block: Block) -> String {
    let Block { name, x, input, output, stride, .. } = block;
    let first = Conv::new(input, output, 3).stride(stride);
    let inner = layers::relu_conv_bn(b, &format!("{name}.a"), x, first);
    let inner = layers::relu_conv_bn(b, &format!("{name}.b"), &inner, Conv::new(output, output, 3));
    let residual = match stride != 1 || input != output {
        true => {
            let down = &format!("{name}.down");
            let conv = Conv::new(input, output, 1).stride(stride);
            let projected = layers::conv(b, down, x, conv);
            layers::batch_norm_with(b, down, &projected, output, PROJECTION)
        }
        false => x.to_owned(),
    };
    layers::add(b, format!("{name}/Add"), &residual, &inner)
}
