//! `nneval train`, from a label table to an evaluator that predicts.

mod common;

use common::{METRICS, RUN_FILES, entries, failure, labels, nneval_with_runtime, success, train};
use serde_json::Value;
use std::path::Path;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn column(csv: &Path, name: &str) -> Vec<f64> {
    let mut table = csv::Reader::from_path(csv).unwrap();
    let at = table.headers().unwrap().iter().position(|h| h == name).unwrap();
    table.records().map(|r| r.unwrap()[at].parse().unwrap()).collect()
}

#[test]
fn training_learns_to_rank_unseen_networks() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("evaluator");
    let table = labels(dir.path(), 39);
    let stdout = success(train(&table, &out).args([
        "--structure-weight",
        "0",
        "--epochs",
        "6",
        "--batch",
        "32",
    ]));
    assert_eq!(stdout.trim_end(), out.display().to_string());

    let manifest = json(&out.join("evaluator.json"));
    for (metric, (name, unit)) in
        manifest["metrics"].as_array().unwrap().iter().zip(METRICS.into_iter().zip(["%", "ms"]))
    {
        assert_eq!((&metric["name"], &metric["unit"]), (&Value::from(name), &Value::from(unit)));
        let tau = metric["validation"]["tau"].as_f64().unwrap();
        assert!(tau > 0.6, "{name}: {tau}");
    }
    let rows = manifest["training"]["rows"].as_u64().unwrap();
    assert_eq!(manifest["training"]["classes"].as_array().unwrap().len() as u64, rows);
    let losses = column(&out.join("run/epochs.csv"), "loss");
    assert_eq!(losses.len(), 6);
    assert!(losses[5] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn the_folder_holds_the_evaluator_and_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("new/evaluator"), labels(dir.path(), 79));
    success(train(&table, &out).args(["--epochs", "2", "--seed", "7"]));
    assert_eq!(entries(&out), ["evaluator.json", "evaluator.onnx", "run", "tokenizer.json"]);
    assert_eq!(entries(&out.join("run")), RUN_FILES);
    let config = json(&out.join("run/config.json"));
    assert_eq!(config["config"]["seed"], 7);
    assert_eq!(config["options"]["split_seed"], 0);
    assert!(config["environment"]["threads"].as_u64().unwrap() > 0, "{config}");
    assert!(config["environment"]["onnxruntime"].as_str().unwrap().starts_with("1."), "{config}");
    let sum = nneval::files::sha256(&std::fs::read(&table).unwrap());
    assert_eq!(config["sha256"]["labels"], sum);
    let svg = std::fs::read_to_string(out.join("run/curves.svg")).unwrap();
    assert!(METRICS.iter().all(|m| svg.contains(m)), "{svg}");
    let script = std::fs::read_to_string(out.join("run/reproduce.sh")).unwrap();
    assert!(script.contains("\nnneval train ") && script.contains("--seed 7"), "{script}");
    let steps = column(&out.join("run/steps.csv"), "step");
    let expected: Vec<f64> = (1..=steps.len()).map(|n| n as f64).collect();
    assert_eq!(steps, expected);
    let command = json(&out.join("evaluator.json"))["training"]["command"].clone();
    assert!(command.as_str().unwrap().starts_with("nneval train "), "{command}");

    let (elsewhere, run) = (dir.path().join("second"), dir.path().join("logs"));
    success(train(&table, &elsewhere).args(["--epochs", "1", "--run-dir"]).arg(&run));
    assert_eq!(entries(&elsewhere), ["evaluator.json", "evaluator.onnx", "tokenizer.json"]);
    assert_eq!(entries(&run), RUN_FILES);
}

#[test]
fn a_run_that_stands_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 790));
    success(train(&table, &out).args(["--epochs", "1"]));
    let files = |folder: &Path| -> Vec<(String, Vec<u8>)> {
        let read = |n: String| {
            let bytes = std::fs::read(folder.join(&n)).unwrap_or_default();
            (n, bytes)
        };
        entries(folder).into_iter().map(read).collect()
    };
    let state = || (files(&out), files(&out.join("run")));
    let before = state();
    let stderr = failure(train(&table, &out).args(["--epochs", "2"]));
    assert!(stderr.contains("--resume") && stderr.contains("run"), "{stderr}");
    assert!(state() == before, "a refused run changes nothing");
    let elsewhere = dir.path().join("elsewhere");
    let mut same_run = train(&table, &elsewhere);
    let stderr = failure(same_run.args(["--epochs", "2", "--run-dir"]).arg(out.join("run")));
    assert!(stderr.contains("--resume"), "{stderr}");
    assert!(state() == before && !elsewhere.exists());
    success(train(&table, &out).args(["--epochs", "1", "--resume"]));
    assert_eq!(column(&out.join("run/epochs.csv"), "epoch"), [1.0]);
}

#[test]
fn the_seed_decides_everything() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let model = |name: &str, seed: &str| {
        let out = dir.path().join(name);
        success(train(&table, &out).args(["--epochs", "1", "--dropout", "0.1", "--seed", seed]));
        std::fs::read(out.join("evaluator.onnx")).unwrap()
    };
    let first = model("first", "1");
    assert!(first == model("again", "1"), "the same seed makes the same evaluator");
    assert!(first != model("other", "2"), "another seed makes another");
}

#[test]
fn validation_holds_out_whole_classes() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let text = std::fs::read_to_string(&table).unwrap();
    let paired: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let mut cells: Vec<String> = line.split(',').map(String::from).collect();
            if i > 0 {
                cells[2] = (i / 2).to_string();
            }
            cells.join(",")
        })
        .collect();
    std::fs::write(&table, paired.join("\n")).unwrap();
    let out = dir.path().join("evaluator");
    success(train(&table, &out).args(["--epochs", "1", "--valid-fraction", "0.3"]));
    let training = &json(&out.join("evaluator.json"))["training"];
    let classes = training["classes"].as_array().unwrap().len() as u64;
    let rows = training["rows"].as_u64().unwrap();
    assert!(rows > classes && rows <= 2 * classes, "{rows} rows of {classes} classes");
    let all = paired.len() as u64 - 1;
    assert!((rows as f64 / all as f64 - 0.7).abs() < 0.03, "{rows} of {all}");
}

#[test]
fn stops_when_validation_no_longer_improves() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 79));
    success(train(&table, &out).args(["--epochs", "60", "--patience", "1"]));
    let scores = column(&out.join("run/epochs.csv"), "score");
    assert!(scores.len() < 60, "{}", scores.len());
    let (last, before) = scores.split_last().unwrap();
    assert!(before.iter().any(|s| s >= last), "{scores:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 790));
    for (option, value, reason) in [
        ("--epochs", "0", "epochs"),
        ("--batch", "0", "batch"),
        ("--lr", "0", "learning rate"),
        ("--lr", "NaN", "learning rate"),
        ("--warmup", "1.5", "warm-up"),
        ("--dropout", "1", "dropout"),
        ("--average-decay", "1", "average"),
        ("--valid-fraction", "1", "between 0 and 1"),
        ("--graphs", "enormous", "models/graphs"),
        ("--tokenizer", "absent.json", "absent.json"),
    ] {
        let mut command = nneval_with_runtime();
        command.args(["train", "--metric", METRICS[0], "--labels"]).arg(&table);
        let stderr = failure(command.arg("--out").arg(&out).args([option, value]));
        assert!(stderr.contains(reason), "{option} {value}: {stderr}");
        assert!(!out.exists(), "{option} {value}");
    }
}
