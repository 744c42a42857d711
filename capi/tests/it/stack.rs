//! Hostile files through the C library in a process whose stack is small.

use crate::common::{Link, compile, evaluator, fixture, run, scratch, tool};
use crate::{kinds, rewritten};
use std::path::PathBuf;

/// Stack of the main thread and of threads that name no size, in KiB.
const STACK: &str = "256";
/// Kinds that recur or nest.
const DEEP: [&str; 9] =
    ["deep_", "wide_", "functions_", "loops_", "levels", "known_ifs", "loop_bod", "gates_", "ifs"];

/// A file of each kind that could deepen a recursion, and those that others found.
fn hostile() -> Vec<PathBuf> {
    let folder = scratch().join("hostile");
    std::fs::create_dir_all(&folder).unwrap();
    let all = kinds::all(1).into_iter().chain(rewritten::all(1));
    let deep = all.filter(|(name, _)| DEEP.iter().any(|d| name.starts_with(d)));
    let written = deep.map(|(name, bytes)| {
        let path = folder.join(name + ".onnx");
        std::fs::write(&path, bytes).unwrap();
        path
    });
    written.collect()
}

#[test]
fn hostile_files_are_answered_on_a_small_stack() {
    let program = compile(&["stack.c"], &[], Link::Shared, "stack");
    let files = hostile();
    assert!(files.len() > 30, "{}", files.len());
    let mut command = tool("sh");
    command.args(["-c", &format!("ulimit -s {STACK}; exec \"$0\" \"$@\"")]);
    let output = run(command.arg(program).arg(evaluator()).arg(fixture()).args(files));
    assert!(!output.starts_with("0 "), "the fixture has a prediction: {output}");
}
