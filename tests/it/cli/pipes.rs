//! Output whose reader has gone: no panic, no message.

use crate::common;

use common::{FIXTURE, METRICS, bundle, labels, nneval, nneval_with_runtime, train};
use std::process::{Command, Stdio};

/// Runs `command` with a stdout that nobody reads; returns status and stderr.
fn unread(command: &mut Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Runs `command` with a stderr that nobody reads; returns status and stdout.
fn unheard(command: &mut Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stderr(writer).stdout(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_closed_stdout_ends_the_program_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name).display().to_string();
    let (space, vocabulary) = (out("space"), out("tokenizer.json"));
    for line in [
        &["string", FIXTURE][..],
        &["string", "--format", "jsonl", FIXTURE],
        &["inspect", FIXTURE],
        &["inspect", "--format", "json", FIXTURE],
        &["inspect", "--format", "csv", FIXTURE],
        &["space", "nats-sss", "--arch", "8:8:8:8:8", "--out", &space],
        &["tokenizer", FIXTURE, "--out", &vocabulary],
    ] {
        assert_eq!(unread(nneval().args(line)), (Some(0), String::new()), "{line:?}");
    }
    let evaluator = bundle();
    for format in ["table", "json", "csv", "jsonl", "parquet"] {
        let mut evaluate = nneval_with_runtime();
        evaluate.args(["evaluate", FIXTURE, "--format", format, "--evaluator"]).arg(&evaluator);
        assert_eq!(unread(&mut evaluate), (Some(0), String::new()), "evaluate {format}");
        let mut score = nneval_with_runtime();
        score.args(["score", "--bootstrap", "10", "--format", format, "--metric", METRICS[0]]);
        score.arg("--labels").arg(labels(dir.path(), 790)).arg("--evaluator").arg(&evaluator);
        assert_eq!(unread(&mut score), (Some(0), String::new()), "score {format}");
    }
    assert_eq!(unread(nneval_with_runtime().arg("runtime")), (Some(0), String::new()));
}

#[test]
fn training_ends_well_whoever_listens() {
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (dir.path().join("evaluator"), labels(dir.path(), 790));
    let (status, _) = unread(train(&table, &out).args(["--set", "epochs=1"]));
    assert_eq!(status, Some(0));
    assert!(out.join("evaluator.onnx").exists());
    let out = dir.path().join("second");
    let (status, stdout) = unheard(train(&table, &out).args(["--set", "epochs=1"]));
    assert_eq!((status, stdout), (Some(0), format!("{}\n", out.display())));
}

#[test]
fn a_closed_stderr_changes_no_status() {
    assert_eq!(unheard(nneval().args(["string", "absent.onnx"])), (Some(1), String::new()));
    let (status, stdout) = unheard(nneval().args(["inspect", "absent.onnx", FIXTURE]));
    assert_eq!(status, Some(1));
    assert!(stdout.contains("parameters"), "{stdout}");
}

/// Runs `nneval` with a terminal for stdin, stdout and stderr, through
/// `script` of util-linux; what the terminal was sent, `None` where there is no
/// such program.
#[cfg(target_os = "linux")]
fn on_a_terminal(arguments: &[&str]) -> Option<String> {
    let quoted = |a: &&str| format!("'{a}'");
    let program = [env!("CARGO_BIN_EXE_nneval")];
    let line: Vec<String> = program.iter().chain(arguments).map(quoted).collect();
    let mut command = Command::new("script");
    command.args(["-qec", &line.join(" "), "/dev/null"]).stdin(Stdio::null());
    command.env("NNEVAL_CACHE", common::runtime_cache()).env_remove("ORT_DYLIB_PATH");
    let Ok(output) = command.env("TERM", "xterm").env("NO_COLOR", "1").output() else {
        common::skip("script", "there is no such program");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    Some(text)
}

/// Bars are for terminals; rate and ETA stand in them, colours do not.
#[cfg(target_os = "linux")]
#[test]
fn bars_are_drawn_on_terminals_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (table, evaluator) = (labels(dir.path(), 790), bundle());
    let (table, evaluator) = (table.to_str().unwrap(), evaluator.to_str().unwrap());
    let score = ["score", "--bootstrap", "10", "--rows", "all", "--labels", table, "--evaluator"];
    let score = [&score[..], &[evaluator]].concat();
    let Some(text) = on_a_terminal(&score) else { return };
    for words in ["20/20 networks, ", "/s, ETA ", "metrics, "] {
        assert!(text.contains(words), "{words}: {text:?}");
    }
    assert!(!text.contains("\x1b[3"), "no colours: {text:?}");
    let quiet = on_a_terminal(&[&score[..], &["--quiet"]].concat()).unwrap();
    assert!(!quiet.contains("networks, ") && quiet.contains("tau"), "{quiet:?}");
    let output = nneval_with_runtime().args(&score).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
