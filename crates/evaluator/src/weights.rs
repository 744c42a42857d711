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

/// The parameters inside a bundle's model (ONNX bytes): every initializer of
/// single precision.
///
/// # Errors
/// [`Error::Training`] where the bytes are no model.
pub fn parameters(model: &[u8]) -> Result<Vec<Parameter>> {
    let model = ModelProto::parse_from_bytes(model).map_err(|e| wrong(e.to_string()))?;
    let single = model.graph.initializer.iter().filter(|t| t.data_type == 1);
    let parameter = |t: &TensorProto| Parameter {
        name: t.name.clone(),
        dims: t.dims.iter().map(|d| usize::try_from(*d).unwrap_or(0)).collect(),
        values: floats(t),
    };
    Ok(single.map(parameter).collect())
}

/// One column of the head: the output of a metric is the pooled state times
/// `weights`, plus `bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadColumn {
    /// One weight for each element of the pooled state.
    pub weights: Vec<f32>,
    /// Constant part.
    pub bias: f32,
}

fn no_head(reason: &str) -> Error {
    Error::Training(format!("the evaluator's model: {reason}"))
}

/// Name of the head's output.
const HEAD: &str = "metrics";

/// The columns of the head of a bundle's model (ONNX bytes): the `Gemm` that
/// makes the output `metrics`.
///
/// # Errors
/// [`Error::Training`] where the model has no such head.
pub fn head(model: &[u8]) -> Result<Vec<HeadColumn>> {
    let model = ModelProto::parse_from_bytes(model).map_err(|e| no_head(&e.to_string()))?;
    let [weight, bias] = head_names(&model)?;
    let find = |name: &str| model.graph.initializer.iter().find(|t| t.name == name);
    let (weight, bias) =
        find(&weight).zip(find(&bias)).ok_or_else(|| no_head("the head has no weights inside"))?;
    let columns = bias.dims.first().and_then(|n| usize::try_from(*n).ok()).unwrap_or(0);
    let (w, b) = (floats(weight), floats(bias));
    if columns == 0 || b.len() != columns || w.len() % columns != 0 || weight.dims.len() != 2 {
        return Err(no_head("the head's weights have other dimensions than expected"));
    }
    let column = |(j, bias): (usize, &f32)| HeadColumn {
        weights: w.chunks_exact(columns).filter_map(|row| row.get(j).copied()).collect(),
        bias: *bias,
    };
    Ok(b.iter().enumerate().map(column).collect())
}

/// The model with other columns in its head, as many as given.
///
/// # Errors
/// As [`head`], and where the columns are not as long as the head's are.
pub fn with_head(model: &[u8], columns: &[HeadColumn]) -> Result<Vec<u8>> {
    let d = head(model)?.first().map_or(0, |c| c.weights.len());
    if columns.iter().any(|c| c.weights.len() != d) {
        return Err(no_head("a new column is not as long as the head's"));
    }
    let mut model = ModelProto::parse_from_bytes(model).map_err(|e| no_head(&e.to_string()))?;
    let [weight, bias] = head_names(&model)?;
    let rows = (0..d).flat_map(|i| columns.iter().filter_map(move |c| c.weights.get(i).copied()));
    let parts = [
        Parameter { name: weight, dims: vec![d, columns.len()], values: rows.collect() },
        Parameter {
            name: bias,
            dims: vec![columns.len()],
            values: columns.iter().map(|c| c.bias).collect(),
        },
    ];
    for part in parts {
        let found = model.graph.mut_or_insert_default().initializer.iter_mut();
        let found = found.into_iter().find(|t| t.name == part.name);
        *found.ok_or_else(|| no_head("the head has no weights inside"))? = tensor(part);
    }
    model.write_to_bytes().map_err(|e| no_head(&e.to_string()))
}

/// Names of the head's weight and bias.
fn head_names(model: &ModelProto) -> Result<[String; 2]> {
    let makes = |n: &&onnx_protobuf::NodeProto| n.output.iter().any(|o| o == HEAD);
    match model.graph.node.iter().find(makes) {
        Some(node) if node.op_type == "Gemm" && node.attribute.is_empty() => match &*node.input {
            [_, weight, bias] => Ok([weight.clone(), bias.clone()]),
            _ => Err(no_head("the head has no bias")),
        },
        _ => Err(no_head("its output \"metrics\" is not made by a plain Gemm")),
    }
}

/// Elements of a tensor of single precision; none of another type.
fn floats(t: &TensorProto) -> Vec<f32> {
    match (t.data_type, t.raw_data.is_empty()) {
        (1, false) => {
            t.raw_data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
        }
        (1, true) => t.float_data.clone(),
        _ => Vec::new(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_protobuf::{GraphProto, NodeProto};

    fn model(op: &str, inputs: &[&str]) -> Vec<u8> {
        let parameter = |name: &str, dims: Vec<usize>, values: Vec<f32>| {
            tensor(Parameter { name: name.into(), dims, values })
        };
        let node = NodeProto {
            op_type: op.into(),
            input: inputs.iter().map(|i| (*i).to_owned()).collect(),
            output: vec![HEAD.into()],
            ..Default::default()
        };
        let graph = GraphProto {
            node: vec![node],
            initializer: vec![
                parameter("w", vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                parameter("b", vec![3], vec![7.0, 8.0, 9.0]),
            ],
            ..Default::default()
        };
        let model = ModelProto { graph: Some(graph).into(), ..Default::default() };
        model.write_to_bytes().unwrap()
    }

    #[test]
    fn columns_of_the_head_are_read_and_replaced() {
        let before = model("Gemm", &["x", "w", "b"]);
        let columns = head(&before).unwrap();
        assert_eq!(columns[1], HeadColumn { weights: vec![2.0, 5.0], bias: 8.0 });
        let other = [columns[2].clone(), HeadColumn { weights: vec![0.5, -1.0], bias: 0.0 }];
        assert_eq!(head(&with_head(&before, &other).unwrap()).unwrap(), other);
        assert_eq!(with_head(&before, &columns).unwrap(), before);
        let long = [HeadColumn { weights: vec![0.0; 3], bias: 0.0 }];
        assert!(with_head(&before, &long).is_err());
    }

    #[test]
    fn models_without_a_plain_head_are_refused() {
        for bad in [
            model("MatMul", &["x", "w"]),
            model("Gemm", &["x", "w"]),
            model("Gemm", &["x", "w", "other"]),
            model("Gemm", &["x", "b", "w"]),
            b"junk".to_vec(),
        ] {
            let reason = head(&bad).unwrap_err().to_string();
            assert!(reason.contains("the evaluator's model"), "{reason}");
        }
    }
}
