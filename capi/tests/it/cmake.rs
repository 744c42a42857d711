//! `find_package(nneval)`, and the examples, built and run as a user would.

use crate::common;

use common::{fixture, network, nneval, prefix, root, run, scratch, things, tool};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The examples' build folder.
fn built(name: &str, options: &[&str]) -> PathBuf {
    let build = scratch().join("cmake").join(name);
    let _ = std::fs::remove_dir_all(&build);
    let mut configure = common::cmake();
    configure.arg("-S").arg(root().join("examples/cpp")).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display()));
    configure.args(["-G", "Unix Makefiles", "-DCMAKE_BUILD_TYPE=Release"]);
    run(configure.arg("-DCMAKE_CXX_FLAGS=-Wpedantic -Werror").args(options));
    run(common::cmake().arg("--build").arg(&build).args(["--parallel", "2"]));
    build
}

fn metric(path: &Path, name: &str) -> f64 {
    let mut command = nneval();
    command.env("NNEVAL_CACHE", common::cache());
    let text =
        run(command.args(["evaluate", "--evaluator", "nats-tss", "--format", "json"]).arg(path));
    let list: Value = serde_json::from_str(&text).unwrap();
    list[0]["metrics"][name]["value"].as_f64().unwrap()
}

fn candidates() -> Vec<PathBuf> {
    let folder = scratch().join("candidates");
    let operations = ["skip_connect", "nor_conv_3x3", "avg_pool_3x3"];
    operations.iter().map(|o| network(&folder, o)).chain([fixture()]).collect()
}

/// Paths in the order of the command line's predictions.
fn ranked(name: &str, better: f64) -> Vec<PathBuf> {
    let mut all: Vec<(f64, PathBuf)> =
        candidates().into_iter().map(|p| (-better * metric(&p, name), p)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, p)| p).collect()
}

fn ranker_ranks(ranker: &Path) {
    for (name, better) in [("cifar10_test_acc_pct", 1.0), ("hwnas_edgegpu_lat_ms", -1.0)] {
        let output = run(tool(ranker.to_str().unwrap()).arg(name).args(candidates()));
        let printed: Vec<PathBuf> = output
            .lines()
            .map(|l| l[l.find('/').unwrap()..].split("  ").next().unwrap().into())
            .collect();
        assert_eq!(printed, ranked(name, better), "{name}: {output}");
    }
    let bad = things("ranker").join("node.onnx");
    let output = tool(ranker.to_str().unwrap())
        .arg("cifar10_test_acc_pct")
        .arg(&bad)
        .arg(fixture())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("node bad"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("nats_tss_9930.onnx"));
    let output = tool(ranker.to_str().unwrap()).args(["nothing", "x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("predicts no metric nothing"));
}

/// The lines that the server answers to `requests`, by path.
fn served(server: &Path, requests: &str) -> BTreeMap<String, Vec<Value>> {
    let mut command: Command = tool(server.to_str().unwrap());
    let mut child = command.arg("3").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = requests.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        answers.entry(answer["path"].as_str().unwrap().to_owned()).or_default().push(answer);
    }
    answers
}

fn server_serves(server: &Path) {
    let bad = things("server").join("node.onnx");
    let paths: Vec<PathBuf> = candidates().into_iter().chain([bad.clone()]).collect();
    let requests: String = paths.iter().map(|p| format!("{}\n", p.display())).collect();
    let answers = served(server, &requests.repeat(100));
    assert_eq!(answers.len(), paths.len());
    assert!(answers.values().all(|a| a.len() == 100 && a.iter().all(|b| *b == a[0])));
    for path in candidates() {
        let answer = &answers[path.to_str().unwrap()][0];
        let value = answer["metrics"]["cifar10_test_acc_pct"]["value"].as_f64().unwrap();
        assert_eq!(value.to_bits(), metric(&path, "cifar10_test_acc_pct").to_bits());
    }
    let error = answers[bad.to_str().unwrap()][0]["error"].as_str().unwrap();
    assert!(error.contains("node bad"), "{error}");
}

#[test]
fn examples_build_and_run() {
    let build = built("shared", &[]);
    ranker_ranks(&build.join("ranker"));
    server_serves(&build.join("serve"));
}

#[test]
fn examples_build_with_the_static_library() {
    let build = built("static", &["-DNNEVAL_STATIC=ON"]);
    let output = run(tool(build.join("ranker").to_str().unwrap())
        .arg("cifar10_test_acc_pct")
        .arg(fixture()));
    assert!(output.contains("nats_tss_9930.onnx"), "{output}");
    let needed = run(tool("readelf").arg("-d").arg(build.join("ranker")));
    assert!(!needed.contains("libnneval"), "{needed}");
}

#[test]
fn other_versions_are_not_found() {
    let project = scratch().join("cmake/versions");
    let _ = std::fs::remove_dir_all(&project);
    std::fs::create_dir_all(&project).unwrap();
    for (version, found) in
        [("0.1", true), ("0.1.0", true), ("0.2", false), ("1.0", false), ("0.0", false)]
    {
        let text = format!(
            "cmake_minimum_required(VERSION 3.16)\nproject(p NONE)\nfind_package(nneval {version} QUIET)\n\
             message(STATUS \"found=${{nneval_FOUND}}=\")\n"
        );
        std::fs::write(project.join("CMakeLists.txt"), text).unwrap();
        let mut configure = common::cmake();
        configure.arg("-S").arg(&project).arg("-B").arg(project.join(version));
        let text = run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display())));
        assert_eq!(text.contains("found=1="), found, "{version}: {text}");
    }
}
