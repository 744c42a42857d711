//! A check that a library and a provider work on this machine, on the smallest
//! model there is.

use crate::error::Result;
use crate::load::Runtime;
use crate::session::SessionOptions;

/// `y = Relu(x)` on float32 `[1]` (operator of ONNX operator set 14), as ONNX bytes.
const ONE_NODE_MODEL: &[u8] = b"\x08\x08\x42\x02\x10\x0e\x3a\x37\
    \x0a\x0c\x0a\x01x\x12\x01y\x22\x04Relu\
    \x12\x05check\
    \x5a\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01\
    \x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01";

impl Runtime {
    /// Opens a session on a one-node model: whether `options`, its provider
    /// above all, work with this library on this machine.
    ///
    /// # Errors
    /// [`Error::Provider`](crate::Error::Provider) with ONNX Runtime's reason.
    pub fn check(&self, options: &SessionOptions) -> Result<()> {
        self.session_from_memory(ONE_NODE_MODEL, options).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_protobuf::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto};
    use onnx_protobuf::{TensorShapeProto, ValueInfoProto, tensor_shape_proto, type_proto};
    use protobuf::{Message, MessageField};

    fn one_float(name: &str) -> ValueInfoProto {
        let mut dimension = tensor_shape_proto::Dimension::new();
        dimension.set_dim_value(1);
        let shape = TensorShapeProto { dim: vec![dimension], ..Default::default() };
        let mut kind = TypeProto::new();
        kind.set_tensor_type(type_proto::Tensor {
            elem_type: onnx_protobuf::tensor_proto::DataType::FLOAT as i32,
            shape: MessageField::some(shape),
            ..Default::default()
        });
        let type_ = MessageField::some(kind);
        ValueInfoProto { name: name.to_owned(), type_, ..Default::default() }
    }

    #[test]
    fn the_bytes_are_those_of_a_relu() {
        let node = NodeProto {
            op_type: "Relu".to_owned(),
            input: vec!["x".to_owned()],
            output: vec!["y".to_owned()],
            ..Default::default()
        };
        let graph = GraphProto {
            name: "check".to_owned(),
            node: vec![node],
            input: vec![one_float("x")],
            output: vec![one_float("y")],
            ..Default::default()
        };
        let model = ModelProto {
            ir_version: 8,
            opset_import: vec![OperatorSetIdProto { version: 14, ..Default::default() }],
            graph: MessageField::some(graph),
            ..Default::default()
        };
        assert_eq!(model.write_to_bytes().unwrap(), ONE_NODE_MODEL);
    }
}
