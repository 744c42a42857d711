//! What a training run learns from beside labels: pretrained parameters, other
//! evaluators, trees and kernels on structural facts, networks without labels.

use crate::common;

use common::{
    METRICS, RUN_FILES, entries, failure, labels, manifest, nneval_with_runtime, success, train,
};
use serde_json::Value;
use std::path::Path;

fn tau(evaluator: &Path) -> f64 {
    manifest(evaluator)["metrics"][0]["validation"]["tau"].as_f64().unwrap()
}

/// A short run of few rows, with and without what `sets` say; the first starts nothing and teaches
/// the others.
fn alone_and_with(sets: impl Fn(&Path) -> Vec<String>) -> [f64; 2] {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 31);
    let few = ["--set", "train-rows=120", "--set", "epochs=3", "--set", "batch=16"];
    let alone = dir.path().join("alone");
    success(train(&table, &alone).args(few));
    let with = dir.path().join("with");
    let mut command = train(&table, &with);
    command.args(few);
    for set in sets(&alone) {
        command.args(["--set", &set]);
    }
    success(&mut command);
    [tau(&alone), tau(&with)]
}

/// A teacher, most of the targets its own, with twice as many networks without labels.
fn taught_by(teacher: &str) -> [f64; 2] {
    let teachers = format!("teachers=['{teacher}']");
    alone_and_with(|_| {
        vec![teachers.clone(), "distill-weight=0.7".into(), "unlabelled-per-labelled=2".into()]
    })
}

#[test]
fn trees_make_a_short_run_better() {
    let [alone, taught] = taught_by("gbdt");
    assert!(taught > alone + 0.05, "{taught} {alone}");
}

#[test]
fn pairwise_ridge_makes_a_short_run_better() {
    let [alone, taught] = taught_by("pairwise-ridge");
    assert!(taught > alone + 0.05, "{taught} {alone}");
}

#[test]
fn a_gaussian_process_makes_a_short_run_better() {
    let [alone, taught] = taught_by("gp");
    assert!(taught > alone + 0.05, "{taught} {alone}");
}

#[test]
fn an_evaluator_that_has_seen_more_makes_a_short_run_better() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 31);
    let teacher = dir.path().join("teacher");
    success(train(&table, &teacher).args(["--set", "epochs=12"]));
    let [alone, taught] = taught_by(&teacher.display().to_string());
    assert!(tau(&teacher) > alone, "{} {alone}", tau(&teacher));
    assert!(taught > alone + 0.05, "{taught} {alone}");
}

#[test]
fn all_teachers_together_make_a_short_run_better() {
    let [alone, taught] = alone_and_with(|teacher| {
        let own = teacher.display();
        let teachers = format!("teachers=['{own}', 'gbdt', 'gp', 'pairwise-ridge']");
        let others = ["detrend=true", "distill-weight=0.7", "unlabelled-per-labelled=2"];
        std::iter::once(teachers).chain(others.map(str::to_owned)).collect()
    });
    assert!(taught > alone + 0.05, "{taught} {alone}");
}

#[test]
fn labels_without_drift_are_learnt_as_well_as_they_are() {
    let [alone, detrended] = alone_and_with(|_| vec!["detrend=true".into()]);
    assert!(detrended > alone - 0.1, "{detrended} {alone}");
}

#[test]
fn a_teacher_that_knows_held_out_classes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let teacher = dir.path().join("teacher");
    success(train(&table, &teacher).args(["--set", "epochs=1", "--set", "split.seed=1"]));
    let out = dir.path().join("student");
    let teachers = format!("teachers=['{}']", teacher.display());
    let reason = failure(train(&table, &out).args(["--set", &teachers]));
    assert!(reason.contains("classes that this run holds out"), "{reason}");
    assert!(!out.exists());
}

#[test]
fn too_few_labels_for_models_on_facts_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let out = dir.path().join("student");
    for setting in ["teachers=['gbdt']", "teachers=['pairwise-ridge']", "detrend=true"] {
        let few = ["--set", "train-rows=30", "--set", setting];
        let reason = failure(train(&table, &out).args(few));
        assert!(reason.contains("at least 50 labelled rows"), "{setting}: {reason}");
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
            .args(["pretrain", "--set", "encoder=tiny", "--set", "epochs=2", "--models"])
            .arg(&models)
            .arg("--out")
            .arg(&pretrained),
    );
    assert_eq!(entries(&pretrained), RUN_FILES);
    let table = labels(dir.path(), 79);
    let out = dir.path().join("evaluator");
    let start = pretrained.join("best.ckpt");
    let from = format!("from={}", start.display());
    success(train(&table, &out).args(["--set", "epochs=1", "--set", &from]));
    let environment: Value =
        serde_json::from_slice(&std::fs::read(out.join("run/environment.json")).unwrap()).unwrap();
    let sum = nneval::files::sha256(&std::fs::read(&start).unwrap());
    assert_eq!(environment["sha256"]["from"], Value::from(sum));
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
    success(train(&table, &out).args(["--set", "epochs=1"]));
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
