//! Operations of TransNAS-Bench-101 that change channels and size without a
//! convolution over them: zeros and `FactorizedReduce`.

use super::Block;
use crate::builder::{Builder, INPUT};
use crate::layers::{self, Act, Conv, batch_norm};
use crate::proto::{int, string, tensor};
use onnx_protobuf::TensorProto;
use onnx_protobuf::tensor_proto::DataType;
use protobuf::Enum;

/// Zeros of the shape that the block writes, whatever it reads.
pub(super) fn zeros(b: &mut Builder, name: &str, block: Block) -> String {
    let shape = b.node("Shape", format!("{name}/Shape"), &[INPUT], Vec::new());
    let batch = layers::slice(b, name, &shape, 0, [0, 1]);
    let sizes = [block.output, block.side, block.side];
    let rest = b.integers(format!("{name}/sizes"), &sizes);
    let shape = b.node("Concat", format!("{name}/Concat"), &[&batch, &rest], vec![int("axis", 0)]);
    let zero = TensorProto {
        dims: vec![1],
        data_type: DataType::FLOAT.value(),
        raw_data: 0f32.to_le_bytes().to_vec(),
        ..Default::default()
    };
    let attributes = vec![tensor("value", zero)];
    b.node("ConstantOfShape", format!("{name}/ConstantOfShape"), &[&shape], attributes)
}

/// `FactorizedReduce`: Relu, two 1x1 Convs side by side, the second of the input
/// shifted by a pixel, BatchNormalization.
pub(super) fn factorized(b: &mut Builder, name: &str, block: Block) -> String {
    let x = layers::relu(b, name, block.x);
    let pads = b.integers(format!("{name}/pads"), &[0, 0, 0, 0, 0, 0, 1, 1]);
    let zero = b.scalar(format!("{name}/zero"), 0.0);
    let attributes = vec![string("mode", "constant")];
    let mut shifted = b.node("Pad", format!("{name}/Pad"), &[&x, &pads, &zero], attributes);
    for axis in [2, 3] {
        shifted = layers::slice(b, &format!("{name}.{axis}"), &shifted, axis, [1, i64::MAX]);
    }
    let half = block.output / 2;
    let conv = |output| Conv::new(block.input, output, 1).stride(block.stride);
    let left = layers::conv(b, &format!("{name}.0"), &x, conv(half));
    let right = layers::conv(b, &format!("{name}.1"), &shifted, conv(block.output - half));
    let both = b.node("Concat", format!("{name}/Concat"), &[&left, &right], vec![int("axis", 1)]);
    let both = batch_norm(b, name, &both, block.output);
    layers::activation(b, name, &both, Act::None)
}
