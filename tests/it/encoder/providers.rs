//! That CUDA and TensorRT take every operator of the graphs that nneval makes, by
//! the lists in `tools/providers` (`tools/check_providers.py` looks at types too).

use nneval::graph::{Graph, Limits, Model};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Operators that a provider takes.
fn taken(provider: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(format!("tools/providers/{provider}.txt")).unwrap();
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    lines.filter_map(|l| l.split_whitespace().next()).map(str::to_owned).collect()
}

fn operators(graph: &Graph, into: &mut BTreeSet<String>) {
    for node in &graph.nodes {
        into.insert(match node.domain.as_str() {
            "" | "ai.onnx" => node.op_type.clone(),
            domain => format!("{domain}.{}", node.op_type),
        });
        node.subgraphs().for_each(|g| operators(g, into));
    }
}

/// What a provider would leave to others, over all graphs of a name.
fn left(provider: &str, graphs: &[PathBuf]) -> Vec<String> {
    let taken = taken(provider);
    assert!(taken.len() > 100, "{provider}");
    let mut found = BTreeSet::new();
    for path in graphs {
        operators(&Model::open(path, &Limits::default()).unwrap().graph, &mut found);
    }
    assert!(found.len() > 10, "{found:?}");
    found.difference(&taken).cloned().collect()
}

fn graphs(name: &str) -> Vec<PathBuf> {
    let sizes = std::fs::read_dir("models/graphs").unwrap();
    sizes.map(|size| size.unwrap().path().join(name)).collect()
}

#[test]
fn evaluators_suit_cuda_and_tensorrt() {
    let mut encoders = graphs("encoder.onnx");
    encoders.extend(
        Some(Path::new("models/nats-tss/evaluator.onnx")).filter(|p| p.exists()).map(Into::into),
    );
    for provider in ["cuda", "tensorrt"] {
        assert_eq!(left(provider, &encoders), [""; 0], "{provider}");
    }
}

#[test]
fn training_suits_cuda() {
    let training = graphs("train.onnx");
    assert_eq!(left("cuda", &training), [""; 0]);
    assert_eq!(left("tensorrt", &training), ["com.microsoft.FusedMatMul"]);
}
