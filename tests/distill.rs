//! What a training run learns from beside labels: pretrained parameters, other
//! evaluators, trees and kernels on structural facts, networks without labels.

mod common;

use common::{
    METRICS, RUN_FILES, entries, failure, labels, manifest, nneval_with_runtime, success, train,
};
use serde_json::Value;
use std::path::Path;

fn tau(evaluator: &Path) -> f64 {
    manifest(evaluator)["metrics"][0]["validation"]["tau"].as_f64().unwrap()
}

#[test]
fn teachers_make_a_short_run_better() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 31);
    let few = ["--rows", "120", "--epochs", "3", "--batch", "16"];
    let alone = dir.path().join("alone");
    success(train(&table, &alone).args(few));
    let taught = dir.path().join("taught");
    success(train(&table, &taught).args(few).arg("--teacher").arg(&alone).args([
        "--tree-teacher",
        "--kernel-teacher",
        "--pair-teacher",
        "--drift",
        "--teacher-share",
        "0.7",
        "--unlabelled",
        "2",
    ]));
    assert!(tau(&taught) > tau(&alone) + 0.05, "{} {}", tau(&taught), tau(&alone));
}

#[test]
fn a_teacher_that_knows_held_out_classes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let teacher = dir.path().join("teacher");
    success(train(&table, &teacher).args(["--epochs", "1", "--split-seed", "1"]));
    let out = dir.path().join("student");
    let reason = failure(train(&table, &out).arg("--teacher").arg(&teacher));
    assert!(reason.contains("classes that this run holds out"), "{reason}");
    assert!(!out.exists());
}

#[test]
fn too_few_labels_for_models_on_facts_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let out = dir.path().join("student");
    let reason = failure(train(&table, &out).args(["--tree-teacher", "--rows", "30"]));
    assert!(reason.contains("at least 50 labelled rows"), "{reason}");
    for option in ["--pair-teacher", "--drift"] {
        let reason = failure(train(&table, &out).args([option, "--rows", "30"]));
        assert!(reason.contains("at least 50 labelled rows"), "{option}: {reason}");
    }
}

#[test]
fn pretraining_leaves_a_run_folder_that_training_starts_from() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    success(
        nneval_with_runtime()
            .args(["space", "nats-tss", "--labels"])
            .arg(labels(dir.path(), 400))
            .arg("--out")
            .arg(&models),
    );
    let pretrained = dir.path().join("pretrained");
    success(
        nneval_with_runtime()
            .args(["pretrain", "--graphs", "tiny", "--epochs", "2", "--models"])
            .arg(&models)
            .arg("--out")
            .arg(&pretrained),
    );
    assert_eq!(entries(&pretrained), RUN_FILES);
    let table = labels(dir.path(), 79);
    let out = dir.path().join("evaluator");
    let start = pretrained.join("best.ckpt");
    success(train(&table, &out).args(["--epochs", "1", "--init"]).arg(&start));
    let config: Value =
        serde_json::from_slice(&std::fs::read(out.join("run/config.json")).unwrap()).unwrap();
    let sum = nneval::files::sha256(&std::fs::read(&start).unwrap());
    assert_eq!(config["sha256"]["init"], Value::from(sum));
}

#[test]
fn predictions_of_a_coarse_metric_are_values_of_its_labels() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 31);
    let text = std::fs::read_to_string(&table).unwrap();
    let coarse = |line: &str| -> String {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if let Ok(v) = cells[4].parse::<f64>() {
            cells[4] = format!("{}", (v / 20.0).round() * 20.0);
        }
        cells.join(",") + "\n"
    };
    std::fs::write(&table, text.lines().map(coarse).collect::<String>()).unwrap();
    let out = dir.path().join("evaluator");
    success(train(&table, &out).args(["--epochs", "1"]));
    let [accuracy, latency] = METRICS;
    let described = manifest(&out);
    assert_eq!(described["metrics"][0]["levels"], serde_json::json!([60.0, 80.0, 100.0]));
    assert_eq!(described["metrics"][1]["levels"], Value::Null, "{latency} is not coarse");
    let model = "fixtures/nats_tss_9930.onnx";
    let stdout = success(
        nneval_with_runtime()
            .args(["evaluate", model, "--format", "json", "--evaluator"])
            .arg(&out),
    );
    let predicted: Value = serde_json::from_str(&stdout).unwrap();
    let text = predicted.to_string();
    assert!(text.contains(accuracy), "{text}");
    let value = find(&predicted, accuracy).unwrap();
    assert!([60.0, 80.0, 100.0].contains(&value), "{value}");
}

/// The first number below a key, anywhere in the answer.
fn find(v: &Value, key: &str) -> Option<f64> {
    match v {
        Value::Object(map) => match map.get(key) {
            Some(Value::Number(n)) => n.as_f64(),
            Some(inner) => ["value", "predicted"].iter().find_map(|k| inner.get(*k)?.as_f64()),
            None => map.values().find_map(|v| find(v, key)),
        },
        Value::Array(all) => all.iter().find_map(|v| find(v, key)),
        _ => None,
    }
}
