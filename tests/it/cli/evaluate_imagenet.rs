//! `nneval evaluate --evaluator imagenet`: image classifiers from their graphs alone.

use crate::common;

use common::{FIXTURE, nneval_with_runtime, shared, success};
use serde_json::Value;
use std::path::Path;

const TOP1: &str = "imagenet_top1_in1k_best_pct";

fn evaluated(paths: &[&Path]) -> Vec<Value> {
    let mut command = nneval_with_runtime();
    command.args(["evaluate", "--evaluator", "imagenet", "--format", "jsonl"]).args(paths);
    success(&mut command).lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_classifier_has_accuracy_and_throughput_with_intervals() {
    let Some(zoo) = shared("corpus/zoo") else { return };
    let [row] = &evaluated(&[&zoo.join("resnet50@224.onnx")])[..] else { panic!("one row") };
    let of = |name: &str| row[name].as_f64().unwrap_or_else(|| panic!("{name} in {row}"));
    assert!((76.0..83.0).contains(&of(TOP1)), "{row}");
    for metric in [TOP1, "rtx4090_throughput_img_per_s", "i7_throughput_img_per_s"] {
        let (lo, hi) = (of(&format!("{metric}_lo")), of(&format!("{metric}_hi")));
        assert!(lo < of(metric) && of(metric) < hi, "{metric}: {row}");
    }
    assert_eq!(row["flagged"], 0);
}

#[test]
fn exports_of_one_network_have_one_accuracy() {
    let Some(exporters) = shared("corpus/exporters") else { return };
    let exports = ["ts", "tsdyn", "dyno", "dynodyn"];
    let paths = exports.map(|e| exporters.join(format!("resnet18.{e}.onnx")));
    let rows = evaluated(&paths.each_ref().map(|p| p.as_path()));
    assert_eq!(rows.len(), exports.len());
    for row in &rows {
        assert_eq!((&row[TOP1], &row["flagged"]), (&rows[0][TOP1], &rows[0]["flagged"]));
    }
}

#[test]
fn what_is_no_image_classifier_is_flagged() {
    let strange =
        "|1:Input@ax16:i64+Gather w1000x8@ax16x8|2<1:LSTM w1x32x8 w1x32x8@16x1xax8/1xax8/1xax8";
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.txt");
    std::fs::write(&list, strange).unwrap();
    let mut command = nneval_with_runtime();
    command.args(["evaluate", "--evaluator", "imagenet", "--format", "jsonl", "--list"]).arg(&list);
    let row: Value = serde_json::from_str(success(&mut command).trim()).unwrap();
    assert_eq!((&row["flagged"], &row[format!("{TOP1}_lo")]), (&1.into(), &Value::Null), "{row}");
    assert_eq!(evaluated(&[Path::new(FIXTURE)])[0]["flagged"], 1, "32 pixels, ten classes");
}
