//! Intervals, in-domain scores, and their calibration.

use crate::common;

use common::{
    FIXTURE, METRICS, bundle, corpus, failure, manifest, nneval_with_runtime, runtime, shared,
    success,
};
use nneval::evaluator::{Evaluator, Options};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn command(name: &str, evaluator: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args([name, "--evaluator"]).arg(evaluator);
    command
}

fn table() -> PathBuf {
    bundle().parent().unwrap().join("labels.csv")
}

/// A copy of the trained bundle with another manifest.
fn altered(dir: &Path, change: impl Fn(&mut Value)) -> PathBuf {
    let (from, to) = (bundle(), dir.join("altered"));
    std::fs::create_dir_all(&to).unwrap();
    for name in ["evaluator.onnx", "tokenizer.json"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let mut m = manifest(&from);
    change(&mut m);
    std::fs::write(to.join("evaluator.json"), m.to_string()).unwrap();
    to
}

/// Takes out what bundles of earlier versions do not have.
fn uncalibrated(m: &mut Value) {
    m.as_object_mut().unwrap().remove("domain");
    for metric in m["metrics"].as_array_mut().unwrap() {
        metric.as_object_mut().unwrap().remove("interval");
    }
}

#[test]
fn a_bundle_without_calibration_predicts_the_same_and_prints_no_interval() {
    let dir = tempfile::tempdir().unwrap();
    let old = altered(dir.path(), uncalibrated);
    let with = success(command("evaluate", &bundle()).arg(FIXTURE));
    let without = success(command("evaluate", &old).arg(FIXTURE));
    assert!(with.contains("90 %: ") && !without.contains("90 %"), "{with}{without}");
    for (a, b) in with.lines().zip(without.lines()).skip(1) {
        let (a, b): (Vec<&str>, Vec<&str>) =
            (a.split_whitespace().collect(), b.split_whitespace().collect());
        assert_eq!(a[..3], b[..3]);
    }
    let csv = success(command("evaluate", &old).args([FIXTURE, "--format", "csv"]));
    let cells: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((cells[2], cells[3], cells[7], cells[8], cells[9]), ("", "", "", "", "1"), "{csv}");
    let json = success(command("evaluate", &old).args([FIXTURE, "--format", "json"]));
    assert!(!json.contains("in_domain") && !json.contains("\"lo\""), "{json}");
}

#[test]
fn calibrating_again_gives_what_training_gave() {
    let dir = tempfile::tempdir().unwrap();
    let (old, out) = (altered(dir.path(), uncalibrated), dir.path().join("again"));
    success(command("calibrate", &old).arg("--labels").arg(table()).arg("--out").arg(&out));
    let (again, trained) = (manifest(&out), manifest(&bundle()));
    assert_eq!(again["domain"], trained["domain"]);
    for (a, b) in
        again["metrics"].as_array().unwrap().iter().zip(trained["metrics"].as_array().unwrap())
    {
        assert!(a["interval"]["below"].is_array(), "{a}");
        assert_eq!(a["interval"], b["interval"]);
        assert_eq!(a["validation"], b["validation"]);
    }
}

#[test]
fn score_tells_coverage_and_width() {
    let mut score = command("score", &bundle());
    score.arg("--labels").arg(table()).args(["--bootstrap", "0", "--format", "json"]);
    let report: Value = serde_json::from_str(&success(&mut score)).unwrap();
    for row in report["rows"].as_array().unwrap() {
        let (coverage, width) = (row["coverage"].as_f64().unwrap(), row["mean_width"].as_f64());
        assert!((0.85..=1.0).contains(&coverage), "calibrated on these very rows: {row}");
        assert!(width.unwrap() > 0.0);
    }
    let mut score = command("score", &bundle());
    let text = success(score.arg("--labels").arg(table()).args(["--bootstrap", "0"]));
    assert!(text.contains("coverage") && text.contains("mean width"), "{text}");
}

#[test]
fn damaged_calibration_and_classes_all_seen_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (change, reason) in [
        (|m: &mut Value| m["metrics"][0]["interval"]["below"] = Value::from(vec![-1.0]), "bounds"),
        (|m: &mut Value| m["domain"]["mean"] = Value::from("00"), "hexadecimal"),
        (|m: &mut Value| m["domain"]["mean"] = Value::from("0000c07f"), "finite"),
        (|m: &mut Value| m["domain"]["mean"] = Value::from("00000000"), "width"),
    ] as [(fn(&mut Value), &str); 4]
    {
        let stderr = failure(command("evaluate", &altered(dir.path(), change)).arg(FIXTURE));
        assert!(stderr.contains("evaluator.json") && stderr.contains(reason), "{stderr}");
    }
    let all = |m: &mut Value| {
        m["training"]["classes"] = Value::from((0..20_000).collect::<Vec<u64>>());
    };
    let mut calibrate = command("calibrate", &altered(dir.path(), all));
    let stderr = failure(calibrate.arg("--labels").arg(table()).args(["--check", "2"]));
    assert!(stderr.contains("labels.csv") && stderr.contains("all of its classes"), "{stderr}");
}

#[test]
fn calibration_can_be_checked_on_halves() {
    let mut check = command("calibrate", &bundle());
    check.arg("--labels").arg(table()).args(["--check", "4", "--outside", FIXTURE]);
    let text = success(&mut check);
    assert!(text.contains("flagged of networks held out") && text.contains("AUROC"), "{text}");
    assert!(METRICS.iter().any(|m| text.contains(m)), "{text}");
}

/// Real models of other kinds against classes of the topology space that the
/// shipped evaluator was not trained on.
#[test]
fn the_shipped_evaluator_tells_other_networks_from_its_own() {
    let (Some(labels), Some(corpus)) = (shared("data/nats_tss_open.csv.gz"), corpus()) else {
        return;
    };
    let shipped = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/nats-tss"));
    let loaded = Evaluator::load(shipped, &runtime(), Options::default()).unwrap();
    let real = |p: &PathBuf| !p.components().any(|c| c.as_os_str() == "suite");
    let strangers: Vec<PathBuf> = corpus.into_iter().filter(real).collect();
    assert!(strangers.len() > 1000, "{}", strangers.len());
    let predicted = loaded.evaluate_files(&strangers);
    let predicted: Vec<_> = predicted.into_iter().map(Result::unwrap).collect();
    let flagged = predicted.iter().filter(|p| p.flagged() == Some(true)).count();
    assert!(flagged as f64 >= 0.95 * predicted.len() as f64, "{flagged} of {}", predicted.len());

    let own = success(command("score", shipped).arg("--labels").arg(&labels).args([
        "--bootstrap",
        "0",
        "--format",
        "json",
    ]));
    let own: Value = serde_json::from_str(&own).unwrap();
    let few_values = |name: &Value| {
        let metrics = &loaded.manifest().metrics;
        metrics.iter().any(|m| *name == m.spec.name && m.levels.is_some())
    };
    for row in own["rows"].as_array().unwrap() {
        let coverage = row["class_coverage"].as_f64().unwrap();
        let most = if few_values(&row["metric"]) { 1.0 } else { 0.96 };
        assert!((0.85..=most).contains(&coverage), "{row}");
    }

    let mut check = command("calibrate", shipped);
    check.arg("--labels").arg(&labels).args(["--check", "3"]);
    check.args(strangers.iter().flat_map(|p| [Path::new("--outside"), p]));
    let text = success(&mut check);
    let area: f64 = text.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(area >= 0.95, "{text}");
}
