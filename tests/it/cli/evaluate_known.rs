//! `nneval evaluate` without a named evaluator: those that know a network answer.

use crate::common;

use common::{FIXTURE, failure, network, nneval, nneval_with_runtime, success};
use nneval::spaces::Space;
use serde_json::Value;
use std::process::Command;

fn evaluate(arguments: &[&str]) -> Command {
    let mut command = nneval_with_runtime();
    command.arg("evaluate").args(arguments);
    command
}

/// A network of operators that no shipped evaluator has seen.
const STRANGE: &str = "|1:Input@ax3x8x8+Whirl+Whorl+Whirl+Whorl+Whirl+Whorl";

#[test]
fn facts_come_first_and_those_that_know_the_network_answer() {
    let text = success(&mut evaluate(&[FIXTURE]));
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    assert!(at("parameters            1,288,506") < at("Predicted by nats-tss\n"));
    assert!(at("cifar10_test_acc_pct") < at("Predicted by nats-tss-cpu\n"));
    assert!(at("No prediction by imagenet, nats-sss:") > at("Predicted by onnx-cpu\n"), "{text}");
    assert!(!text.contains("Without evidence"), "{text}");
    assert!(text.contains("sizes assumed"), "{text}");
}

#[test]
fn a_network_that_nobody_knows_has_no_prediction() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.txt");
    std::fs::write(&list, STRANGE).unwrap();
    let of = |format| success(evaluate(&["--format", format, "--list"]).arg(&list));
    let text = of("table");
    assert!(!text.contains("Predicted by"), "{text}");
    assert!(
        text.contains("No prediction by nats-tss, imagenet, nats-sss, nats-tss-cpu:"),
        "{text}"
    );
    let rows: Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!((&rows[0]["flagged"], &rows[0]["metrics"]), (&1.into(), &serde_json::json!({})));
    let row: Value = serde_json::from_str(&of("jsonl")).unwrap();
    assert_eq!(row["evaluator"], Value::Null);
    assert_eq!(row["cifar10_test_acc_pct"], Value::Null);
    let asked = success(evaluate(&["--evaluator", "nats-tss", "--list"]).arg(&list));
    assert!(asked.contains("outside what this evaluator has seen"), "{asked}");
    assert!(!asked.contains("90 %:"), "no interval outside: {asked}");
    let all = success(evaluate(&["--all", "--list"]).arg(&list));
    assert!(all.contains("Without evidence, by nats-tss"), "{all}");
}

#[test]
fn a_metric_of_several_evaluators_is_from_the_first_that_knows_the_network() {
    let dir = tempfile::tempdir().unwrap();
    let path = network(Space::NatsSss, "8:16:24:32:64", dir.path(), "size.onnx");
    let path = path.display().to_string();
    for (model, evaluator, names) in [
        (path.as_str(), "nats-sss", "nats-sss onnx-cpu"),
        (FIXTURE, "nats-tss-cpu", "nats-tss nats-tss-cpu onnx-cpu"),
    ] {
        let rows: Value =
            serde_json::from_str(&success(&mut evaluate(&["--format", "json", model]))).unwrap();
        let latency = &rows[0]["metrics"]["latency_ms"];
        assert_eq!(latency["evaluator"], evaluator);
        let named = evaluate(&["--format", "json", "--evaluator", evaluator, model]);
        let named: Value = serde_json::from_str(&success(&mut { named })).unwrap();
        assert_eq!(named[0]["metrics"]["latency_ms"]["value"], latency["value"]);
        let row: Value =
            serde_json::from_str(&success(&mut evaluate(&["--format", "jsonl", model]))).unwrap();
        assert_eq!(row["evaluator"], names);
        assert_eq!(row["flagged"], 0);
    }
}

#[test]
fn evaluators_are_listed_with_their_metrics() {
    let list = success(nneval().arg("evaluators"));
    for expected in ["nats-tss\n", "onnx-cpu\n", "latency_ms, peak_memory_mb", "kept back"] {
        assert!(list.contains(expected), "{expected}: {list}");
    }
    let one = success(nneval().args(["evaluators", "nats-tss"]));
    assert_eq!(one.lines().filter(|l| l.contains("90 % intervals")).count(), 36, "{one}");
    let json = success(nneval().args(["evaluators", "--format", "json"]));
    let objects: Vec<serde_json::Value> =
        json.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(objects[0]["name"], "nats-tss");
    assert_eq!(objects[0]["metrics"].as_array().unwrap().len(), 36);
    let empty = tempfile::tempdir().unwrap();
    let mut unknown = nneval();
    unknown.args(["evaluators", "no-such"]).env("NNEVAL_MODELS", empty.path());
    assert!(failure(&mut unknown).contains("no-such"));
}
