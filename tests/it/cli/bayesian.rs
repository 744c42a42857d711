//! `nneval search --algorithm bayesian`.

use crate::common;

use common::{failure, nneval, nneval_with_runtime, success};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const ACCURACY: &str = "cifar10_test_acc_pct";

/// A search that is talked to.
struct Talk(Child);

impl Talk {
    fn new(command: &mut Command) -> Self {
        let piped = command.arg("--ask-tell").stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(piped.spawn().unwrap())
    }

    fn call(&mut self, request: &Value) -> Value {
        writeln!(self.0.stdin.as_mut().unwrap(), "{request}").unwrap();
        // One line for each request, so that no buffer holds more than it.
        let mut line = String::new();
        BufReader::with_capacity(1 << 20, self.0.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    }

    fn ask(&mut self, n: usize) -> Vec<String> {
        let answer = self.call(&json!({ "ask": n }));
        let candidates = answer["candidates"].as_array().unwrap();
        candidates.iter().map(|c| c["arch"].as_str().unwrap().to_owned()).collect()
    }

    fn tell(&mut self, arch: &str, metric: &str, value: f64) {
        self.call(&json!({"tell": [{"arch": arch, "metrics": {metric: value}}]}));
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

/// A list of 512 networks of the size space, far apart.
fn listed(dir: &Path) -> (PathBuf, Vec<String>) {
    let width = |digit: usize| 8 * (1 + digit);
    let arch = |i: usize| {
        let digits = [i % 8, (i / 8) % 8, i / 64, (i * 5) % 8, (i * 3 / 8) % 8];
        digits.map(|d| width(d).to_string()).join(":")
    };
    let archs: Vec<String> = (0..512).map(arch).collect();
    let path = dir.join("list");
    std::fs::write(&path, archs.join("\n")).unwrap();
    (path, archs)
}

/// Falls with the distance from a network of the list.
fn toy(arch: &str) -> f64 {
    let widths = arch.split(':').map(|w| w.parse::<f64>().unwrap());
    -widths.zip([40.0, 24.0, 48.0, 8.0, 16.0]).map(|(w, t)| ((w - t) / 8.0).powi(2)).sum::<f64>()
}

/// Labels looked up until the best of the list is found, `batch` at a time.
fn labels_needed(algorithm: &str, seed: usize, batch: usize, list: &Path, best: f64) -> usize {
    let mut command = nneval();
    command.args(["search", "--space", "nats-sss", "--maximize", "own", "--evaluator", "none"]);
    command.args(["--algorithm", algorithm, "--seed", &seed.to_string(), "--among"]).arg(list);
    let mut talk = Talk::new(&mut command);
    let mut labels = 0;
    loop {
        let asked = talk.ask(batch);
        assert!(!asked.is_empty(), "the list is at its end");
        for arch in asked {
            labels += 1;
            talk.tell(&arch, "own", toy(&arch));
            if toy(&arch) == best {
                talk.end();
                return labels;
            }
        }
    }
}

#[test]
fn the_best_network_is_found_with_fewer_labels_than_at_random() {
    let dir = tempfile::tempdir().unwrap();
    let (list, archs) = listed(dir.path());
    let best = archs.iter().map(|a| toy(a)).fold(f64::NEG_INFINITY, f64::max);
    let needed = |algorithm: &str, batch: usize| -> Vec<usize> {
        (0..3).map(|seed| labels_needed(algorithm, seed, batch, &list, best)).collect()
    };
    let (one, four, random) = (needed("bayesian", 1), needed("bayesian", 4), needed("random", 20));
    // At random it takes half of the 512 in the mean.
    assert!(one.iter().all(|n| *n <= 128), "{one:?}");
    assert!(four.iter().all(|n| *n <= 128), "{four:?}");
    assert!(random.iter().sum::<usize>() > 2 * one.iter().sum::<usize>(), "{random:?} {one:?}");
}

#[test]
fn what_an_evaluator_predicts_is_where_the_search_starts() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list");
    let archs: Vec<String> =
        (0..300).map(|i| nneval::spaces::TssArch::nth(i * 52).to_string()).collect();
    std::fs::write(&list, archs.join("\n")).unwrap();
    let mut command = nneval_with_runtime();
    command.args(["search", "--space", "nats-tss", "--maximize", ACCURACY]);
    command.args(["--algorithm", "bayesian", "--seed", "3", "--among"]).arg(&list);
    let mut talk = Talk::new(&mut command);
    let answer = talk.call(&json!({ "evaluate": archs }));
    let predicted: Vec<f64> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["metrics"][ACCURACY].as_f64().unwrap())
        .collect();
    let value = |arch: &String| predicted[archs.iter().position(|a| a == arch).unwrap()];
    let best = predicted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut found = Vec::new();
    for n in [10, 1, 1, 1, 1, 1] {
        for arch in talk.ask(n) {
            // The truth is another number, in the same order.
            talk.tell(&arch, ACCURACY, value(&arch) / 2.0);
            found.push(value(&arch));
        }
    }
    talk.end();
    assert!(found.contains(&best), "{found:?} {best}");
}

fn costs(out: &Path, more: &[&str]) -> Command {
    let mut command = nneval();
    command.args(["search", "--space", "nats-sss", "--maximize", "params", "--minimize", "macs"]);
    command.args(["--limit", "params<=100000", "--algorithm", "bayesian", "--population", "20"]);
    command.args(more).arg("--out").arg(out);
    command
}

#[test]
fn a_resumed_search_takes_the_same_steps() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
    success(&mut costs(&whole, &["--budget", "60"]));
    success(&mut costs(&parts, &["--budget", "28"]));
    success(&mut costs(&parts, &["--budget", "60", "--resume"]));
    for file in ["candidates.csv", "pareto.csv", "state.json"] {
        let read = |d: &Path| std::fs::read(d.join(file)).unwrap();
        assert!(read(&whole) == read(&parts), "{file}");
    }
    let mut rows = csv::Reader::from_path(whole.join("candidates.csv")).unwrap();
    // Drawn at first, then ever nearer to the limit, up to which more is better.
    let params = rows.records().map(|r| r.unwrap()[1].parse::<f64>().unwrap());
    let off: Vec<f64> = params.map(|p| (p / 100_000.0 - 1.0).abs()).collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    assert!(mean(&off[40..]) < 0.3 * mean(&off[..12]), "{off:?}");
    assert!(
        failure(&mut costs(&parts, &["--budget", "60", "--resume", "--seed", "1"]))
            .contains("seed")
    );
}

#[test]
fn a_resumed_conversation_goes_on_as_it_would_have() {
    let dir = tempfile::tempdir().unwrap();
    let (list, _) = listed(dir.path());
    let talk = |out: &str, more: &[&str]| {
        let mut command = nneval();
        command.args(["search", "--space", "nats-sss", "--maximize", "own", "--minimize", "macs"]);
        command.args(["--evaluator", "none", "--algorithm", "bayesian", "--among"]).arg(&list);
        Talk::new(command.args(more).arg("--out").arg(dir.path().join(out)))
    };
    let rounds = |talk: &mut Talk, n: usize| -> Vec<String> {
        let mut asked = Vec::new();
        for _ in 0..n {
            let own = talk.ask(5);
            // The last is never told.
            own[..4].iter().for_each(|a| talk.tell(a, "own", toy(a)));
            asked.extend(own);
        }
        asked
    };
    let mut whole = talk("whole", &[]);
    let expected = rounds(&mut whole, 6);
    whole.end();
    let mut first = talk("parts", &[]);
    let mut got = rounds(&mut first, 4);
    first.end();
    let mut second = talk("parts", &["--resume"]);
    got.extend(rounds(&mut second, 2));
    second.end();
    assert_eq!(got, expected);
    let mut unique = got.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), got.len(), "nothing is asked for twice");
}

#[test]
fn more_than_two_objectives_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = costs(&dir.path().join("out"), &["--budget", "5", "--minimize", "depth"]);
    let message = failure(&mut command);
    assert!(message.contains("one or two objectives") && message.contains("nsga2"), "{message}");
}

#[test]
fn files_that_cannot_be_read_are_asked_for_last() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    let mut space = nneval();
    space.args(["space", "nats-sss", "--out"]).arg(&models);
    for i in 1..17 {
        space.arg("--arch").arg(format!("{}:8:{}:8:8", 8 * (1 + i % 8), 8 * (1 + i / 8)));
    }
    success(&mut space);
    std::fs::write(models.join("broken.onnx"), "no model").unwrap();
    let out = dir.path().join("out");
    let mut command = nneval();
    command.args(["search", "--minimize", "macs", "--algorithm", "bayesian", "--budget", "16"]);
    success(command.arg("--space").arg(&models).arg("--out").arg(&out));
    let text = std::fs::read_to_string(out.join("candidates.csv")).unwrap();
    assert_eq!(text.lines().count(), 17);
}
