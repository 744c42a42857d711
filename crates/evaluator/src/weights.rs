//! Parameters of models: out of a bundle's model, into an encoder graph, and those of the head.
//!
//! An encoder graph takes its parameters as inputs; a bundle's model has them inside.

mod canonical;
mod external;
mod onnx;
mod wire;

use crate::error::{Error, Result};
pub(crate) use external::outside;
use onnx::{GraphProto, ModelProto, TensorName, TensorProto, ValueInfoProto, field};
use prost::Message;
use std::borrow::Cow;
use std::collections::HashMap;
use wire::{Record, Value};

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

fn wrong(reason: impl std::fmt::Display) -> Error {
    Error::Weights(format!("encoder graph: {reason}"))
}

/// The model `encoder`, its inputs named by `parameters` turned into
/// initializers, and only the outputs `outputs` kept. Returns ONNX bytes.
///
/// # Errors
/// [`Error::Weights`] where the graph lacks a parameter or an output.
pub fn embed(encoder: &[u8], parameters: Vec<Parameter>, outputs: &[&str]) -> Result<Vec<u8>> {
    let mut by_name: HashMap<String, Parameter> =
        parameters.into_iter().map(|p| (p.name.clone(), p)).collect();
    let mut graph = Vec::new();
    let mut kept = 0;
    let bytes = graph_bytes(encoder).map_err(wrong)?;
    for record in wire::records(&bytes).map_err(wrong)? {
        let name = match record.number {
            field::INPUT | field::OUTPUT => value_name(&record).map_err(wrong)?,
            _ => String::new(),
        };
        match record.number {
            field::INPUT => match by_name.remove(&name) {
                Some(p) => graph.push(initializer(p)),
                None if name == "input_ids" || name == "attention_mask" => graph.push(record),
                None => return Err(wrong(format!("the parameter {name:?} has no values"))),
            },
            field::OUTPUT if !outputs.contains(&name.as_str()) => {}
            field::OUTPUT => {
                kept += 1;
                graph.push(record);
            }
            _ => graph.push(record),
        }
    }
    if let Some(name) = by_name.keys().next() {
        return Err(wrong(format!("there is no parameter {name:?}")));
    }
    if kept != outputs.len() {
        return Err(wrong(format!("not all of the outputs {outputs:?} are there")));
    }
    with_graph(encoder, &graph).map_err(wrong)
}

/// The parameters inside a bundle's model (ONNX bytes): every initializer of
/// single precision.
///
/// # Errors
/// [`Error::Weights`] where the bytes are no model.
pub fn parameters(model: &[u8]) -> Result<Vec<Parameter>> {
    let graph = decoded(model).map_err(wrong)?;
    let single = graph.initializer.into_iter().filter(|t| t.data_type == onnx::FLOAT);
    let parameter = |t: TensorProto| Parameter {
        dims: t.dims.iter().map(|d| usize::try_from(*d).unwrap_or(0)).collect(),
        values: floats(&t),
        name: t.name,
    };
    Ok(single.map(parameter).collect())
}

/// One column of the head: the output of a metric is the embedding times
/// `weights`, plus `bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadColumn {
    /// One weight for each element of the embedding.
    pub weights: Vec<f32>,
    /// Constant part.
    pub bias: f32,
}

fn no_head(reason: impl std::fmt::Display) -> Error {
    Error::Weights(format!("the evaluator's model: {reason}"))
}

/// Name of the head's output.
const HEAD: &str = "metrics";

/// The columns of the head of a bundle's model (ONNX bytes): the `Gemm` that
/// makes the output `metrics`.
///
/// # Errors
/// [`Error::Weights`] where the model has no such head.
pub fn head(model: &[u8]) -> Result<Vec<HeadColumn>> {
    head_of(&decoded(model).map_err(no_head)?)
}

fn head_of(graph: &GraphProto) -> Result<Vec<HeadColumn>> {
    let [weight, bias] = head_names(graph)?;
    let find = |name: &str| graph.initializer.iter().find(|t| t.name == name);
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
    let lean = decoded(model).map_err(no_head)?;
    let d = head_of(&lean)?.first().map_or(0, |c| c.weights.len());
    if columns.iter().any(|c| c.weights.len() != d) {
        return Err(no_head("a new column is not as long as the head's"));
    }
    let [weight, bias] = head_names(&lean)?;
    let rows = (0..d).flat_map(|i| columns.iter().filter_map(move |c| c.weights.get(i).copied()));
    let parts = [
        Parameter { name: weight, dims: vec![d, columns.len()], values: rows.collect() },
        Parameter {
            name: bias,
            dims: vec![columns.len()],
            values: columns.iter().map(|c| c.bias).collect(),
        },
    ];
    let bytes = graph_bytes(model).map_err(no_head)?;
    let mut graph = wire::records(&bytes).map_err(no_head)?;
    for part in parts {
        let named =
            |r: &&mut Record| tensor_name(r).is_ok_and(|name| name.as_ref() == Some(&part.name));
        let found = graph.iter_mut().find(named);
        *found.ok_or_else(|| no_head("the head has no weights inside"))? = initializer(part);
    }
    with_graph(model, &graph).map_err(no_head)
}

/// Names of the head's weight and bias.
fn head_names(graph: &GraphProto) -> Result<[String; 2]> {
    let makes = |n: &&onnx::NodeProto| n.output.iter().any(|o| o == HEAD);
    match graph.node.iter().find(makes) {
        Some(node) if node.op_type == "Gemm" && node.attribute.is_empty() => match &*node.input {
            [_, weight, bias] => Ok([weight.clone(), bias.clone()]),
            _ => Err(no_head("the head has no bias")),
        },
        _ => Err(no_head("its output \"metrics\" is not made by a plain Gemm")),
    }
}

/// What this module reads of a model's graph.
fn decoded(model: &[u8]) -> Result<GraphProto, prost::DecodeError> {
    Ok(ModelProto::decode(model)?.graph.unwrap_or_default())
}

/// The bytes of a model's graph; pieces of it are put together.
fn graph_bytes(model: &[u8]) -> Result<Vec<u8>, String> {
    let graph = |r: Record| match (r.number, r.value) {
        (field::GRAPH, Value::Bytes(bytes)) => Some(bytes.into_owned()),
        _ => None,
    };
    Ok(wire::records(model)?.into_iter().filter_map(graph).collect::<Vec<_>>().concat())
}

/// The model with another graph, in canonical form.
fn with_graph(model: &[u8], graph: &[Record]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(model.len());
    graph.iter().for_each(|r| wire::write(r.number, &r.value, &mut bytes));
    let mut records = wire::records(model)?;
    records.retain(|r| r.number != field::GRAPH);
    records.push(Record { number: field::GRAPH, value: Value::Bytes(Cow::Owned(bytes)) });
    canonical::model(&records)
}

/// The name of a graph's input or output.
fn value_name(record: &Record) -> Result<String, String> {
    match &record.value {
        Value::Bytes(bytes) => {
            let value = ValueInfoProto::decode(&**bytes).map_err(|e| e.to_string())?;
            Ok(value.name)
        }
        _ => Err("an input or output is no message".to_owned()),
    }
}

/// The name of an initializer; `None` for other records.
fn tensor_name(record: &Record) -> Result<Option<String>, prost::DecodeError> {
    match (record.number, &record.value) {
        (field::INITIALIZER, Value::Bytes(bytes)) => Ok(Some(TensorName::decode(&**bytes)?.name)),
        _ => Ok(None),
    }
}

/// Elements of a tensor of single precision; none of another type.
fn floats(t: &TensorProto) -> Vec<f32> {
    match (t.data_type, t.raw_data.is_empty()) {
        (onnx::FLOAT, false) => {
            t.raw_data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
        }
        (onnx::FLOAT, true) => t.float_data.clone(),
        _ => Vec::new(),
    }
}

fn initializer(p: Parameter) -> Record<'static> {
    let tensor = TensorProto {
        name: p.name,
        dims: p.dims.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect(),
        data_type: onnx::FLOAT,
        raw_data: p.values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        float_data: Vec::new(),
    };
    let bytes = Cow::Owned(tensor.encode_to_vec());
    Record { number: field::INITIALIZER, value: Value::Bytes(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protobuf::Message as _;
    use std::path::{Path, PathBuf};

    /// What nneval's earlier versions parsed and wrote models with.
    mod reference {
        pub use onnx_protobuf::{GraphProto, ModelProto, NodeProto, TensorProto};
    }

    fn tensor(name: &str, dims: &[i64], values: &[f32]) -> reference::TensorProto {
        reference::TensorProto {
            name: name.into(),
            dims: dims.to_vec(),
            data_type: 1,
            raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ..Default::default()
        }
    }

    fn model(op: &str, inputs: &[&str]) -> Vec<u8> {
        let node = reference::NodeProto {
            op_type: op.into(),
            input: inputs.iter().map(|i| (*i).to_owned()).collect(),
            output: vec![HEAD.into()],
            ..Default::default()
        };
        let graph = reference::GraphProto {
            node: vec![node],
            initializer: vec![
                tensor("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                tensor("b", &[3], &[7.0, 8.0, 9.0]),
            ],
            ..Default::default()
        };
        let model = reference::ModelProto { graph: Some(graph).into(), ..Default::default() };
        model.write_to_bytes().unwrap()
    }

    fn models() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
    }

    /// Models of the folders in `models/`, and how many there must be.
    fn files(folder: &str, name: &str, count: usize) -> Vec<Vec<u8>> {
        let folders = std::fs::read_dir(models().join(folder)).unwrap();
        let file = |e: std::io::Result<std::fs::DirEntry>| e.unwrap().path().join(name);
        let found: Vec<_> = folders.map(file).filter(|p| p.is_file()).collect();
        assert_eq!(found.len(), count, "{found:?}");
        found.iter().map(|p| std::fs::read(p).unwrap()).collect()
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

    #[test]
    fn a_shipped_model_with_its_own_head_is_the_same_file() {
        for before in files("", "evaluator.onnx", 5) {
            let columns = head(&before).unwrap();
            assert!(with_head(&before, &columns).unwrap() == before);
            assert!(parameters(&before).unwrap().len() > 10);
        }
    }

    /// `embed` as it was with the other writer.
    fn embedded(encoder: &[u8], outputs: &[&str]) -> (Vec<Parameter>, Vec<u8>) {
        let mut model = reference::ModelProto::parse_from_bytes(encoder).unwrap();
        let graph = model.graph.mut_or_insert_default();
        let (data, inputs): (Vec<_>, Vec<_>) = std::mem::take(&mut graph.input)
            .into_iter()
            .partition(|i| i.name == "input_ids" || i.name == "attention_mask");
        graph.input = data;
        graph.output.retain(|o| outputs.contains(&o.name.as_str()));
        let mut parameters = Vec::new();
        for (i, input) in inputs.into_iter().enumerate() {
            let values = [i as f32, -0.5];
            graph.initializer.push(tensor(&input.name, &[1, 2], &values));
            parameters.push(Parameter {
                name: input.name,
                dims: vec![1, 2],
                values: values.into(),
            });
        }
        (parameters, model.write_to_bytes().unwrap())
    }

    #[test]
    fn embedding_writes_the_bytes_of_before() {
        for encoder in files("graphs", "encoder.onnx", 4) {
            for outputs in [&["metrics"][..], &["metrics", "pooled"]] {
                let (parameters, expected) = embedded(&encoder, outputs);
                assert!(parameters.len() > 10);
                assert!(embed(&encoder, parameters, outputs).unwrap() == expected);
            }
        }
    }

    /// A model with all there is, in another order and with values that the canonical form
    /// leaves out: fields of every kind, packed and not, zeros, choices set to nothing.
    fn every_field() -> Vec<u8> {
        let text = |number: u32, text: &str| field_of(number, text.as_bytes());
        let int = |number: u32, value: u64| record(number, &Value::Integer(value));
        let float = |number: u32, value: f32| record(number, &Value::Four(value.to_le_bytes()));
        let all = |parts: &[Vec<u8>]| parts.concat();
        let entry = all(&[text(2, "value"), text(1, "key")]);
        let dimensions = [int(1, 0), text(2, ""), text(2, "N"), int(1, 7), text(3, "batch")];
        let shape = dimensions.map(|d| field_of(1, &d)).concat();
        let tensor_type = all(&[field_of(2, &shape), int(1, 1)]);
        let types = [1, 8].map(|choice| field_of(choice, &tensor_type)).to_vec();
        let element = field_of(1, &types.concat());
        let map = field_of(5, &all(&[field_of(2, &types[0]), int(1, 7)]));
        let types = [types, vec![field_of(4, &element), map, field_of(9, &element)]].concat();
        let value =
            |t: &Vec<u8>| all(&[field_of(2, t), text(1, "v"), field_of(4, &entry), text(3, "d")]);
        let values: Vec<Vec<u8>> = types.iter().map(value).collect();
        let tensor = all(&[
            field_of(16, &entry),
            field_of(11, &[1, 0x81, 0x80, 0x00]),
            record(10, &Value::Eight(2.5f64.to_le_bytes())),
            int(14, 1),
            field_of(13, &entry),
            text(9, "raw"),
            text(12, "doc"),
            text(8, "name"),
            int(7, u64::MAX),
            text(6, ""),
            int(5, 0),
            float(4, -0.0),
            field_of(3, &int(2, 9)),
            int(2, 0),
            field_of(1, &[3, 0, 5]),
        ]);
        let sparse = all(&[int(3, 4), field_of(2, &tensor), field_of(1, &tensor)]);
        let mut attribute = all(&[
            field_of(15, &types[0]),
            field_of(23, &sparse),
            field_of(10, &tensor),
            text(9, "s"),
            field_of(8, &[1, 0]),
            int(8, 3),
            field_of(7, &[0; 8]),
            float(7, 1.5),
            field_of(14, &types[1]),
            field_of(22, &sparse),
            field_of(5, &tensor),
            text(4, "old"),
            text(4, ""),
            int(3, 0),
            float(2, -0.0),
            int(20, 7),
            text(13, "doc"),
            text(21, "ref"),
            text(1, "alpha"),
        ]);
        let node = |attribute: &Vec<u8>| {
            all(&[
                field_of(9, &entry),
                text(6, "doc"),
                field_of(5, attribute),
                text(8, "overload"),
                text(7, "domain"),
                text(4, "Op"),
                text(3, "name"),
                text(2, "out"),
                text(1, ""),
            ])
        };
        let annotation = all(&[field_of(2, &entry), text(1, "t")]);
        let graph = |node: &Vec<u8>| {
            let values = values
                .iter()
                .flat_map(|v| [11, 12, 13].map(|n| field_of(n, v)))
                .collect::<Vec<_>>();
            all(&[
                field_of(16, &entry),
                field_of(14, &annotation),
                values.concat(),
                text(10, "doc"),
                field_of(15, &sparse),
                field_of(5, &tensor),
                text(2, "graph"),
                field_of(1, node),
            ])
        };
        let inner = graph(&node(&attribute));
        attribute.extend(all(&[field_of(11, &inner), field_of(6, &inner)]));
        let node = node(&attribute);
        let function = all(&[
            field_of(14, &entry),
            field_of(12, &values[0]),
            text(13, "o"),
            text(10, "d"),
            field_of(9, &int(2, 1)),
            text(8, "doc"),
            field_of(7, &node),
            field_of(11, &attribute),
            text(6, "a"),
            text(5, "b"),
            text(4, "c"),
            text(1, "f"),
        ]);
        let training = all(&[
            field_of(4, &entry),
            field_of(3, &entry),
            field_of(2, &graph(&node)),
            field_of(1, &graph(&node)),
        ]);
        all(&[
            field_of(25, &function),
            field_of(20, &training),
            field_of(14, &entry),
            field_of(7, &graph(&node)),
            text(6, "doc"),
            int(5, 3),
            text(4, "domain"),
            text(3, "1"),
            text(2, "test"),
            field_of(8, &all(&[int(2, 17), text(1, "")])),
            int(1, 8),
        ])
    }

    fn record(number: u32, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        wire::write(number, value, &mut out);
        out
    }

    fn field_of(number: u32, payload: &[u8]) -> Vec<u8> {
        record(number, &Value::Bytes(payload.into()))
    }

    #[test]
    fn the_canonical_form_is_what_the_other_writer_writes() {
        let graphs = files("graphs", "train.onnx", 4);
        let fixture = models().join("../fixtures/nats_tss_9930.onnx");
        let mut all = [graphs, vec![std::fs::read(fixture).unwrap(), every_field()]].concat();
        for family in nneval_spaces::general::families().step_by(5) {
            let network = nneval_spaces::general::network(family, 1, 0).unwrap();
            all.push(nneval_spaces::to_bytes(&network.model).unwrap());
        }
        for bytes in all {
            let parsed = reference::ModelProto::parse_from_bytes(&bytes).unwrap();
            let ours = canonical::model(&wire::records(&bytes).unwrap()).unwrap();
            assert!(ours == parsed.write_to_bytes().unwrap());
        }
    }

    #[test]
    fn pieces_of_one_graph_are_put_together() {
        let whole = model("Gemm", &["x", "w", "b"]);
        let graph = graph_bytes(&whole).unwrap();
        let records = wire::records(&graph).unwrap();
        let pieces = records.iter().map(|r| field_of(field::GRAPH, &record(r.number, &r.value)));
        let cut = pieces.collect::<Vec<_>>().concat();
        assert_eq!(head(&cut).unwrap(), head(&whole).unwrap());
        assert_eq!(with_head(&cut, &head(&whole).unwrap()).unwrap(), whole);
    }

    /// 400,000 group tags, each inside the one before.
    fn nested_groups() -> Vec<u8> {
        let mut tag = Vec::new();
        wire::write_integer(99 << 3 | 3, &mut tag);
        tag.repeat(400_000)
    }

    #[test]
    fn deeply_nested_groups_are_an_error_wherever_they_stand() {
        let good = model("Gemm", &["x", "w", "b"]);
        let columns = head(&good).unwrap();
        let behind = [good.clone(), nested_groups()].concat();
        let mut inside = good;
        wire::write(field::GRAPH, &Value::Bytes(nested_groups().into()), &mut inside);
        for bad in [behind, inside, nested_groups()] {
            assert!(parameters(&bad).is_err());
            assert!(head(&bad).is_err());
            assert!(with_head(&bad, &columns).is_err());
            assert!(embed(&bad, Vec::new(), &["metrics"]).is_err());
        }
    }

    #[test]
    fn deeply_nested_graphs_are_an_error() {
        let mut graph = Vec::new();
        for _ in 0..1000 {
            for number in [6, 5, 1] {
                let mut outer = Vec::new();
                wire::write(number, &Value::Bytes(graph.into()), &mut outer);
                graph = outer;
            }
        }
        let mut bad = Vec::new();
        wire::write(field::GRAPH, &Value::Bytes(graph.into()), &mut bad);
        assert!(head(&bad).is_err());
        assert!(embed(&bad, Vec::new(), &[]).is_err());
    }
}
