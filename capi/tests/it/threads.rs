//! Threads, unloading and loading again, panics.

use crate::common;

use common::{
    Link, cargo, compile, evaluator, fixture, network, nneval, prefix, run, scratch, target,
    things, tool,
};
use std::process::Command;

#[test]
fn eight_threads_give_what_one_gives() {
    let folder = scratch().join("thread-networks");
    let operations = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
    let networks = operations.map(|o| network(&folder, o));
    let strings = run(nneval().arg("string").args(&networks).arg(fixture()));
    let program = compile(&["threads.c"], &["-pthread"], Link::Shared, "threads");
    run(tool(program.to_str().unwrap()).arg(evaluator()).args(strings.lines()));
}

#[test]
fn the_library_unloads_and_loads_again() {
    let library = prefix().join("lib/libnneval.so");
    let program = compile(&["reload.c"], &[], Link::Shared, "reload");
    let mut command = tool(program.to_str().unwrap());
    command.arg(library).arg(evaluator()).arg(things("reload").join("bare")).arg(fixture());
    run(&mut command);
}

#[test]
fn a_panic_does_not_cross_the_boundary() {
    run(cargo().args("build --release --quiet --package nneval-capi --example provoke".split(' ')));
    let program = scratch().join("programs/panic");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    let library = target().join("release/examples/libprovoke.so");
    let mut compiler: Command = tool("gcc");
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror"]);
    compiler.arg("-I").arg(prefix().join("include"));
    compiler.arg("-o").arg(&program).arg(common::CAPI.join("tests/programs/panic.c"));
    run(compiler.arg(library));
    run(tool(program.to_str().unwrap()).arg(evaluator()).arg(fixture()));
}
