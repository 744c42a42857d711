//! `nneval train`, from a label table to an evaluator that predicts.

use crate::common;

use common::{METRICS, RUN_FILES, entries, failure, labels, nneval_with_runtime, success, train};
use nneval::training::Recipe;
use serde_json::Value;
use std::path::Path;

const EVALUATOR: [&str; 4] = ["evaluator.json", "evaluator.onnx", "recipe.toml", "tokenizer.json"];
const EVALUATOR_AND_RUN: [&str; 5] =
    ["evaluator.json", "evaluator.onnx", "recipe.toml", "run", "tokenizer.json"];

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
        "--set",
        "aux-weight=0",
        "--set",
        "epochs=6",
        "--set",
        "batch=32",
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
    success(train(&table, &out).args(["--set", "epochs=2", "--seed", "7"]));
    assert_eq!(entries(&out), EVALUATOR_AND_RUN);
    assert_eq!(entries(&out.join("run")), RUN_FILES);
    let environment = json(&out.join("run/environment.json"));
    assert!(environment["environment"]["threads"].as_u64().unwrap() > 0, "{environment}");
    let version = environment["environment"]["onnxruntime"].as_str().unwrap();
    assert!(version.starts_with("1."), "{environment}");
    let sum = nneval::files::sha256(&std::fs::read(&table).unwrap());
    assert_eq!(environment["sha256"]["labels"], sum);
    assert_eq!(environment["inputs"]["labels"], table.to_str().unwrap());
    let svg = std::fs::read_to_string(out.join("run/curves.svg")).unwrap();
    assert!(METRICS.iter().all(|m| svg.contains(m)), "{svg}");
    let recipe = Recipe::open(&out.join("run/recipe.toml")).unwrap();
    let [stage] = recipe.resolve().unwrap().try_into().unwrap();
    assert_eq!((stage.config.seed, stage.config.epochs, stage.split_seed), (7, 2, 0));
    let steps = column(&out.join("run/steps.csv"), "step");
    let expected: Vec<f64> = (1..=steps.len()).map(|n| n as f64).collect();
    assert_eq!(steps, expected);
    let bundled = Recipe::open(&out.join("recipe.toml")).unwrap();
    assert_eq!(bundled.settings.tokenizer, Some(out.join("tokenizer.json")));
    let mut recipe = recipe;
    recipe.settings.tokenizer.clone_from(&bundled.settings.tokenizer);
    assert_eq!(bundled, recipe);

    let (elsewhere, run) = (dir.path().join("second"), dir.path().join("logs"));
    success(train(&table, &elsewhere).args(["--set", "epochs=1", "--run-dir"]).arg(&run));
    assert_eq!(entries(&elsewhere), EVALUATOR);
    assert_eq!(entries(&run), RUN_FILES);
}

#[test]
fn a_run_that_stands_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 790));
    success(train(&table, &out).args(["--set", "epochs=1"]));
    let files = |folder: &Path| -> Vec<(String, Vec<u8>)> {
        let read = |n: String| {
            let bytes = std::fs::read(folder.join(&n)).unwrap_or_default();
            (n, bytes)
        };
        entries(folder).into_iter().map(read).collect()
    };
    let state = || (files(&out), files(&out.join("run")));
    let before = state();
    let stderr = failure(train(&table, &out).args(["--set", "epochs=2"]));
    assert!(stderr.contains("--resume") && stderr.contains("run"), "{stderr}");
    assert!(state() == before, "a refused run changes nothing");
    let elsewhere = dir.path().join("elsewhere");
    let mut same_run = train(&table, &elsewhere);
    let stderr = failure(same_run.args(["--set", "epochs=2", "--run-dir"]).arg(out.join("run")));
    assert!(stderr.contains("--resume"), "{stderr}");
    assert!(state() == before && !elsewhere.exists());
    success(train(&table, &out).args(["--set", "epochs=1", "--resume"]));
    assert_eq!(column(&out.join("run/epochs.csv"), "epoch"), [1.0]);
}

#[test]
fn the_seed_decides_everything() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 79);
    let model = |name: &str, seed: &str| {
        let out = dir.path().join(name);
        let options = ["--set", "epochs=1", "--set", "dropout=0.1", "--seed", seed];
        success(train(&table, &out).args(options));
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
    success(train(&table, &out).args(["--set", "epochs=1", "--set", "split.valid=0.3"]));
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
    success(train(&table, &out).args(["--set", "epochs=60", "--set", "patience=1"]));
    let scores = column(&out.join("run/epochs.csv"), "score");
    assert!(scores.len() < 60, "{}", scores.len());
    let (last, before) = scores.split_last().unwrap();
    assert!(before.iter().any(|s| s >= last), "{scores:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 790));
    for (setting, reason) in [
        ("epochs=0", "epochs"),
        ("batch=0", "batch"),
        ("lr=0", "learning rate"),
        ("lr=nan", "learning rate"),
        ("warmup=1.5", "warm-up"),
        ("dropout=1", "dropout"),
        ("ema-decay=1", "average"),
        ("split.valid=1", "between 0 and 1"),
        ("encoder=enormous", "models/graphs"),
        ("tokenizer=absent.json", "absent.json"),
    ] {
        let mut command = nneval_with_runtime();
        command.args(["train", "--metric", METRICS[0], "--labels"]).arg(&table);
        let stderr = failure(command.arg("--out").arg(&out).args(["--set", setting]));
        assert!(stderr.contains(reason), "{setting}: {stderr}");
        assert!(!out.exists(), "{setting}");
    }
}

#[test]
fn overrides_that_mean_nothing_are_wrong_usage() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 790));
    for (setting, reason) in [
        ("epoch=3", "unknown field `epoch`"),
        ("lr=high", "--set lr=high: invalid type"),
        ("max-length=0", "nonzero"),
        ("stage.other.lr=1", "there is no stage other"),
        ("lr", "KEY=VALUE"),
    ] {
        let (code, _, stderr) = common::run(train(&table, &out).args(["--set", setting]));
        assert_eq!(code, Some(2), "{setting}: {stderr}");
        assert!(stderr.contains(reason), "{setting}: {stderr}");
        assert!(!out.exists(), "{setting}");
    }
}

const RECIPE: &str = "\
format = 1
encoder = 'tiny'
tokenizer = 'vocabulary.json'
metrics = [{ name = 'cifar10_test_*', weight = 2, reduce = 'reachable' }, { name = 'hwnas_edgegpu_lat_ms' }]
train-rows = 100
batch = 16

[[stage]]
name = 'base'
epochs = 2

[[stage]]
name = 'tuned'
from = 'base/best.ckpt'
teachers = ['base', 'pairwise-ridge']
epochs = 1

[[stage]]
name = 'last'
from = 'tuned'
epochs = 1
";

/// `nneval train` by [`RECIPE`], in `dir`.
fn by_recipe(dir: &Path, out: &Path) -> std::process::Command {
    std::fs::copy("models/tokenizer.json", dir.join("vocabulary.json")).unwrap();
    std::fs::write(dir.join("recipe.toml"), RECIPE).unwrap();
    let mut command = nneval_with_runtime();
    command.arg("train").arg("--recipe").arg(dir.join("recipe.toml")).arg("--labels");
    command.arg(labels(dir, 79)).arg("--out").arg(out);
    command
}

#[test]
fn stages_of_a_recipe_run_one_after_another() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("evaluator");
    success(&mut by_recipe(dir.path(), &out));
    assert_eq!(entries(&out), EVALUATOR_AND_RUN);
    assert_eq!(entries(&out.join("run")), ["base", "last", "recipe.toml", "tuned"]);
    assert_eq!(entries(&out.join("run/tuned/evaluator")), EVALUATOR);
    assert_eq!(json(&out.join("evaluator.json"))["metrics"][0]["reduction"], "reachable");
    assert_eq!(json(&out.join("run/tuned/evaluator/evaluator.json"))["name"], "tuned");
    let sum =
        |file: &str| nneval::files::sha256(&std::fs::read(out.join("run").join(file)).unwrap());
    let from = |stage: &str| {
        json(&out.join(format!("run/{stage}/environment.json")))["sha256"]["from"].clone()
    };
    assert_eq!(from("tuned"), sum("base/best.ckpt"));
    assert_eq!(from("last"), sum("tuned/evaluator/evaluator.onnx"));

    let alone = dir.path().join("alone");
    std::fs::create_dir_all(alone.join("run")).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(out.join("run/base"))
        .arg(out.join("run/tuned"))
        .arg(alone.join("run"))
        .status()
        .unwrap();
    assert!(copied.success());
    success(by_recipe(dir.path(), &alone).args(["--stage", "last"]));
    let model = |folder: &Path| std::fs::read(folder.join("evaluator.onnx")).unwrap();
    assert!(model(&alone) == model(&out), "a stage alone ends as it does after the others");
}

#[test]
fn seeds_are_trained_and_scored_on_their_own_splits() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("seeds");
    let command = || {
        let mut command = by_recipe(dir.path(), &out);
        command.args(["--seeds", "3..5", "--set", "split.test=0.2"]);
        command.args(["--set", "split.valid=0.2"]);
        command
    };
    let mut untested = by_recipe(dir.path(), &out);
    assert!(failure(untested.args(["--seeds", "3..5"])).contains("split.test is 0"));
    let stdout = success(&mut command());
    let mut lines = stdout.lines();
    assert_eq!(lines.next(), Some("metric,tau_mean,tau_sd,taus"));
    for (line, metric) in lines.zip(METRICS) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!((cells[0], cells[3].split(' ').count()), (metric, 2), "{line}");
    }
    for seed in ["3", "4"] {
        let folder = out.join(format!("seed{seed}"));
        assert_eq!(entries(&folder), ["evaluator", "run", "scores.csv"]);
        let training = &json(&folder.join("evaluator/evaluator.json"))["training"];
        assert_eq!(training["seed"].to_string(), seed);
    }
    assert_eq!(success(&mut command()), stdout, "what is scored is not run again");
}

#[test]
fn a_design_model_is_learnt_from_the_networks_of_other_groups() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 79));
    let text = std::fs::read_to_string(&table).unwrap();
    let grouped = text.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line},family\n"),
        _ => format!("{line},f{}\n", i % 20),
    });
    std::fs::write(&table, grouped.collect::<String>()).unwrap();
    let mut command = train(&table, &out);
    for set in
        ["design-model=true", "split.by='family'", "split.valid=0.2", "aux-weight=0", "epochs=1"]
    {
        command.args(["--set", set]);
    }
    success(&mut command);
    let manifest = json(&out.join("evaluator.json"));
    assert_eq!(manifest["training"]["classes"].as_array().unwrap().len(), 16);
    let [accuracy, latency] = [0, 1].map(|i| &manifest["metrics"][i]);
    assert_eq!(
        (&accuracy["design"]["kind"], &latency["design"]["kind"]),
        (&"accuracy".into(), &"time".into())
    );
    for metric in [accuracy, latency] {
        let tau = metric["validation"]["tau"].as_f64().unwrap();
        assert!(tau > 0.6, "{tau}");
    }
    let string = "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32+BatchNormalization+Relu";
    let list = dir.path().join("list.txt");
    std::fs::write(&list, string).unwrap();
    let mut command = nneval_with_runtime();
    command
        .args(["evaluate", "--format", "jsonl", "--evaluator"])
        .arg(&out)
        .arg("--list")
        .arg(&list);
    let row: Value = serde_json::from_str(success(&mut command).trim()).unwrap();
    assert!(row[METRICS[0]].as_f64().unwrap() > 0.0, "{row}");
}
