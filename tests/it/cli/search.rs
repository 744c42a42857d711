//! `nneval search`, by itself and from another program; completions, manual
//! pages, messages.

use crate::common;

use common::{FIXTURE, entries, failure, nneval, nneval_with_runtime, run, success};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const ACCURACY: &str = "cifar10_test_acc_pct";

/// A search by static costs alone: no ONNX Runtime.
fn costs(out: &Path, more: &[&str]) -> Command {
    let mut command = nneval();
    command.args(["search", "--space", "nats-sss", "--maximize", "params", "--minimize", "macs"]);
    command.args(more).arg("--out").arg(out);
    command
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|r| r.unwrap().iter().map(String::from).collect()).collect()
}

#[test]
fn a_search_with_an_evaluator_writes_its_winners() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut command = nneval_with_runtime();
    command.args(["search", "--space", "nats-tss", "--maximize", ACCURACY, "--budget", "60"]);
    command.args(["--minimize", "hwnas_raspi4_lat_ms", "--limit", "params<=400000"]);
    command.args(["--show", "depth", "--algorithm", "nsga2", "--population", "20", "--out"]);
    let text = success(command.arg(&out));
    assert!(text.contains("60 candidates evaluated") && text.contains("[ms]"), "{text}");

    let front = rows(&out.join("pareto.csv"));
    let ends = |m: &str| [m.to_owned(), format!("{m}_lo"), format!("{m}_hi")];
    let mut columns = vec!["arch".to_owned(), "file".to_owned()];
    columns.extend([ends(ACCURACY), ends("hwnas_raspi4_lat_ms")].concat());
    columns.extend(["params", "depth", "flagged"].map(str::to_owned));
    assert_eq!(front[0], columns);
    let value = |r: &Vec<String>, at: usize| r[at].parse::<f64>().unwrap();
    for pair in front[1..].windows(2) {
        assert!(value(&pair[0], 2) >= value(&pair[1], 2), "best accuracy first");
        assert!(value(&pair[0], 5) > value(&pair[1], 5), "nothing dominated");
    }
    assert!(front.len() > 1 && front[1..].iter().all(|r| value(r, 8) <= 400_000.0));
    let all = rows(&out.join("candidates.csv"));
    assert_eq!(all.len(), 61);
    assert_eq!(all[0][1..9], front[0][2..10]);
    for at in [1, 4] {
        let holds =
            |r: &Vec<String>| value(r, at + 1) <= value(r, at) && value(r, at) <= value(r, at + 2);
        assert!(all[1..].iter().all(holds), "the interval holds the prediction");
    }
    let mut names: Vec<String> =
        front[1..].iter().map(|r| r[1].strip_prefix("winners/").unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(entries(&out.join("winners")), names);

    let summary = std::fs::read_to_string(out.join("pareto.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["pareto"].as_array().unwrap().len(), front.len() - 1);
    let best = &summary["pareto"][0]["intervals"];
    assert_eq!(best[ACCURACY][0].as_f64().unwrap(), value(&front[1], 3));
    assert_eq!(best.get("params"), None, "counted, not predicted");
    assert_eq!((&summary["units"][ACCURACY], &summary["measured"]), (&json!("%"), &json!(60)));
    let svg = std::fs::read_to_string(out.join("front.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("hwnas_raspi4_lat_ms, ms"));

    let winner = out.join(&front[1][1]);
    let mut evaluate = nneval_with_runtime();
    let again = success(evaluate.args(["evaluate", "--format", "json"]).arg(&winner));
    let again: Value = serde_json::from_str(&again).unwrap();
    let predicted = again[0]["metrics"][ACCURACY]["value"].as_f64().unwrap();
    assert!((predicted - value(&front[1], 2)).abs() < 1e-4);
}

#[test]
fn model_files_are_a_space() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    success(
        nneval()
            .args(["space", "nats-sss", "--arch", "8:8:8:8:8", "--arch", "64:8:8:8:8"])
            .args(["--arch", "8:8:8:8:64", "--out"])
            .arg(&models),
    );
    std::fs::write(models.join("broken.onnx"), "no model").unwrap();
    let out = dir.path().join("out");
    let mut command = nneval();
    command.args(["search", "--minimize", "macs", "--top", "2", "--budget", "99", "--space"]);
    let (code, _, note) = run(command.arg(&models).arg("--out").arg(&out));
    assert_eq!(code, Some(0));
    assert!(note.contains("1 candidates could not be measured"), "{note}");
    let best = rows(&out.join("pareto.csv"));
    assert_eq!(best.len(), 3);
    assert!(best[1][0].ends_with("8-8-8-8-8.onnx") && best[1][0] == best[1][1], "{best:?}");
    let broken = rows(&out.join("candidates.csv"));
    assert!(broken.iter().any(|r| r[0].ends_with("broken.onnx") && !r[4].is_empty()));
}

/// A network of a kind that the evaluator has not seen wins no search, unless told.
#[test]
fn flagged_candidates_are_refused_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    success(nneval().args(["space", "general", "--sample", "2", "--out"]).arg(&models));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nats_tss_9930.onnx");
    std::fs::copy(fixture, models.join("known.onnx")).unwrap();
    let search = |out: &str, options: &[&str]| {
        let out = dir.path().join(out);
        let mut command = nneval_with_runtime();
        command.args(["search", "--maximize", ACCURACY, "--budget", "3"]).args(options);
        let (code, _, note) = run(command.arg("--space").arg(&models).arg("--out").arg(&out));
        assert_eq!(code, Some(0), "{note}");
        let table = rows(&out.join("candidates.csv"));
        let at = |name: &str| table[0].iter().position(|c| c == name).unwrap();
        let (value, flagged) = (at(ACCURACY), at("flagged"));
        let of = |r: &Vec<String>| (r[value].is_empty(), r[flagged].clone());
        let best = rows(&out.join("pareto.csv"));
        (note, table[1..].iter().map(of).collect::<Vec<_>>(), best.len() - 1)
    };
    let (note, all, winners) = search("refused", &[]);
    assert!(note.contains("2 candidates are unlike all networks"), "{note}");
    assert!(note.contains("--allow-outside"), "{note}");
    assert_eq!(all.iter().filter(|c| **c == (true, "1".into())).count(), 2, "{all:?}");
    assert_eq!((all.iter().filter(|c| **c == (false, "0".into())).count(), winners), (1, 1));
    let (note, all, winners) = search("taken", &["--allow-outside"]);
    assert!(note.contains("without evidence"), "{note}");
    assert!(all.iter().all(|c| !c.0) && winners == 3, "{all:?}");
}

#[test]
fn a_list_limits_the_space_and_a_covering_budget_measures_it_whole() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.csv");
    std::fs::write(&list, "n,arch_str\n1,8:8:8:8:8\n2,16:8:8:8:8\n3,24:8:8:8:8\n").unwrap();
    let out = dir.path().join("out");
    success(&mut costs(&out, &["--budget", "3", "--quiet", "--among", list.to_str().unwrap()]));
    let keys: Vec<String> =
        rows(&out.join("candidates.csv")).iter().map(|r| r[0].clone()).collect();
    assert_eq!(keys, ["arch", "8:8:8:8:8", "16:8:8:8:8", "24:8:8:8:8"]);
}

/// Kills a search without a chance to clean up, as soon as it has a state.
#[cfg(unix)]
#[test]
fn a_killed_search_goes_on_as_if_nothing_had_been() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["--budget", "3000", "--seed", "4", "--limit", "depth>=3"];
    let (whole, halved) = (dir.path().join("whole"), dir.path().join("halved"));
    success(&mut costs(&whole, &options));
    let mut program =
        costs(&halved, &options).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !halved.join("state.json").exists() && program.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(!halved.join("pareto.csv").exists(), "killed before it ended");
    let message = failure(&mut costs(&halved, &options));
    assert!(message.contains("--resume"), "{message}");
    success(costs(&halved, &options).arg("--resume"));
    for file in ["candidates.csv", "pareto.csv", "pareto.json", "front.svg", "state.json"] {
        let read = |d: &Path| std::fs::read(d.join(file)).unwrap();
        assert!(read(&whole) == read(&halved), "{file}");
    }
    let other = ["--budget", "3000", "--seed", "5", "--limit", "depth>=3", "--resume"];
    assert!(failure(&mut costs(&halved, &other)).contains("another seed"));
    std::fs::write(halved.join("state.json"), "{").unwrap();
    let broken = failure(costs(&halved, &options).arg("--resume"));
    assert!(broken.contains("state.json"), "{broken}");
}

#[test]
fn mistakes_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let sss = |more: &[&str]| {
        let mut command = nneval();
        command.args(["search", "--space", "nats-sss", "--budget", "5", "--out"]).arg(&out);
        command.args(more);
        command
    };
    let wrong = |command: &mut Command, status: i32, text: &str| {
        let (code, _, stderr) = run(command);
        assert_eq!(code, Some(status), "{stderr}");
        assert!(stderr.contains(text), "{text}: {stderr}");
    };
    wrong(&mut sss(&[]), 1, "nothing to maximize");
    wrong(&mut sss(&["--minimize", "maks", "--evaluator", "none"]), 1, "did you mean macs");
    wrong(&mut sss(&["--minimize", "macs", "--maximize", "macs"]), 1, "macs is an objective twice");
    wrong(&mut sss(&["--minimize", "macs", "--limit", "macs<5"]), 2, "METRIC<=X");
    wrong(&mut sss(&["--minimize", "macs", "--evaluator", "nowhere"]), 1, "nowhere");
    wrong(&mut sss(&["--minimize", "macs", "--population", "1"]), 2, "population");
    let list = dir.path().join("list");
    std::fs::write(&list, "8:8:8:8:9\n").unwrap();
    wrong(&mut sss(&["--minimize", "macs", "--among", list.to_str().unwrap()]), 1, "8:8:8:8:9");
    let mut nowhere = nneval();
    nowhere.args(["search", "--space", "nats", "--minimize", "macs", "--budget", "5", "--out"]);
    wrong(nowhere.arg(&out), 1, "no such file or folder, and no space (nats-tss, nats-sss, ");
    let (code, _, note) = run(&mut sss(&["--minimize", "macs", "--limit", "macs<=1"]));
    assert_eq!(code, Some(0));
    assert!(note.contains("no candidate is within the limits"), "{note}");
}

fn talk(command: &mut Command, lines: &[&[u8]]) -> Vec<Value> {
    let mut program = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    lines.iter().for_each(|l| input.write_all(&[l, &b"\n"[..]].concat()).unwrap());
    drop(input);
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn each_line_has_an_answer_and_bad_ones_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut command = nneval();
    command.args(["search", "--space", "nats-sss", "--maximize", "own", "--minimize", "macs"]);
    command.args(["--evaluator", "none", "--ask-tell", "--budget", "12", "--out"]).arg(&out);
    let evaluate = format!(r#"{{"evaluate": ["8:8:8:8:8", {FIXTURE:?}, "gone.onnx", "8"]}}"#);
    let answers = talk(
        &mut command,
        &[
            br#"{"ask": 10}"#,
            b"nonsense",
            b"\xff\xfe",
            br#"{"ask": -1}"#,
            br#"{"ask": 1, "tell": []}"#,
            br#"{"sing": 1}"#,
            br#"{"tell": [{"arch": "8:8:8:8:8", "metrics": {"own": 3, "macs": 1}}]}"#,
            br#"{"tell": [{"arch": "8:8:8:8:9", "metrics": {"own": 3}}]}"#,
            br#"{"tell": [{"arch": "8:8:8:8:8", "metrics": {"other": 3}}]}"#,
            br#"{"tell": [{"arch": "8:8:8:8:8", "metrics": {"own": null}}]}"#,
            evaluate.as_bytes(),
            br#"{"front": true}"#,
            br#"{"ask": 10}"#,
        ],
    );
    let candidates = answers[0]["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 10);
    assert_eq!(candidates[0]["metrics"]["own"], Value::Null);
    assert!(candidates[0]["metrics"]["macs"].as_f64().unwrap() > 0.0);
    for (at, words) in [(1, "line 2"), (2, "UTF-8"), (3, "ask"), (4, "one of"), (5, "sing")] {
        assert!(answers[at]["error"].as_str().unwrap().contains(words), "{}", answers[at]);
    }
    assert_eq!(answers[6], json!({"told": 1}));
    for (at, words) in [(7, "8:8:8:8:9"), (8, "other"), (9, "own")] {
        assert!(answers[at]["error"].as_str().unwrap().contains(words), "{}", answers[at]);
    }
    let results = answers[10]["results"].as_array().unwrap();
    assert!(results[..2].iter().all(|r| r["metrics"]["macs"].as_f64().unwrap() > 0.0));
    assert!(results[2..].iter().all(|r| r["error"].is_string()), "{results:?}");
    let front = answers[11]["front"].as_array().unwrap();
    assert_eq!((front.len(), &front[0]["told"]), (1, &json!(true)));
    assert_eq!(answers[12]["candidates"].as_array().unwrap().len(), 1, "the budget ends");
    assert_eq!(rows(&out.join("candidates.csv")).len(), 13);
}

#[test]
fn the_python_example_of_the_docs_runs() {
    let docs = include_str!("../../../docs/searching.md");
    let script = docs.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("example.py");
    std::fs::write(&file, script).unwrap();
    let mut python = Command::new("python3");
    python.arg(&file).arg(env!("CARGO_BIN_EXE_nneval")).env_remove("ORT_DYLIB_PATH");
    let text = success(python.env("NNEVAL_CACHE", common::runtime_cache()));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].parse::<f64>().unwrap() > 1e6, "{text}");
    assert_eq!(lines.len(), 11, "{text}");
    assert!(lines[1..].iter().all(|l| l.ends_with("predicted") || l.ends_with("measured")));
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = success(nneval().args(["completions", shell]));
        assert!(script.contains("ask-tell") && script.contains("nneval"), "{shell}");
    }
    let dir = tempfile::tempdir().unwrap();
    success(nneval().args(["man", "--out"]).arg(dir.path()));
    let pages = entries(dir.path());
    for page in ["nneval.1", "nneval-search.1", "nneval-train.1"] {
        assert!(pages.iter().any(|p| p == page), "{pages:?}");
    }
    let main = std::fs::read_to_string(dir.path().join("nneval.1")).unwrap();
    assert!(main.contains(".TH nneval") && main.contains("Exit status"), "{main}");
}

#[test]
fn messages_are_quiet_verbose_and_without_colour() {
    let dir = tempfile::tempdir().unwrap();
    let search = |name: &str, more: &[&str]| {
        let nothing = ["--budget", "20", "--limit", "macs<=1"];
        run(costs(&dir.path().join(name), &nothing).args(more))
    };
    let said = |(code, _, stderr): (Option<i32>, String, String)| {
        assert_eq!(code, Some(0));
        stderr.lines().count()
    };
    assert_eq!(said(search("a", &[])), 1);
    assert_eq!(said(search("b", &["--quiet"])), 0);
    assert!(said(search("c", &["--verbose"])) > 2);
    assert!(failure(nneval().args(["--quiet", "inspect", "gone.onnx"])).contains("gone.onnx"));
    let help = success(nneval().arg("--help").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!help.contains('\x1b') && help.contains("Exit status: 0"), "{help}");
    assert_eq!(run(nneval().args(["-q", "-v", "inspect", "x"])).0, Some(2));
}
