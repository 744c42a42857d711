//! ONNX graph under construction: nodes in topological order, initializers.

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::options::{Dataset, ModelOptions};
use crate::proto::{declared, ints, tensor};
use crate::weights::{Init, Initializers};
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::dimension;
use onnx_protobuf::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto,
};
use protobuf::{Enum, MessageField};

/// Name of the graph input.
pub(crate) const INPUT: &str = "input";
/// Name of the graph output.
pub(crate) const OUTPUT: &str = "logits";

/// A graph under construction.
#[derive(Debug)]
pub(crate) struct Builder {
    graph: GraphProto,
    initializers: Initializers,
    opset: u16,
    has_zero: bool,
}

/// What a network reads and writes: that of a data set, or of the architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interface {
    /// Height and width of the input image, in pixels.
    pub(crate) side: i64,
    /// Width of the output.
    pub(crate) classes: i64,
}

impl From<Dataset> for Interface {
    fn from(dataset: Dataset) -> Self {
        Self { side: dataset.resolution(), classes: dataset.classes() }
    }
}

impl Builder {
    /// An empty graph whose initializers are filled as `options` say.
    pub(crate) fn new(options: &ModelOptions) -> Self {
        Self {
            graph: GraphProto::new(),
            initializers: Initializers::new(options.weights),
            opset: options.opset,
            has_zero: false,
        }
    }

    /// Adds a node with one output and returns the output's name, which is the
    /// node's own name.
    pub(crate) fn node(
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
    pub(crate) fn initializer(&mut self, name: String, dims: &[i64], init: Init) -> String {
        let count = dims.iter().product::<i64>().unsigned_abs() as usize;
        self.graph.initializer.push(TensorProto {
            dims: dims.to_vec(),
            data_type: DataType::FLOAT.value(),
            name: name.clone(),
            raw_data: self.initializers.payload(count, init),
            ..Default::default()
        });
        name
    }

    /// The name of a scalar 0.0 that always holds its value; one Constant node
    /// serves the whole graph.
    pub(crate) fn zero(&mut self) -> &'static str {
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

    /// A Constant node of int64 values that are always in the file.
    pub(crate) fn integers(&mut self, name: String, values: &[i64]) -> String {
        let value = TensorProto {
            dims: vec![values.len() as i64],
            data_type: DataType::INT64.value(),
            raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ..Default::default()
        };
        self.node("Constant", name, &[], vec![tensor("value", value)])
    }

    /// A Constant node of one float32 scalar that is always in the file.
    pub(crate) fn scalar(&mut self, name: String, value: f32) -> String {
        let value = TensorProto {
            data_type: DataType::FLOAT.value(),
            raw_data: value.to_le_bytes().to_vec(),
            ..Default::default()
        };
        self.node("Constant", name, &[], vec![tensor("value", value)])
    }

    /// Axes of an operator, which are an attribute before the opset `since` and
    /// an input from it on.
    pub(crate) fn axes(
        &mut self,
        name: String,
        axes: &[i64],
        since: u16,
    ) -> (Option<String>, Vec<AttributeProto>) {
        match self.opset < since {
            true => (None, vec![ints("axes", axes)]),
            false => (Some(self.integers(name, axes)), Vec::new()),
        }
    }

    /// Closes the graph: [`INPUT`] `[batch, 3, side, side]`, [`OUTPUT`]
    /// `[batch, classes]`, both float32.
    ///
    /// # Errors
    /// [`Error::Architecture`] for an opset outside [`ModelOptions::OPSETS`].
    pub(crate) fn finish(
        mut self,
        name: &str,
        options: &ModelOptions,
        Interface { side, classes }: Interface,
    ) -> Result<ModelProto> {
        if !ModelOptions::OPSETS.contains(&options.opset) {
            let (low, high) = (ModelOptions::OPSETS.start(), ModelOptions::OPSETS.end());
            let reason = format!("opset {} is not supported ({low} to {high})", options.opset);
            return Err(Error::Architecture { arch: name.to_owned(), reason });
        }
        self.graph.name = name.to_owned();
        self.graph.input = vec![float_value(INPUT, &options.batch, &[3, side, side])];
        self.graph.output = vec![float_value(OUTPUT, &options.batch, &[classes])];
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
