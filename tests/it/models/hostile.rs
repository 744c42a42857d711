//! Hostile files of known kinds through the built program: each is answered, in
//! time and without a panic. `crates/graph/tests/attack/` makes more of them and
//! measures memory.

use crate::common::{models_below, shared};
use std::path::Path;
use std::process::{Command, Output};

/// Runs the program on `file` with 2 seconds of processor time.
fn bounded(args: &[&str], file: &Path) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -t 2; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_nneval")]);
    shell.args(args).arg(file).output().unwrap()
}

#[test]
fn hostile_files_are_answered_in_time() {
    let Some(folder) = shared("cases/hostile") else { return };
    let files = models_below(&folder);
    assert!(files.len() > 8, "{}", files.len());
    for file in files {
        for args in [
            &["string", "--format", "jsonl"][..],
            &["string", "--style", "verbose"],
            &["inspect"],
            &["inspect", "--format", "json"],
            &["inspect", "--format", "csv"],
        ] {
            let output = bounded(args, &file);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            let answered = matches!(output.status.code(), Some(0 | 1));
            assert!(answered, "{args:?} {}: {} {told}", file.display(), output.status);
            assert!(told.lines().count() <= 1, "{told}");
        }
    }
}
