//! A network under construction: nodes in topological order, initializers, the
//! shape of every value, and an estimate of what a run costs.

use super::draw::Draw;
use super::half;
use super::style::Style;
use super::work::Work;
use crate::batch::Batch;
use crate::proto::{declared, int, ints, tensor};
use crate::weights::{Init, Initializers, Weights};
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::dimension;
use onnx_protobuf::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto,
};
use protobuf::{Enum, MessageField};
use std::collections::BTreeSet;

/// The domain of classical machine learning.
pub(super) const ML: &str = "ai.onnx.ml";
/// The domain of ONNX Runtime's own operators.
pub(super) const MICROSOFT: &str = "com.microsoft";

/// A tensor in the graph: its name, and its shape with the batch that it runs with.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) shape: Vec<i64>,
}

impl Value {
    /// Size of an axis; negative ones count from the end. 1 where there is none.
    pub(super) fn dim(&self, axis: i64) -> i64 {
        let at = if axis < 0 { axis + self.shape.len() as i64 } else { axis };
        usize::try_from(at).ok().and_then(|i| self.shape.get(i)).copied().unwrap_or(1)
    }

    /// Size of the second axis.
    pub(super) fn channels(&self) -> i64 {
        self.dim(1)
    }

    /// Sizes of all axes but the first two.
    pub(super) fn spatial(&self) -> &[i64] {
        self.shape.get(2..).unwrap_or_default()
    }

    /// Smallest spatial size.
    pub(super) fn side(&self) -> i64 {
        self.spatial().iter().copied().min().unwrap_or(1)
    }

    pub(super) fn elements(&self) -> i64 {
        self.shape.iter().product()
    }
}

/// A network under construction. Layers are in the modules beside this one.
#[derive(Debug)]
pub(super) struct Net {
    graph: GraphProto,
    weights: Initializers,
    /// The choices that are left to make.
    pub(super) draw: Draw,
    /// How layers are spelled.
    pub(super) style: Style,
    /// What a run costs so far.
    pub(super) work: Work,
}

impl Net {
    /// An empty network. Its spelling is the first choice of `draw`.
    pub(super) fn new(mut draw: Draw, weights: Weights) -> Self {
        let style = Style::draw(&mut draw);
        let weights = Initializers::new(weights);
        Self { graph: GraphProto::new(), weights, draw, style, work: Work::default() }
    }

    /// An input `[batch, rest..]` of float32.
    pub(super) fn input(&mut self, name: &str, rest: &[i64]) -> Value {
        self.input_of(name, 0, rest, DataType::FLOAT)
    }

    /// An input of any type whose `axis` is the batch.
    pub(super) fn input_of(
        &mut self,
        name: &str,
        axis: usize,
        rest: &[i64],
        kind: DataType,
    ) -> Value {
        let mut shape = rest.to_vec();
        shape.insert(axis.min(rest.len()), self.style.batch_size());
        self.graph.input.push(self.declare(name, &shape, Some(axis), kind));
        Value { name: name.to_owned(), shape }
    }

    /// Makes the value an output whose first axis is the batch.
    pub(super) fn output(&mut self, value: &Value) {
        self.output_of(value, Some(0));
    }

    /// Makes the value an output; `axis` is its batch, where it has one.
    pub(super) fn output_of(&mut self, value: &Value, axis: Option<usize>) {
        self.output_as(value, axis, DataType::FLOAT);
    }

    /// As [`Net::output_of`], of any type.
    pub(super) fn output_as(&mut self, value: &Value, axis: Option<usize>, kind: DataType) {
        let output = self.declare(&value.name, &value.shape, axis, kind);
        self.graph.output.push(output);
    }

    fn declare(
        &self,
        name: &str,
        shape: &[i64],
        axis: Option<usize>,
        kind: DataType,
    ) -> ValueInfoProto {
        let dims = shape.iter().enumerate().map(|(at, &size)| match &self.style.batch {
            Batch::Named(name) if Some(at) == axis => dimension::Value::DimParam(name.clone()),
            _ => dimension::Value::DimValue(size),
        });
        declared(name, kind, dims)
    }

    /// Adds a node with one output of that shape.
    pub(super) fn op(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        shape: Vec<i64>,
    ) -> Value {
        let [value] = self.op_many(op, inputs, attributes, [shape]);
        value
    }

    /// Adds a node of another domain with one output of that shape.
    pub(super) fn op_of(
        &mut self,
        domain: &str,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        shape: Vec<i64>,
    ) -> Value {
        let [value] = self.op_many_of(domain, op, inputs, attributes, [shape]);
        value
    }

    /// Adds a node of another domain with an output for each shape.
    pub(super) fn op_many_of<const N: usize>(
        &mut self,
        domain: &str,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        shapes: [Vec<i64>; N],
    ) -> [Value; N] {
        let values = self.op_many(op, inputs, attributes, shapes);
        if let Some(node) = self.graph.node.last_mut() {
            node.domain = domain.to_owned();
        }
        values
    }

    /// Adds a node with an output for each shape.
    pub(super) fn op_many<const N: usize>(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        shapes: [Vec<i64>; N],
    ) -> [Value; N] {
        let number = self.graph.node.len();
        let mut port = 0;
        let outputs = shapes.map(|shape| {
            let name = format!("{op}_{number}_output_{port}");
            port += 1;
            Value { name, shape }
        });
        self.work.elements += outputs.iter().map(Value::elements).sum::<i64>() as f64;
        self.work.nodes += 1.0;
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|v| v.name.clone()).collect(),
            output: outputs.iter().map(|v| v.name.clone()).collect(),
            name: format!("{op}_{number}"),
            op_type: op.to_owned(),
            attribute: attributes,
            ..Default::default()
        });
        outputs
    }

    /// An input that is left out.
    pub(super) fn absent() -> Value {
        Value { name: String::new(), shape: Vec::new() }
    }

    /// A float32 initializer.
    pub(super) fn weight(&mut self, shape: &[i64], init: Init) -> Value {
        let count = shape.iter().product::<i64>();
        let data = self.weights.payload(count.unsigned_abs() as usize, init);
        self.parameter(shape, DataType::FLOAT, data, count * 4)
    }

    /// An initializer of one byte an element, uniform (`UINT8`, `INT8`, `BOOL`).
    pub(super) fn bytes(&mut self, shape: &[i64], kind: DataType) -> Value {
        let count = shape.iter().product::<i64>();
        let data = self.weights.bytes(count.unsigned_abs() as usize);
        self.parameter(shape, kind, data, count)
    }

    fn parameter(&mut self, shape: &[i64], kind: DataType, data: Vec<u8>, size: i64) -> Value {
        let name = format!("w{}", self.graph.initializer.len());
        self.work.weight_bytes += size as f64;
        self.work.stored_bytes += size as f64;
        self.graph.initializer.push(TensorProto {
            dims: shape.to_vec(),
            data_type: kind.value(),
            name: name.clone(),
            raw_data: data,
            ..Default::default()
        });
        Value { name, shape: shape.to_vec() }
    }

    /// A small constant, an initializer or a Constant node; its values are in
    /// the file even where weights are not.
    pub(super) fn constant(&mut self, shape: &[i64], kind: DataType, raw_data: Vec<u8>) -> Value {
        let mut value = TensorProto {
            dims: shape.to_vec(),
            data_type: kind.value(),
            raw_data,
            ..Default::default()
        };
        if self.style.constant_nodes {
            return self.op("Constant", &[], vec![tensor("value", value)], shape.to_vec());
        }
        let name = format!("c{}", self.graph.initializer.len());
        value.name.clone_from(&name);
        self.graph.initializer.push(value);
        Value { name, shape: shape.to_vec() }
    }

    /// An int64 vector.
    pub(super) fn int_list(&mut self, values: &[i64]) -> Value {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(&[values.len() as i64], DataType::INT64, data)
    }

    /// An int64 scalar.
    pub(super) fn int_scalar(&mut self, value: i64) -> Value {
        self.constant(&[], DataType::INT64, value.to_le_bytes().to_vec())
    }

    /// A float32 scalar.
    pub(super) fn scalar(&mut self, value: f32) -> Value {
        self.constant(&[], DataType::FLOAT, value.to_le_bytes().to_vec())
    }

    /// A float32 constant of that shape.
    pub(super) fn floats(&mut self, shape: &[i64], values: &[f32]) -> Value {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(shape, DataType::FLOAT, data)
    }

    /// Axes of an operator: an attribute before the opset `since`, else an input.
    pub(super) fn axes(
        &mut self,
        axes: &[i64],
        since: i64,
    ) -> (Option<Value>, Vec<AttributeProto>) {
        if self.style.opset < since {
            return (None, vec![ints("axes", axes)]);
        }
        (Some(self.int_list(axes)), Vec::new())
    }

    /// A node of which an axis is an attribute.
    pub(super) fn along(&mut self, op: &str, x: &Value, axis: i64) -> Value {
        self.op(op, &[x], vec![int("axis", axis)], x.shape.clone())
    }

    /// The finished model.
    pub(super) fn finish(mut self, name: &str) -> ModelProto {
        self.graph.name = name.to_owned();
        if let Some(half) = self.style.half {
            half::convert(&mut self.graph, half);
        }
        let mut domains: BTreeSet<String> =
            self.graph.node.iter().map(|n| n.domain.clone()).collect();
        domains.insert(String::new());
        let import = |domain: String| OperatorSetIdProto {
            version: match domain.as_str() {
                "" => self.style.opset,
                ML => 3,
                _ => 1,
            },
            domain,
            ..Default::default()
        };
        ModelProto {
            ir_version: self.style.ir_version(),
            opset_import: domains.into_iter().map(import).collect(),
            producer_name: "nneval".to_owned(),
            graph: MessageField::some(self.graph),
            ..Default::default()
        }
    }
}
