//! `nneval train --resume`: a run that was killed goes on as if it had not been.
#![cfg(unix)]

use crate::common;

use common::{entries, failure, labels, run, success, train};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const OPTIONS: [&str; 10] = [
    "--set",
    "epochs=8",
    "--set",
    "batch=8",
    "--set",
    "checkpoint-steps=7",
    "--set",
    "dropout=0.1",
    "--set",
    "rank-weight=0.3",
];

fn training(table: &Path, out: &Path) -> Command {
    let mut command = train(table, out);
    command.args(OPTIONS);
    command
}

fn resumed(table: &Path, out: &Path) -> Command {
    let mut command = training(table, out);
    command.arg("--resume");
    command
}

fn steps(out: &Path) -> String {
    std::fs::read_to_string(out.join("run/steps.csv")).unwrap_or_default()
}

/// Starts the command and kills it, without a chance to clean up, once the log
/// has `rows` rows.
fn kill_at(mut command: Command, out: &Path, rows: usize) {
    let mut program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while steps(out).lines().count() <= rows {
        assert!(program.try_wait().unwrap().is_none(), "ended before step {rows}");
        std::thread::sleep(Duration::from_micros(300));
    }
    program.kill().unwrap();
    assert!(!program.wait().unwrap().success(), "killed before it ended");
}

/// Losses, checkpoint and evaluator.
fn results(out: &Path) -> (String, Vec<u8>, Vec<u8>) {
    let read = |name: &str| std::fs::read(out.join(name)).unwrap();
    (steps(out), read("run/best.ckpt"), read("evaluator.onnx"))
}

fn same_results(a: &Path, b: &Path) {
    let ((a, a_best, a_model), (b, b_best, b_model)) = (results(a), results(b));
    for (a, b) in a.lines().zip(b.lines()) {
        assert_eq!(a, b);
    }
    assert_eq!(a.lines().count(), b.lines().count());
    assert!(a_best == b_best, "best.ckpt differs");
    assert!(a_model == b_model, "evaluator.onnx differs");
}

#[test]
fn killed_three_times_it_ends_as_if_it_had_run_through() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 39);
    let (whole, broken) = (dir.path().join("whole"), dir.path().join("broken"));
    success(&mut training(&table, &whole));
    let total = steps(&whole).lines().count() - 1;
    assert!(total > 300, "{total}");
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    kill_at(training(&table, &broken), &broken, rng.random_range(5..total / 4));
    for third in 1..3 {
        let at = rng.random_range(third * total / 4..(third + 1) * total / 4);
        kill_at(resumed(&table, &broken), &broken, at);
    }
    success(&mut resumed(&table, &broken));
    same_results(&whole, &broken);
    let hidden = entries(&broken.join("run")).into_iter().filter(|n| n.starts_with('.')).count();
    assert!(hidden <= 3, "at most one unfinished file a kill");
    success(&mut resumed(&table, &broken));
    same_results(&whole, &broken);
}

/// A run that was killed after its first checkpoints, and its label table.
fn killed_run(dir: &Path) -> (PathBuf, PathBuf) {
    let (table, out) = (labels(dir, 79), dir.join("run of tests"));
    kill_at(training(&table, &out), &out, 40);
    assert!(out.join("run/last.ckpt").exists());
    (table, out)
}

fn checkpoint(out: &Path) -> Vec<u8> {
    std::fs::read(out.join("run/last.ckpt")).unwrap()
}

#[test]
fn other_settings_or_labels_are_refused_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (table, out) = killed_run(dir.path());
    let content = |name: &str| std::fs::read(out.join("run").join(name)).unwrap();
    let files = ["last.ckpt", "steps.csv", "environment.json", "recipe.toml"];
    let before = files.map(content);
    let refused = |command: &mut Command| {
        let stderr = failure(command);
        assert!(stderr.contains("last.ckpt") && stderr.contains("other settings"), "{stderr}");
        assert!(files.map(content) == before);
    };
    for other in [
        ["--seed", "5"],
        ["--set", "lr=0.001"],
        ["--set", "train-rows=50"],
        ["--set", "split.seed=1"],
    ] {
        refused(resumed(&table, &out).args(other));
    }
    let text = std::fs::read_to_string(&table).unwrap();
    let row = text.lines().nth(3).unwrap();
    let changed = dir.path().join("changed.csv");
    std::fs::write(&changed, text.replace(row, &row.replacen(",6", ",7", 1))).unwrap();
    let other = dir.path().join("other.csv");
    std::fs::write(&other, text.replace(".", ".5")).unwrap();
    refused(&mut resumed(&other, &out));
    success(&mut resumed(&table, &out));
}

#[test]
fn other_threads_are_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let (table, out) = killed_run(dir.path());
    let before = checkpoint(&out);
    let stderr = failure(resumed(&table, &out).args(["--threads", "3"]));
    assert!(stderr.contains("last.ckpt") && stderr.contains("here are 3 threads"), "{stderr}");
    assert!(checkpoint(&out) == before);
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (table, out) = killed_run(dir.path());
    let path = out.join("run/last.ckpt");
    let good = checkpoint(&out);
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [&b""[..], b"text\n", &good[..good.len() / 2], &flipped] {
        std::fs::write(&path, bad).unwrap();
        let stderr = failure(&mut resumed(&table, &out));
        assert!(stderr.contains("last.ckpt") && stderr.contains("damaged"), "{stderr}");
    }
}

#[test]
fn without_a_checkpoint_a_resumed_run_starts_at_the_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 790);
    let (whole, first) = (dir.path().join("whole"), dir.path().join("first"));
    success(&mut training(&table, &whole));
    success(&mut resumed(&table, &first));
    same_results(&whole, &first);
}

/// The command in a shell that first runs `limits`.
fn limited(limits: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{limits} && exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// stderr of a training run that must fail: progress, then one error line.
fn last_line(command: &mut Command) -> String {
    let (code, stdout, stderr) = run(command);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert_eq!(stderr.lines().filter(|l| l.starts_with("error: ")).count(), 1, "{stderr}");
    stderr.lines().last().unwrap().to_owned()
}

/// A full disk, played by a limit on the size of files.
#[test]
fn on_a_full_disk_the_last_good_checkpoint_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (table, out) = killed_run(dir.path());
    let before = checkpoint(&out);
    let full = "trap '' XFSZ && ulimit -f 200";
    let stderr = last_line(&mut limited(full, &resumed(&table, &out)));
    assert!(stderr.contains(".ckpt"), "{stderr}");
    assert!(checkpoint(&out) == before, "the checkpoint is as it was");
    let whole = dir.path().join("whole");
    success(&mut training(&table, &whole));
    success(&mut resumed(&table, &out));
    same_results(&whole, &out);
}

/// The command as a user whom file permissions bind, which they do not bind
/// root; `None` where that cannot be had.
fn bound_by_permissions(read_only: &Path, command: &Command) -> Option<Command> {
    let drop = "setpriv --bounding-set -dac_override,-dac_read_search";
    let probe = |prefix: &str| {
        let script = format!("{prefix} sh -c ': > \"$0/probe\"' \"$0\" 2>/dev/null");
        let status = Command::new("sh").arg("-c").arg(script).arg(read_only).status().unwrap();
        !read_only.join("probe").exists() && !status.success()
    };
    if probe("") {
        return Some(limited("true", command));
    }
    let _ = std::fs::remove_file(read_only.join("probe"));
    let works = Command::new("sh").arg("-c").arg(format!("{drop} true 2>/dev/null")).status();
    if !works.is_ok_and(|s| s.success()) || !probe(drop) {
        common::skip("permissions", "they do not bind this user, and setpriv cannot change that");
        return None;
    }
    let mut shell = limited("true", command);
    let arguments: Vec<_> = shell.get_args().map(ToOwned::to_owned).collect();
    let mut bound = Command::new("sh");
    bound.arg("-c").arg(format!("exec {drop} \"$0\" \"$@\""));
    bound.args(&arguments[2..]);
    for (name, value) in shell.env_remove("ORT_DYLIB_PATH").get_envs() {
        if let Some(value) = value {
            bound.env(name, value);
        }
    }
    Some(bound)
}

#[test]
fn in_a_read_only_folder_the_run_fails_and_the_checkpoint_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (table, out) = killed_run(dir.path());
    let (folder, before) = (out.join("run"), checkpoint(&out));
    let mode = |bits| {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(bits)).unwrap();
    };
    mode(0o555);
    let command = bound_by_permissions(&folder, &resumed(&table, &out));
    let stderr = command.map(|mut c| last_line(&mut c));
    mode(0o755);
    let Some(stderr) = stderr else { return };
    assert!(stderr.contains("run of tests/run") && stderr.contains("denied"), "{stderr}");
    assert!(checkpoint(&out) == before, "the checkpoint is as it was");
    success(&mut resumed(&table, &out));
}
