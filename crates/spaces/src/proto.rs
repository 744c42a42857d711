//! Parts of ONNX messages: values, attributes, serialized models.

use crate::error::{Error, Result};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::{Dimension, dimension};
use onnx_protobuf::{
    AttributeProto, Message, ModelProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    type_proto,
};
use protobuf::{Enum, MessageField};

/// Serializes a model. Equal models give equal bytes.
///
/// # Errors
/// [`Error::Serialize`] where the message cannot be encoded (larger than 2 GiB).
pub fn to_bytes(model: &ModelProto) -> Result<Vec<u8>> {
    model.write_to_bytes().map_err(|cause| {
        let name = model.graph.as_ref().map_or("model", |g| g.name.as_str());
        Error::Serialize { model: name.to_owned(), cause: Box::new(cause) }
    })
}

/// A value with its type and shape.
pub(crate) fn declared(
    name: &str,
    kind: DataType,
    dims: impl Iterator<Item = dimension::Value>,
) -> ValueInfoProto {
    let dim = dims.map(|value| Dimension { value: Some(value), ..Default::default() }).collect();
    let tensor = type_proto::Tensor {
        elem_type: kind.value(),
        shape: MessageField::some(TensorShapeProto { dim, ..Default::default() }),
        ..Default::default()
    };
    let value_type =
        TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    ValueInfoProto {
        name: name.to_owned(),
        type_: MessageField::some(value_type),
        ..Default::default()
    }
}

/// An integer attribute.
pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { i: value, ..attribute(name, AttributeType::INT) }
}

/// A list of integers.
pub(crate) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { ints: values.to_vec(), ..attribute(name, AttributeType::INTS) }
}

/// A floating-point attribute.
pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { f: value, ..attribute(name, AttributeType::FLOAT) }
}

/// A tensor attribute.
pub(crate) fn tensor(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto { t: MessageField::some(value), ..attribute(name, AttributeType::TENSOR) }
}

/// A list of floating-point numbers.
pub(crate) fn floats(name: &str, values: Vec<f32>) -> AttributeProto {
    AttributeProto { floats: values, ..attribute(name, AttributeType::FLOATS) }
}

/// A list of texts.
pub(crate) fn strings<'t>(name: &str, values: impl Iterator<Item = &'t str>) -> AttributeProto {
    let strings = values.map(|t| t.as_bytes().to_vec()).collect();
    AttributeProto { strings, ..attribute(name, AttributeType::STRINGS) }
}

/// A text attribute.
pub(crate) fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto { s: value.as_bytes().to_vec(), ..attribute(name, AttributeType::STRING) }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), type_: kind.into(), ..Default::default() }
}
