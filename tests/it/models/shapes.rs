//! Inferred shapes against references: `tools/ref_shapes.py` writes what
//! onnx.shape_inference infers and what ONNX Runtime computes.

use nneval::graph::shape::{Bindings, Shapes, SymExpr, size};
use nneval::graph::{Dim, Limits, Model, ValueId};
use nneval::spaces::{general, to_bytes};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::common::{python::python, shared, success};

/// Sizes that the reference states for a value, `None` where it knows none.
type Sizes = Vec<Option<u64>>;

#[derive(Default)]
struct Tally {
    known: usize,
    agree: usize,
    declared: usize,
    /// Operator that makes the value → count.
    data: BTreeMap<String, usize>,
    /// Operator that makes the value → descriptions.
    unknown: BTreeMap<String, Vec<String>>,
    differ: BTreeMap<String, Vec<String>>,
}

fn sizes(v: &Json) -> Option<Sizes> {
    Some(v.as_array()?.iter().map(Json::as_u64).collect())
}

/// Values that the nodes of the main graph make: name → number, operator type.
fn makers(m: &Model) -> HashMap<&str, (ValueId, &str)> {
    let mut map = HashMap::new();
    for n in &m.graph.nodes {
        for &o in n.outputs.iter().flatten() {
            if let Some(v) = m.value(o) {
                map.insert(v.name.as_str(), (o, n.op_type.as_str()));
            }
        }
    }
    map
}

enum Found {
    Agree,
    /// The file declares the sizes that inference has; the run was given other data.
    Declared,
    /// Inference knows that the size depends on data.
    Data,
    Unknown,
    Differ,
}

fn judge(m: &Model, shapes: &Shapes, id: ValueId, expected: &Sizes) -> Found {
    let Some(ours) = shapes.get(id).and_then(|t| t.dims.as_ref()) else { return Found::Unknown };
    let declared = m.value(id).and_then(|v| v.ty.shape.as_ref());
    let same_rank = ours.len() == expected.len();
    let fits = |(d, e): (&SymExpr, &Option<u64>)| e.is_none() || size(d) == *e;
    if same_rank && ours.iter().zip(expected).all(fits) {
        return Found::Agree;
    }
    let dependent = |(d, e): (&SymExpr, &Option<u64>)| {
        e.is_none() || size(d) == *e || shapes.symbols.is_data_dependent(d)
    };
    if same_rank && ours.iter().zip(expected).all(dependent) {
        return Found::Data;
    }
    let says = |d: &Dim, e: &SymExpr| matches!(d, Dim::Known(n) if Some(*n) == size(e));
    if declared
        .is_some_and(|d| d.len() == ours.len() && d.iter().zip(ours).any(|(d, e)| says(d, e)))
    {
        return Found::Declared;
    }
    let contradiction =
        |(d, e): (&SymExpr, &Option<u64>)| e.is_some() && size(d).is_some() && size(d) != *e;
    match same_rank && !ours.iter().zip(expected).any(contradiction) {
        true => Found::Unknown,
        false => Found::Differ,
    }
}

fn compare(path: &str, m: &Model, shapes: &Shapes, reference: &Json, tally: &mut Tally) {
    let makers = makers(m);
    for (name, expected) in reference.as_object().into_iter().flatten() {
        let (Some(expected), Some(&(id, maker))) = (sizes(expected), makers.get(name.as_str()))
        else {
            continue;
        };
        if shapes.get(id).is_some_and(|t| t.container.is_some()) {
            continue;
        }
        tally.known += 1;
        let text = |d: &Vec<SymExpr>| {
            d.iter().map(|e| shapes.symbols.text(e)).collect::<Vec<_>>().join(",")
        };
        let ours = shapes.get(id).and_then(|t| t.dims.as_ref()).map(text);
        let shown = || format!("{path} {name}: {expected:?}, ours {ours:?}");
        match judge(m, shapes, id, &expected) {
            Found::Agree => tally.agree += 1,
            Found::Declared => tally.declared += 1,
            Found::Data => *tally.data.entry(maker.to_owned()).or_default() += 1,
            Found::Unknown => tally.unknown.entry(maker.to_owned()).or_default().push(shown()),
            Found::Differ => tally.differ.entry(maker.to_owned()).or_default().push(shown()),
        }
    }
}

fn report(what: &str, t: &Tally) {
    println!("{what}: {} values with a shape, {} agree", t.known, t.agree);
    println!("  {} are as the file declares for other data", t.declared);
    println!("  depend on data: {:?}", t.data);
    for (kind, list) in [("differ", &t.differ), ("unknown", &t.unknown)] {
        for (op, v) in list {
            println!(
                "  {kind} {op} {}: {}",
                v.len(),
                v.iter().take(3).cloned().collect::<Vec<_>>().join("\n      ")
            );
        }
    }
}

/// Shapes of the models in a folder beside those of onnx.shape_inference, and
/// beside those of ONNX Runtime.
fn compared(folder: &Path) -> [Tally; 2] {
    let mut script = python("tools/requirements-shapes.txt");
    let references = success(script.arg("tools/ref_shapes.py").arg(folder));
    let (mut inferred, mut run) = (Tally::default(), Tally::default());
    for line in references.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let path = line["path"].as_str().unwrap();
        let model = Model::open(folder.join(path), &Limits::default()).unwrap();
        let shapes = Shapes::infer(&model, &Bindings::default());
        compare(path, &model, &shapes, &line["inferred"], &mut inferred);
        if let Some(inputs) = line["inputs"].as_object() {
            let dims =
                |v: &Json| v.as_array().unwrap().iter().map(|d| d.as_u64().unwrap()).collect();
            let inputs = inputs.iter().map(|(k, v)| (k.clone(), dims(v))).collect();
            let shapes = Shapes::infer(&model, &Bindings { inputs, ..Default::default() });
            compare(path, &model, &shapes, &line["run"], &mut run);
        }
    }
    report("onnx.shape_inference", &inferred);
    report("ONNX Runtime", &run);
    [inferred, run]
}

/// A network of every family of the general space: no shape differs and none is
/// unknown.
#[test]
fn shapes_of_every_family_agree_with_the_references() {
    let dir = tempfile::tempdir().unwrap();
    let count = general::families().count();
    for (family, number) in general::sample(count) {
        let network = general::network(family, 1, number).unwrap();
        let path = dir.path().join(format!("{}.onnx", network.name));
        std::fs::write(path, to_bytes(&network.model).unwrap()).unwrap();
    }
    for t in compared(dir.path()) {
        assert!(t.differ.is_empty() && t.unknown.is_empty(), "{:#?}{:#?}", t.differ, t.unknown);
        assert!(t.agree > 20 * count && t.agree * 100 >= 99 * t.known, "{} agree", t.agree);
    }
}

#[test]
fn shapes_of_the_corpus_agree_with_the_references() {
    let Some(corpus) = shared("corpus") else { return };
    let [inferred, run] = compared(&corpus);
    // common_old.onnx declares an output that its own operators contradict, and
    // the runtime returns what the operators make.
    let differ: Vec<&String> =
        inferred.differ.values().chain(run.differ.values()).flatten().collect();
    assert!(differ.iter().all(|d| d.contains("common_old.onnx")), "{differ:#?}");
    assert!(inferred.unknown.is_empty(), "{:#?}", inferred.unknown);
    // The axes of these sums are an input of the graph, and so is the rank.
    let unknown: Vec<&String> = run.unknown.values().flatten().collect();
    let open_axes = |u: &&String| u.contains("test_reduce_") && u.contains("_expanded.onnx");
    assert!(unknown.iter().all(open_axes), "{unknown:#?}");
    for (t, least) in [(inferred, 500_000), (run, 15_000)] {
        assert!(t.agree >= least && t.agree * 100 >= 95 * t.known, "{} agree", t.agree);
    }
}
