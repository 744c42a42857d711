//! `nneval score`: predictions beside reported values and a baseline.

use crate::common;

use common::{METRICS, bundle, failure, manifest, nneval_with_runtime, success};
use nneval::labels::{LabelTable, ReadOptions};
use nneval::tables::statistics as stats;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

const BASELINE: &str = "cifar10_flops_M";

fn evaluator() -> PathBuf {
    bundle()
}

fn table() -> PathBuf {
    evaluator().parent().unwrap().join("labels.csv")
}

fn score() -> Command {
    let mut command = nneval_with_runtime();
    command.args(["score", "--bootstrap", "50", "--evaluator"]).arg(evaluator());
    command.arg("--labels").arg(table());
    command
}

fn report(options: &[&str]) -> Value {
    serde_json::from_str(&success(score().args(["--format", "json"]).args(options))).unwrap()
}

#[test]
fn unseen_classes_score_as_they_did_in_training() {
    let manifest = manifest(&evaluator());
    let report = report(&[]);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), METRICS.len());
    for (row, metric) in rows.iter().zip(manifest["metrics"].as_array().unwrap()) {
        assert_eq!(row["metric"], metric["name"]);
        assert_eq!(row["n"], metric["validation"]["rows"]);
        for statistic in ["tau", "rho", "mae"] {
            let (a, b) = (row[statistic].as_f64(), metric["validation"][statistic].as_f64());
            let (a, b) = (a.unwrap(), b.unwrap());
            assert!((a - b).abs() < 1e-9, "{statistic}: {a} {b}");
        }
        let interval = [&row["tau_lo"], &row["tau_hi"]].map(|v| v.as_f64().unwrap());
        assert!(interval[0] <= interval[1]);
    }
}

#[test]
fn the_baseline_is_the_flops_of_the_same_rows() {
    let report = report(&["--rows", "all"]);
    assert_eq!(report["baseline"], BASELINE);
    let table = LabelTable::read(table(), &ReadOptions::default()).unwrap();
    for (row, metric) in report["rows"].as_array().unwrap().iter().zip(METRICS) {
        let (flops, reported) =
            stats::paired(table.column(BASELINE).unwrap(), table.column(metric).unwrap());
        assert_eq!(row["n"], reported.len());
        let tau = stats::kendall_tau(&flops, &reported).unwrap();
        assert!((row["baseline_tau"].as_f64().unwrap() - tau).abs() < 1e-12);
    }
}

#[test]
fn without_a_flops_column_they_are_counted_on_the_graphs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.csv");
    let text = std::fs::read_to_string(table()).unwrap();
    std::fs::write(&path, text.replace(BASELINE, "other")).unwrap();
    let mut command = nneval_with_runtime();
    command.args(["score", "--format", "json", "--evaluator"]).arg(evaluator());
    let text = success(command.arg("--labels").arg(&path));
    let counted: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(counted["baseline"], "FLOPs");
    let given = report(&[]);
    for (a, b) in counted["rows"].as_array().unwrap().iter().zip(given["rows"].as_array().unwrap())
    {
        let (a, b) = (&a["baseline_tau"], &b["baseline_tau"]);
        assert!((a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 0.1, "{a} {b}");
    }
}

#[test]
fn the_table_has_units_and_the_baseline() {
    let text = success(&mut score());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + METRICS.len(), "{text}");
    for heading in ["metric", "unit", "tau", "rho", "MAE", "tau of cifar10_flops_M"] {
        assert!(lines[0].contains(heading), "{text}");
    }
    assert!(lines[1].starts_with(METRICS[0]) && lines[1].contains(" % "), "{text}");
    assert!(lines[2].starts_with(METRICS[1]) && lines[2].contains(" ms "), "{text}");
    assert_eq!(text, success(&mut score()), "the bootstrap is seeded");
}

#[test]
fn one_metric_may_be_chosen_and_csv_has_a_header() {
    let text = success(score().args(["--metric", METRICS[1], "--format", "csv"]));
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = csv.headers().unwrap().iter().map(String::from).collect();
    for column in ["metric", "unit", "n", "tau", "rho", "mae", "baseline_tau"] {
        assert!(header.iter().any(|h| h == column), "{header:?}");
    }
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(&rows[0][0], METRICS[1]);
}

#[test]
fn what_cannot_be_scored_is_explained() {
    let stderr = failure(score().args(["--metric", BASELINE]));
    assert!(stderr.contains(BASELINE) && stderr.contains("does not predict"), "{stderr}");
    let stderr = failure(score().args(["--metric", "imagenet_top1_pct"]));
    assert!(stderr.contains("imagenet_top1_pct") && stderr.contains("labels.csv"), "{stderr}");
    let stderr = failure(score().args(["--baseline", "cifar10_flop_M"]));
    assert!(stderr.contains("did you mean cifar10_flops_M"), "{stderr}");
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.csv");
    let text = std::fs::read_to_string(table()).unwrap();
    std::fs::write(&other, text.replace("_test_acc_pct", "_x").replace("_lat_ms", "_y")).unwrap();
    let mut command = nneval_with_runtime();
    command.args(["score", "--evaluator"]).arg(evaluator()).arg("--labels").arg(&other);
    let stderr = failure(&mut command);
    assert!(stderr.contains("other.csv") && stderr.contains("no column"), "{stderr}");
}

#[test]
fn a_table_of_training_rows_alone_is_refused() {
    let manifest = manifest(&evaluator());
    let seen = manifest["training"]["classes"][0].as_u64().unwrap().to_string();
    let text = std::fs::read_to_string(table()).unwrap();
    let kept =
        text.lines().enumerate().filter(|(i, l)| *i == 0 || l.split(',').nth(2) == Some(&seen));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("seen.csv");
    std::fs::write(&path, kept.map(|(_, l)| format!("{l}\n")).collect::<String>()).unwrap();
    let mut command = nneval_with_runtime();
    command.args(["score", "--evaluator"]).arg(evaluator()).arg("--labels").arg(&path);
    let stderr = failure(&mut command);
    assert!(stderr.contains("--rows all"), "{stderr}");
}
