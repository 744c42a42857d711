//! `nneval adapt`: new metrics from a few labels, and what to measure.

use crate::common;

use common::{
    FIXTURE, METRICS, bundle, failure, manifest, network, nneval_with_runtime, run, success,
};
use nneval::labels::{LabelTable, ReadOptions};
use nneval::spaces::{Space, TssArch};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const NEW: &str = "mine_lat_ms";

fn command(name: &str, evaluator: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args([name, "--evaluator"]).arg(evaluator);
    command
}

fn names(dir: &Path) -> Vec<String> {
    let manifest = manifest(dir);
    let metrics = manifest["metrics"].as_array().unwrap().iter();
    metrics.map(|m| m["name"].as_str().unwrap().to_owned()).collect()
}

/// Architectures and latencies of the table that the stand-in was trained on.
fn measured() -> Vec<(String, f64)> {
    let path = bundle().parent().unwrap().join("labels.csv");
    let table = LabelTable::read(path, &ReadOptions::default()).unwrap();
    let values = table.column(METRICS[1]).unwrap();
    let rows = table.keys().iter().zip(values);
    rows.filter_map(|(k, v)| Some((k.clone(), (*v)?))).collect()
}

/// A table of the latencies of another device: half as fast, with an overhead.
fn table(dir: &Path, name: &str, rows: &[(String, f64)]) -> PathBuf {
    let line = |(arch, ms): &(String, f64)| format!("{arch},{}\n", 2.0 * ms + 5.0);
    let path = dir.join(name);
    let text: String = rows.iter().map(line).collect();
    std::fs::write(&path, format!("arch_str,{NEW}\n{text}")).unwrap();
    path
}

fn adapt(labels: &Path, out: &Path) -> Command {
    let mut adapt = command("adapt", &bundle());
    adapt.arg("--labels").arg(labels).arg("--out").arg(out);
    adapt
}

fn rho(evaluator: &Path, labels: &Path, metric: &str) -> f64 {
    let mut score = command("score", evaluator);
    score.args(["--rows", "all", "--bootstrap", "0", "--format", "json", "--labels"]).arg(labels);
    let report: Value = serde_json::from_str(&success(score.args(["--metric", metric]))).unwrap();
    report["rows"][0]["rho"].as_f64().unwrap()
}

#[test]
fn an_adapted_evaluator_has_the_new_metric_beside_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let rows = measured();
    let few: Vec<_> = rows.iter().step_by(rows.len() / 12).cloned().collect();
    let (few, all) = (table(dir.path(), "few.csv", &few), table(dir.path(), "all.csv", &rows));
    let out = dir.path().join("mine");
    let text = success(&mut adapt(&few, &out));
    assert!(text.contains(NEW) && text.contains("left-out rho"), "{text}");
    assert_eq!(names(&out), [METRICS[0], METRICS[1], NEW]);
    let own = manifest(&out);
    assert_eq!(own["name"], "mine");
    assert!(own["training"]["command"].as_str().unwrap().starts_with("nneval adapt "));
    let recipe = |dir: &Path| std::fs::read_to_string(dir.join("recipe.toml")).unwrap();
    assert_eq!(recipe(&out), recipe(&bundle()), "how the first metrics were learnt");
    assert!(own["metrics"][2]["interval"]["below"].is_array());

    let predict = |dir: &Path| success(command("evaluate", dir).args([FIXTURE, "--format", "csv"]));
    let (before, after) = (predict(&bundle()), predict(&out));
    let cells = |csv: &str| -> Vec<String> {
        csv.lines().nth(1).unwrap().split(',').take(7).map(String::from).collect()
    };
    assert_eq!(cells(&before), cells(&after), "the old metrics stay as they are");

    let old = rho(&out, bundle().parent().unwrap().join("labels.csv").as_path(), METRICS[1]);
    let new = rho(&out, &all, NEW);
    assert!((old - new).abs() < 1e-3, "made of the one latency that is known: {old} {new}");
}

#[test]
fn only_new_metrics_and_without_some() {
    let dir = tempfile::tempdir().unwrap();
    let few = table(dir.path(), "few.csv", &measured()[..5]);
    let out = dir.path().join("new");
    success(adapt(&few, &out).arg("--only-new"));
    assert_eq!(names(&out), [NEW]);
    assert!(manifest(&out)["metrics"][0]["interval"].is_null(), "too few for an interval");
    success(command("evaluate", &out).arg(FIXTURE));
    let out = dir.path().join("without");
    success(adapt(&few, &out).args(["--without", METRICS[1], "--name", "x"]));
    assert_eq!(names(&out), [METRICS[0], NEW]);
    assert_eq!(manifest(&out)["name"], "x");
    let same = std::fs::read_to_string(&few).unwrap().replace(NEW, METRICS[1]);
    std::fs::write(dir.path().join("same.csv"), same).unwrap();
    let out = dir.path().join("same");
    success(adapt(&dir.path().join("same.csv"), &out).args(["--without", METRICS[1]]));
    assert_eq!(names(&out), METRICS);
}

#[test]
fn labels_of_model_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = format!("path,{NEW},note\n");
    for (i, (arch, ms)) in measured().iter().step_by(20).take(6).enumerate() {
        network(Space::NatsTss, arch, dir.path(), &format!("{i}.onnx"));
        text += &format!("{i}.onnx,{ms},text\n");
    }
    let few = dir.path().join("few.csv");
    std::fs::write(&few, text).unwrap();
    let out = dir.path().join("out");
    success(&mut adapt(&few, &out));
    success(adapt(&few, &out).arg("--models").arg(dir.path()));
    assert_eq!(names(&out), [METRICS[0], METRICS[1], NEW]);
    let mut suggest = command("adapt", &bundle());
    let text = success(suggest.args(["--suggest", "2", "--models"]).arg(dir.path()));
    assert_eq!(text.lines().count(), 3);
    assert!(text.starts_with("path\n") && text.ends_with(".onnx\n"), "{text}");
}

#[test]
fn suggestions_are_distinct_and_repeatable() {
    let suggest = |options: &[&str]| {
        success(command("adapt", &bundle()).args(["--suggest", "12"]).args(options))
    };
    let text = suggest(&[]);
    assert_eq!(text, suggest(&[]));
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.remove(0), lines.len()), ("arch_str", 12));
    assert!(lines.iter().all(|l| l.parse::<TssArch>().is_ok()), "{text}");
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 12);
    assert_ne!(text, suggest(&["--seed", "1"]));

    let dir = tempfile::tempdir().unwrap();
    let some = table(dir.path(), "some.csv", &measured()[..20]);
    let among = suggest(&["--labels", some.to_str().unwrap()]);
    let given = std::fs::read_to_string(&some).unwrap();
    assert!(among.lines().all(|l| given.contains(l)), "{among}");
    let mut more = command("adapt", &bundle());
    let stderr = failure(more.args(["--suggest", "21", "--labels"]).arg(&some));
    assert!(stderr.contains("only 20"), "{stderr}");
}

#[test]
fn bad_input_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let rows = measured();
    let few = table(dir.path(), "few.csv", &rows[..5]);
    for (options, reason) in [
        (["--metric", "mine_lat"], "did you mean mine_lat_ms"),
        (["--without", "x_ms"], "does not predict it"),
    ] {
        let stderr = failure(adapt(&few, &out).args(options));
        assert!(stderr.contains(reason), "{stderr}");
    }
    let stderr = failure(adapt(&few, &out).args(["--metric", NEW, "--metric", NEW]));
    assert!(stderr.contains("twice"), "{stderr}");
    let bad = |text: String| {
        let path = dir.path().join("bad.csv");
        std::fs::write(&path, text).unwrap();
        failure(&mut adapt(&path, &out))
    };
    let good = std::fs::read_to_string(&few).unwrap();
    let first = &rows[0].0;
    for (text, reason) in [
        (good.replace(NEW, METRICS[1]), "predicts hwnas_edgegpu_lat_ms already"),
        (good.lines().take(3).map(|l| format!("{l}\n")).collect(), "not 2"),
        (good.replace("arch_str", "arch"), "no key column"),
        (format!("{good}{first},9\n"), "already on line 2"),
        (format!("{good}|nonsense~0|,9\n"), "line 7"),
        (format!("arch_str,note\n{first},a\n"), "no column of numbers"),
        (rows[..5].iter().fold(format!("arch_str,{NEW}\n"), |t, r| t + &r.0 + ",1\n"), "equal"),
    ] {
        let stderr = bad(text);
        assert!(stderr.contains("bad.csv") && stderr.contains(reason), "{stderr}");
    }
    assert!(!out.exists());
    let (code, ..) = run(command("adapt", &bundle()).arg("--labels").arg(&few));
    assert_eq!(code, Some(2));
}
