//! The table of all operators: shapes, element types and work of one node each.

use nneval_graph::costs;
use nneval_graph::model::*;
use nneval_graph::shape::{Bindings, Shapes};
use std::collections::HashSet;

/// One line an operator, or several that behave alike:
/// `names | inputs | attributes | outputs | MACs | other FLOPs`.
///
/// - names: operator types, after their domain and a colon where not `ai.onnx`
/// - inputs: sizes (`2x3`, `.` for a scalar) of an f32 tensor, or of another
///   type before a colon; constants: `=1,2` or `=1,` int64 vector, `=7.` int64
///   scalar, the same of another type with its name before the sign (`i32=7.`),
///   `~1,2` f32 vector; `-` where the input is left out
/// - attributes: integer `a=1`, integers `a=1,2` or `a=1,`, float `a=0.5`, floats
///   `a=0.5,1.0` or `a=0.5,`, string `a='x'`, strings `a='x','y'`
/// - outputs: sizes, and the type after a colon where not f32; `*` unknown
/// - MACs and FLOPs: `?` where they are unknown
///
/// `tests/it/models/operators.rs` compares the tables with ONNX Runtime.
const TABLES: [&str; 2] = [include_str!("operators.txt"), include_str!("sweeps.txt")];

/// The operators of the released schemas, as `tools/list_operators.py` writes them.
const SCHEMAS: &str = include_str!("schemas.txt");

/// Operators that are in the schemas and have no row, and why.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("com.microsoft", "EPContext", "a provider's binary says what it computes"),
    ("com.microsoft", "Snpe", "a provider's binary says what it computes"),
];

/// Operators with bodies, which `costs.rs` and `shape_rules.rs` in `tests/it/models/` look at.
const BODIED: [&str; 4] = ["If", "Loop", "Scan", "SequenceMap"];

fn dims(text: &str) -> Vec<u64> {
    let plain = text.strip_suffix('.').unwrap_or(text);
    plain.split('x').filter(|d| !d.is_empty()).map(|d| d.parse().unwrap()).collect()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(',').filter(|x| !x.is_empty()).map(|x| x.parse().unwrap()).collect()
}

fn constant(text: &str) -> Option<Tensor> {
    if let Some(v) = text.strip_prefix('~') {
        let floats: Vec<f32> = numbers(v).into_iter().map(|x| x as f32).collect();
        let dims = vec![floats.len() as u64];
        return Some(Tensor { dtype: DataType::F32, dims, data: TensorData::Floats(floats) });
    }
    let (dtype, v) = text.split_once('=')?;
    let dtype = if dtype.is_empty() { "i64" } else { dtype };
    let ints: Vec<i64> = numbers(v.trim_end_matches('.')).into_iter().map(|x| x as i64).collect();
    let dims = if v.ends_with('.') { vec![] } else { vec![ints.len() as u64] };
    let dtype = DataType::from_name(dtype).unwrap();
    Some(Tensor { dtype, dims, data: TensorData::Ints(ints) })
}

fn value(name: String, text: &str) -> Value {
    if let Some(t) = constant(text) {
        let shape = Some(t.dims.iter().map(|&d| Dim::Known(d)).collect());
        let ty = ValueType { dtype: Some(t.dtype), shape, container: None };
        return Value { name, ty, tensor: Some(t) };
    }
    let (dtype, size) = text.split_once(':').unwrap_or(("f32", text));
    let shape = Some(dims(size).into_iter().map(Dim::Known).collect());
    let ty = ValueType { dtype: DataType::from_name(dtype), shape, container: None };
    Value { name, ty, tensor: None }
}

fn attribute(text: &str) -> (String, Attribute) {
    let (name, v) = text.split_once('=').unwrap();
    let blob = |s: &str| s.to_owned().into_bytes().into();
    let a = match v.strip_prefix('\'') {
        Some(s) if s.contains("','") => {
            Attribute::Strings(s.trim_end_matches('\'').split("','").map(blob).collect())
        }
        Some(s) => Attribute::String(blob(s.trim_end_matches('\''))),
        None if v.contains(',') && v.contains('.') => {
            Attribute::Floats(numbers(v).into_iter().map(|x| x as f32).collect())
        }
        None if v.contains(',') => {
            Attribute::Ints(numbers(v).into_iter().map(|x| x as i64).collect())
        }
        None if v.contains('.') => Attribute::Float(v.parse().unwrap()),
        None => Attribute::Int(v.parse().unwrap()),
    };
    (name.to_owned(), a)
}

/// A model of one node with so many outputs.
fn model(domain: &str, op: &str, inputs: &str, attributes: &str, outputs: usize) -> Model {
    let mut m = Model { opsets: vec![(String::new(), 21)], ..Model::default() };
    let mut read = Vec::new();
    for (i, text) in inputs.split_whitespace().enumerate() {
        let id = (text != "-").then_some(m.values.len() as ValueId);
        read.push(id);
        if let Some(id) = id {
            let v = value(format!("x{i}"), text);
            if v.tensor.is_none() {
                m.graph.inputs.push(id);
            }
            m.values.push(v);
        }
    }
    for i in 0..outputs {
        m.graph.outputs.push(m.values.len() as ValueId);
        m.values.push(Value { name: format!("y{i}"), ..Value::default() });
    }
    let mut attributes: Vec<_> = attributes.split_whitespace().map(attribute).collect();
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    m.graph.nodes.push(Node {
        name: String::new(),
        op_type: op.into(),
        domain: domain.into(),
        opset: 21,
        inputs: read,
        outputs: m.graph.outputs.iter().copied().map(Some).collect(),
        attributes,
    });
    m
}

/// What a line says of its outputs and work.
fn found(m: &Model) -> String {
    let shapes = Shapes::infer(m, &Bindings::default());
    let one = |&id: &ValueId| {
        let t = shapes.get(id).unwrap();
        let sizes = match &t.dims {
            None => "*".to_owned(),
            Some(d) if d.is_empty() => ".".to_owned(),
            Some(d) => {
                let size =
                    |e| nneval_graph::shape::size(e).map_or("?".to_owned(), |n: u64| n.to_string());
                d.iter().map(size).collect::<Vec<_>>().join("x")
            }
        };
        match t.dtype {
            Some(DataType::F32) => sizes,
            Some(d) => format!("{sizes}:{d}"),
            None => format!("{sizes}:?"),
        }
    };
    let outputs: Vec<String> = m.graph.outputs.iter().map(one).collect();
    let costs = costs::of_model(m, &Bindings::default()).unwrap();
    let work = match costs.unknown.iter().any(|u| u.missing.contains("work")) {
        true => "? | ?".to_owned(),
        false => {
            let (macs, flops) = (costs.macs.known().unwrap(), costs.flops.known().unwrap());
            format!("{macs} | {}", flops - 2 * macs)
        }
    };
    format!("{} | {work}", outputs.join(" "))
}

#[test]
fn every_operator_has_its_shapes_and_work() {
    let mut seen = HashSet::new();
    let mut wrong = Vec::new();
    let lines = TABLES.iter().flat_map(|t| t.lines());
    for line in lines.filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [names, inputs, attributes, outputs, macs, flops] = cells[..] else {
            panic!("{line}: not six cells");
        };
        for name in names.split_whitespace() {
            let (domain, op) = name.split_once(':').unwrap_or(("", name));
            let count = outputs.split_whitespace().count();
            let found = found(&model(domain, op, inputs, attributes, count));
            let outputs = outputs.split_whitespace().collect::<Vec<_>>().join(" ");
            if found != format!("{outputs} | {macs} | {flops}") {
                wrong.push(format!("{name} | {inputs} | {attributes} | {found}"));
            }
            seen.insert((domain.to_owned(), op.to_owned()));
        }
    }
    assert!(wrong.is_empty(), "these lines say otherwise:\n{}", wrong.join("\n"));
    let missing: Vec<_> = nneval_graph::operators()
        .filter(|(_, op)| !BODIED.contains(op))
        .filter(|(domain, op)| !seen.contains(&((*domain).to_owned(), (*op).to_owned())))
        .collect();
    assert!(missing.is_empty(), "operators without a line: {missing:?}");
}

/// A new release brings operators: each gets a row, or a reason.
#[test]
fn every_operator_of_the_schemas_has_a_row() {
    let rows: HashSet<(&str, &str)> = nneval_graph::operators().collect();
    let mut domains = HashSet::new();
    for line in SCHEMAS.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (domain, name) = (words.next().unwrap(), words.next().unwrap());
        let domain = if domain == "ai.onnx" { "" } else { domain };
        let reason = WITHOUT.iter().find(|w| (w.0, w.1) == (domain, name));
        let row = rows.contains(&(domain, name));
        assert!(row != reason.is_some(), "{domain} {name}: a row or a reason, one of them");
        domains.insert(domain);
    }
    assert_eq!(domains.len(), 7, "{domains:?}");
}
