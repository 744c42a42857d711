//! Parameters into graphs: the encoder graph takes its parameters as inputs;
//! a bundle's model has them inside.

use crate::error::{Error, Result};
use onnx_protobuf::{Message, ModelProto, TensorProto};
use std::collections::HashMap;

/// A parameter's values with its dimensions.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name of the graph input it takes the place of.
    pub name: String,
    /// Dimensions.
    pub dims: Vec<usize>,
    /// Elements, row-major.
    pub values: Vec<f32>,
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::Training(format!("encoder graph: {}", reason.into()))
}

/// The model `encoder`, its inputs named by `parameters` turned into
/// initializers, and only the outputs `outputs` kept. Returns ONNX bytes.
///
/// # Errors
/// [`Error::Training`] where the graph lacks a parameter or an output.
pub fn embed(encoder: &[u8], parameters: Vec<Parameter>, outputs: &[&str]) -> Result<Vec<u8>> {
    let mut model = ModelProto::parse_from_bytes(encoder).map_err(|e| wrong(e.to_string()))?;
    let graph = model.graph.mut_or_insert_default();
    let mut by_name: HashMap<String, Parameter> =
        parameters.into_iter().map(|p| (p.name.clone(), p)).collect();
    let mut inputs = Vec::new();
    for input in std::mem::take(&mut graph.input) {
        match by_name.remove(&input.name) {
            Some(p) => graph.initializer.push(tensor(p)),
            None => inputs.push(input),
        }
    }
    if let Some(name) = by_name.keys().next() {
        return Err(wrong(format!("there is no parameter {name:?}")));
    }
    if let Some(i) = inputs.iter().find(|i| i.name != "input_ids" && i.name != "attention_mask") {
        return Err(wrong(format!("the parameter {:?} has no values", i.name)));
    }
    graph.input = inputs;
    graph.output.retain(|o| outputs.contains(&o.name.as_str()));
    if graph.output.len() != outputs.len() {
        return Err(wrong(format!("not all of the outputs {outputs:?} are there")));
    }
    model.write_to_bytes().map_err(|e| wrong(e.to_string()))
}

fn tensor(p: Parameter) -> TensorProto {
    TensorProto {
        name: p.name,
        dims: p.dims.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect(),
        data_type: 1,
        raw_data: p.values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..Default::default()
    }
}
