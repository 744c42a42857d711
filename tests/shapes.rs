//! Inferred shapes against references: a file that tools/ref_shapes.py writes,
//! named by NNEVAL_SHAPES_REF, for the shared corpus.

use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

mod common;

/// Sizes that the reference states for a value, `None` where it knows none.
type Sizes = Vec<Option<u64>>;

#[derive(Default)]
struct Tally {
    known: usize,
    agree: usize,
    /// Operator that makes the value → descriptions.
    unknown: BTreeMap<String, Vec<String>>,
    differ: BTreeMap<String, Vec<String>>,
}

/// Operators whose output sizes depend on data, so that no inference from
/// shapes can know what a run shows, and those computed from them.
const DATA_DEPENDENT: &[&str] = &["NonZero", "Unique", "Compress", "NonMaxSuppression", "StringSplit", "StringNormalizer", "ImageDecoder", "Tokenizer"];

fn sizes(v: &Json) -> Option<Sizes> {
    Some(v.as_array()?.iter().map(Json::as_u64).collect())
}

/// Makers of values: name → operator type.
fn makers(m: &Model) -> HashMap<&str, &str> {
    let mut map = HashMap::new();
    for n in &m.graph.nodes {
        for &o in n.outputs.iter().flatten() {
            if let Some(v) = m.value(o) {
                map.insert(v.name.as_str(), n.op_type.as_str());
            }
        }
    }
    map
}

fn compare(path: &str, m: &Model, shapes: &Shapes, reference: &Json, tally: &mut Tally) {
    let by_name: HashMap<&str, u32> = (0..).zip(&m.values).map(|(i, v)| (v.name.as_str(), i)).collect();
    let makers = makers(m);
    for (name, expected) in reference.as_object().into_iter().flatten() {
        let (Some(expected), Some(&id)) = (sizes(expected), by_name.get(name.as_str())) else { continue };
        let Some(maker) = makers.get(name.as_str()) else { continue };
        if shapes.get(id).is_some_and(|t| t.container.is_some()) {
            continue;
        }
        let ours = shapes.get(id).and_then(|t| t.dims.clone());
        tally.known += 1;
        let text = |d: &[nneval::graph::shape::SymExpr]| {
            d.iter().map(|e| shapes.symbols.text(e)).collect::<Vec<_>>().join(",")
        };
        let shown = format!("{path} {name}: {expected:?}, ours {:?}", ours.as_deref().map(text));
        let list = match &ours {
            None => &mut tally.unknown,
            Some(d) if d.len() != expected.len() => &mut tally.differ,
            Some(d) => {
                let pairs: Vec<_> = d.iter().zip(&expected).filter_map(|(d, e)| Some((nneval::graph::shape::size(d), (*e)?))).collect();
                match pairs {
                    p if p.iter().all(|(d, e)| *d == Some(*e)) => {
                        tally.agree += 1;
                        continue;
                    }
                    p if p.iter().any(|(d, e)| d.is_some_and(|d| d != *e)) => &mut tally.differ,
                    _ => &mut tally.unknown,
                }
            }
        };
        list.entry((*maker).to_owned()).or_default().push(shown);
    }
}

fn report(what: &str, t: &Tally) {
    println!("{what}: {} values with a shape, {} agree", t.known, t.agree);
    for (kind, list) in [("differ", &t.differ), ("unknown", &t.unknown)] {
        for (op, v) in list {
            println!("  {kind} {op} {}: {}", v.len(), v.iter().take(3).cloned().collect::<Vec<_>>().join("\n      "));
        }
    }
}

#[test]
fn shapes_agree_with_the_references() {
    let Some(path) = std::env::var_os("NNEVAL_SHAPES_REF") else {
        println!("skipped: NNEVAL_SHAPES_REF is not set (see tools/ref_shapes.py)");
        return;
    };
    let Some(corpus) = common::shared("corpus") else { return };
    let text = std::fs::read_to_string(PathBuf::from(path)).unwrap();
    let (mut inferred, mut run) = (Tally::default(), Tally::default());
    for line in text.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let path = line["path"].as_str().unwrap();
        let model = Model::open(corpus.join(path), &Limits::default()).unwrap();
        let shapes = Shapes::infer(&model, &Bindings::default());
        compare(path, &model, &shapes, &line["inferred"], &mut inferred);
        if let Some(inputs) = line["inputs"].as_object() {
            let dims = |v: &Json| v.as_array().unwrap().iter().map(|d| d.as_u64().unwrap()).collect();
            let inputs = inputs.iter().map(|(k, v)| (k.clone(), dims(v))).collect();
            let shapes = Shapes::infer(&model, &Bindings { inputs, ..Default::default() });
            compare(path, &model, &shapes, &line["run"], &mut run);
        }
    }
    report("onnx.shape_inference", &inferred);
    report("ONNX Runtime", &run);
    let _ = DATA_DEPENDENT;
}
