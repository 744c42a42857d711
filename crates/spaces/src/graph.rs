//! ONNX graph under construction: nodes in topological order, initializers.

use super::options::{Batch, ModelOptions};
use super::weights::{Init, Source};
use crate::error::{Error, Result};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::{Dimension, dimension};
use onnx_protobuf::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
use protobuf::{Enum, MessageField};

/// Name of the graph input.
pub(super) const INPUT: &str = "input";
/// Name of the graph output.
pub(super) const OUTPUT: &str = "logits";

/// A graph under construction.
#[derive(Debug)]
pub(super) struct Builder {
    graph: GraphProto,
    source: Source,
    has_zero: bool,
}

impl Builder {
    /// An empty graph whose initializers are filled as `options` say.
    pub(super) fn new(options: &ModelOptions) -> Self {
        Self { graph: GraphProto::new(), source: Source::new(options.weights), has_zero: false }
    }

    /// Adds a node with one output and returns the output's name, which is the
    /// node's own name.
    pub(super) fn node(
        &mut self,
        op: &str,
        name: String,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|s| (*s).to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op.to_owned(),
            attribute: attributes,
            ..Default::default()
        });
        name
    }

    /// Adds a float32 initializer and returns its name.
    pub(super) fn initializer(&mut self, name: String, dims: &[i64], init: Init) -> String {
        let count = dims.iter().product::<i64>().unsigned_abs() as usize;
        self.graph.initializer.push(TensorProto {
            dims: dims.to_vec(),
            data_type: DataType::FLOAT.value(),
            name: name.clone(),
            raw_data: self.source.payload(count, init),
            ..Default::default()
        });
        name
    }

    /// The name of a scalar 0.0 that always holds its value; one Constant node
    /// serves the whole graph.
    pub(super) fn zero(&mut self) -> &'static str {
        const NAME: &str = "zero";
        if !self.has_zero {
            self.has_zero = true;
            let value = TensorProto {
                data_type: DataType::FLOAT.value(),
                raw_data: 0f32.to_le_bytes().to_vec(),
                ..Default::default()
            };
            self.node("Constant", NAME.to_owned(), &[], vec![tensor("value", value)]);
        }
        NAME
    }

    /// Closes the graph: [`INPUT`] `[batch, 3, resolution, resolution]`,
    /// [`OUTPUT`] `[batch, classes]`, both float32.
    ///
    /// # Errors
    /// [`Error::Architecture`] for an opset outside [`ModelOptions::OPSETS`].
    pub(super) fn finish(mut self, name: &str, options: &ModelOptions) -> Result<ModelProto> {
        if !ModelOptions::OPSETS.contains(&options.opset) {
            let (low, high) = (ModelOptions::OPSETS.start(), ModelOptions::OPSETS.end());
            let reason = format!("opset {} is not supported ({low} to {high})", options.opset);
            return Err(Error::Architecture { arch: name.to_owned(), reason });
        }
        let side = options.dataset.resolution();
        self.graph.name = name.to_owned();
        self.graph.input = vec![float_value(INPUT, &options.batch, &[3, side, side])];
        self.graph.output = vec![float_value(OUTPUT, &options.batch, &[options.dataset.classes()])];
        let opset = OperatorSetIdProto { version: i64::from(options.opset), ..Default::default() };
        Ok(ModelProto {
            ir_version: options.ir_version(),
            opset_import: vec![opset],
            producer_name: "nneval".to_owned(),
            graph: MessageField::some(self.graph),
            ..Default::default()
        })
    }
}

/// A float32 value of shape `[batch, rest..]`.
fn float_value(name: &str, batch: &Batch, rest: &[i64]) -> ValueInfoProto {
    let first = match batch {
        Batch::Fixed(n) => dimension::Value::DimValue(i64::from(*n)),
        Batch::Named(s) => dimension::Value::DimParam(s.clone()),
    };
    let rest = rest.iter().map(|n| dimension::Value::DimValue(*n));
    declared(name, DataType::FLOAT, std::iter::once(first).chain(rest))
}

/// A value of that type and shape.
pub(super) fn declared(
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
pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { i: value, ..attribute(name, AttributeType::INT) }
}

/// A list of integers.
pub(super) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { ints: values.to_vec(), ..attribute(name, AttributeType::INTS) }
}

/// A floating-point attribute.
pub(super) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { f: value, ..attribute(name, AttributeType::FLOAT) }
}

/// A tensor attribute.
pub(super) fn tensor(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto { t: MessageField::some(value), ..attribute(name, AttributeType::TENSOR) }
}

/// A text.
pub(super) fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto { s: value.as_bytes().to_vec(), ..attribute(name, AttributeType::STRING) }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), type_: kind.into(), ..Default::default() }
}
