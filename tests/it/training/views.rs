//! Metrics that are predicted from reduced networks.

use crate::common;

use common::{
    METRICS, failure, labels, manifest, network, nneval, nneval_with_runtime, success, train,
};
use nneval::opstring::{self, Op, OpGraph, Operand};
use nneval::reduce::Reduction;
use nneval::spaces::Space;
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Cells that differ in what reaches nothing but a multiplication by zero.
const DEAD_ENDS: [&str; 2] = [
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|none~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
];
/// The first of them with an operation that nothing reaches.
const UNFED: &str =
    "|none~0|+|none~0|nor_conv_3x3~1|+|nor_conv_1x1~0|skip_connect~1|nor_conv_3x3~2|";

fn models(dir: &Path) -> [PathBuf; 3] {
    let [a, b] = DEAD_ENDS;
    let cells = [("a.onnx", a), ("b.onnx", b), ("unfed.onnx", UNFED)];
    cells.map(|(name, arch)| {
        network(Space::NatsTss, arch, dir, name);
        dir.join(name)
    })
}

fn strings(option: &str, reduction: &str, models: &[PathBuf]) -> Vec<String> {
    let text = success(nneval().args(["string", option, reduction]).args(models));
    text.lines().map(str::to_owned).collect()
}

/// Predictions for the cells, whose models are written to `dir`.
fn values(evaluator: &Path, metric: &str, dir: &Path) -> Vec<f64> {
    let mut command = nneval_with_runtime();
    command.args(["evaluate", "--format", "csv", "--evaluator"]).arg(evaluator);
    let text = success(command.args(models(dir)));
    let mut lines = text.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let at = lines.next().unwrap().iter().position(|h| *h == metric).unwrap();
    lines.map(|cells| cells[at].parse().unwrap()).collect()
}

/// The setting of two metrics, the first reduced.
fn reduced(metric: &str, reduction: &str, other: &str) -> String {
    format!("metrics=[{{ name = '{metric}', reduce = '{reduction}' }}, {{ name = '{other}' }}]")
}

#[test]
fn networks_that_are_the_same_in_a_view_have_one_string_there() {
    let dir = tempfile::tempdir().unwrap();
    let models = models(dir.path());
    let [whole, dead_code, reachable] =
        ["none", "dead-code", "reachable"].map(|r| strings("--reduce", r, &models));
    assert!(whole[0] != whole[1] && whole[0] != whole[2]);
    assert!(dead_code[0] == dead_code[1] && dead_code[0] != dead_code[2]);
    assert!(reachable[0] == reachable[1] && reachable[0] == reachable[2]);
    let former = ["whole", "compiled", "live"].map(|v| strings("--view", v, &models));
    assert_eq!(former, [whole, dead_code, reachable]);
}

#[test]
fn predictions_are_equal_where_networks_are_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 31);
    let out = dir.path().join("evaluator");
    let [accuracy, latency] = METRICS;
    let metrics = reduced(accuracy, "reachable", latency);
    success(train(&table, &out).args(["--set", "epochs=2", "--set", &metrics]));
    let manifest = manifest(&out);
    assert_eq!(manifest["metrics"][0]["reduction"], "reachable");
    assert_eq!(manifest["metrics"][1]["reduction"], Value::Null);
    assert!(manifest["metrics"][0]["validation"]["tau"].as_f64().unwrap() > 0.2);
    let accuracies = values(&out, accuracy, &dir.path().join("x"));
    assert!(accuracies[0] == accuracies[1] && accuracies[0] == accuracies[2], "{accuracies:?}");
    let latencies = values(&out, latency, &dir.path().join("y"));
    assert!(latencies[0] != latencies[1], "{latencies:?}");
}

#[test]
fn a_metric_adapted_from_metrics_of_one_view_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let [accuracy, latency] = METRICS;
    let out = dir.path().join("evaluator");
    let metrics = reduced(accuracy, "reachable", latency);
    success(train(&table, &out).args(["--set", "epochs=1", "--set", &metrics]));
    let text = std::fs::read_to_string(&table).unwrap();
    let text = text.replace(accuracy, "own_test_acc_pct").replace(latency, "own_lat_ms");
    std::fs::write(dir.path().join("own.csv"), text).unwrap();
    let adapted = dir.path().join("adapted");
    let mut adapt = nneval_with_runtime();
    adapt.args(["adapt", "--space", "nats-tss", "--evaluator"]).arg(&out);
    adapt.arg("--labels").arg(dir.path().join("own.csv")).arg("--out").arg(&adapted);
    success(adapt.args(["--metric", "own_test_acc_pct", "--metric", "own_lat_ms"]));
    let manifest = manifest(&adapted);
    assert_eq!(manifest["metrics"][2]["reduction"], "reachable");
    assert_eq!(manifest["metrics"][3]["reduction"], Value::Null);
    let accuracies = values(&adapted, "own_test_acc_pct", &dir.path().join("x"));
    assert!(accuracies[0] == accuracies[1] && accuracies[0] == accuracies[2], "{accuracies:?}");
    let latencies = values(&adapted, "own_lat_ms", &dir.path().join("y"));
    assert!(latencies[0] != latencies[1], "{latencies:?}");
}

#[test]
fn networks_without_labels_share_what_teachers_say_of_their_reductions() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let out = dir.path().join("evaluator");
    let [accuracy, latency] = METRICS;
    let metrics = reduced(accuracy, "reachable", latency);
    let taught = ["--set", "teachers=['gbdt']", "--set", "unlabelled-per-labelled=0.5"];
    success(train(&table, &out).args(["--set", "epochs=1", "--set", &metrics]).args(taught));
    let accuracies = values(&out, accuracy, &dir.path().join("x"));
    assert!(accuracies[0] == accuracies[1] && accuracies[0] == accuracies[2], "{accuracies:?}");
}

#[test]
fn a_reduction_of_no_metric_and_no_reduction_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 400);
    let out = dir.path().join("evaluator");
    let [accuracy, latency] = METRICS;
    let unknown = reduced("help_pixel2_lat_ms", "reachable", latency);
    let reason = failure(train(&table, &out).args(["--set", &unknown]));
    assert!(reason.contains("help_pixel2_lat_ms"), "{reason}");
    let unknown = reduced(accuracy, "alive", latency);
    let (code, _, reason) = common::run(train(&table, &out).args(["--set", &unknown]));
    assert_eq!(code, Some(2));
    assert!(reason.contains("none, dead-code, reachable"), "{reason}");
    assert!(!out.exists());
}

/// An operation of a random graph: what it is, whether it changes the shape, what it reads.
type Drawn = (u8, bool, [prop::sample::Index; 2]);

fn graph(drawn: &[Drawn]) -> OpGraph {
    let op = |kind: &str, operands: Vec<Operand>, shape: &str| Op {
        kind: kind.into(),
        attributes: Vec::new(),
        operands,
        outputs: vec![Some(shape.into())],
        bodies: Vec::new(),
    };
    let mut ops = vec![op("Input", Vec::new(), "ax8x4x4")];
    for (kind, changes, reads) in drawn {
        let [a, b] = reads.map(|r| Operand::Value { op: r.index(ops.len()), output: 0 });
        let (kind, operands) = match kind {
            0 => ("Add", vec![a, b]),
            1 | 2 => ("Mul", vec![a, "c0.0".parse().unwrap()]),
            3 => ("RandomNormal", Vec::new()),
            _ => ("Relu", vec![a]),
        };
        ops.push(op(kind, operands, if *changes { "ax9" } else { "ax8x4x4" }));
    }
    let last = |back: usize| Operand::Value { op: ops.len().saturating_sub(back), output: 0 };
    let outputs = vec![last(1), last(2.min(ops.len()))];
    OpGraph { ops, outputs }
}

proptest! {
    #[test]
    fn a_view_is_a_graph_that_is_the_same_in_it(
        drawn in prop::collection::vec((0u8..8, prop::bool::weighted(0.2), any::<[prop::sample::Index; 2]>()), 0..30)
    ) {
        let graph = graph(&drawn);
        for reduction in [Reduction::DeadCode, Reduction::Reachable] {
            let Some(plain) = reduction.reduce(&graph) else { continue };
            prop_assert_eq!(reduction.reduce(&plain), None, "{}", reduction);
            prop_assert_eq!(plain.outputs.len(), graph.outputs.len());
            prop_assert!(plain.operations() <= graph.operations());
            let string = opstring::write(&plain);
            prop_assert_eq!(&opstring::parse(&string).unwrap(), &plain, "{}", string);
        }
    }
}
