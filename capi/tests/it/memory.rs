//! No memory error and no leak, on success and on every error path: Valgrind, and
//! AddressSanitizer with its leak detector.

use crate::common;

use common::{CAPI, Link, compile, evaluator, fixture, run, things, tool};
use std::path::Path;
use std::process::Command;

/// Valgrind, for which every finding that is not suppressed is a failure.
fn valgrind(program: &Path) -> Command {
    let mut command = tool("valgrind");
    let options = "--quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect \
                   --errors-for-leak-kinds=definite,indirect --num-callers=40";
    command.args(options.split_whitespace());
    command.arg(format!("--suppressions={}", CAPI.join("tests/valgrind.supp").display()));
    command.arg(program);
    command
}

fn sanitized(program: &Path) -> Command {
    let mut command = tool(program.to_str().unwrap());
    command.env("ASAN_OPTIONS", "detect_leaks=1:exitcode=9");
    command
}

#[test]
fn valgrind_finds_nothing_on_success() {
    let program = compile(&["evaluate.c"], &[], Link::Shared, "valgrind-evaluate");
    run(valgrind(&program).arg(evaluator()).arg(fixture()));
}

#[test]
fn valgrind_finds_nothing_on_error_paths() {
    let program = compile(&["errors.c"], &[], Link::Shared, "valgrind-errors");
    run(valgrind(&program).arg(evaluator()).arg(things("valgrind")));
}

#[test]
fn the_address_sanitizer_finds_nothing_in_c() {
    let flags = ["-fsanitize=address"];
    let program = compile(&["evaluate.c"], &flags, Link::Shared, "asan-evaluate");
    run(sanitized(&program).arg(evaluator()).arg(fixture()));
    let program = compile(&["errors.c"], &flags, Link::Static, "asan-errors");
    run(sanitized(&program).arg(evaluator()).arg(things("asan-c")));
}

#[test]
fn the_address_sanitizer_finds_nothing_in_cpp() {
    let flags = ["-fsanitize=address"];
    let program = compile(&["evaluate.cpp"], &flags, Link::Shared, "asan-cpp");
    run(sanitized(&program).arg(evaluator()).arg(things("asan-cpp")).arg(fixture()));
}

/// That the tools do see what they are there for.
#[test]
fn a_leak_is_found() {
    let program = compile(&["leak.c"], &[], Link::Shared, "valgrind-leak");
    assert_eq!(valgrind(&program).output().unwrap().status.code(), Some(9));
    let program = compile(&["leak.c"], &["-fsanitize=address"], Link::Shared, "asan-leak");
    assert_eq!(sanitized(&program).output().unwrap().status.code(), Some(9));
}
