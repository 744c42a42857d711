//! Whether a library and a provider work on this machine, tried on the
//! smallest model there is.

use super::load::Runtime;
use super::session::SessionOptions;
use crate::error::{Error, Result};
use onnx_protobuf::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto};
use onnx_protobuf::{TensorShapeProto, ValueInfoProto, tensor_shape_proto, type_proto};
use protobuf::{Message, MessageField};

impl Runtime {
    /// Opens a session on a one-node model: whether `options`, its provider
    /// above all, work with this library on this machine.
    ///
    /// # Errors
    /// [`Error::Runtime`] with ONNX Runtime's reason.
    pub fn check(&self, options: &SessionOptions) -> Result<()> {
        let model = one_node_model().write_to_bytes().map_err(|e| Error::Runtime(e.to_string()))?;
        self.session_from_memory(&model, options).map(drop)
    }
}

/// `y = Relu(x)` on float32 `[1]` (operator of ONNX operator set 14).
fn one_node_model() -> ModelProto {
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
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { version: 14, ..Default::default() }],
        graph: MessageField::some(graph),
        ..Default::default()
    }
}

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
    ValueInfoProto { name: name.to_owned(), type_: MessageField::some(kind), ..Default::default() }
}
