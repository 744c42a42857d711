//! What `cargo xtask install` leaves behind.

use crate::common;

use common::{cargo, pkg_config, prefix, root, run, scratch, tool};
use std::collections::BTreeSet;
use std::path::Path;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            names.extend(files(&path).into_iter().map(|n| format!("{name}/{n}")));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

#[test]
fn everything_lies_where_it_belongs() {
    let destdir = scratch().join("destdir");
    let _ = std::fs::remove_dir_all(&destdir);
    let mut install = cargo();
    install.args(["xtask", "install", "--prefix", "/opt/x", "--libdir", "lib/y", "--destdir"]);
    run(install.arg(&destdir));
    let expected = [
        "bin/nneval",
        "include/nneval.h",
        "include/nneval.hpp",
        "lib/y/cmake/nneval/nneval-config-version.cmake",
        "lib/y/cmake/nneval/nneval-config.cmake",
        "lib/y/libnneval.a",
        "lib/y/libnneval.so",
        "lib/y/libnneval.so.0",
        &format!("lib/y/libnneval.so.{VERSION}"),
        "lib/y/pkgconfig/nneval.pc",
    ];
    let evaluators =
        ["imagenet", "nats-sss", "nats-tss-cpu", "nats-tss", "onnx-cpu"].iter().flat_map(|name| {
            ["evaluator.json", "evaluator.onnx", "tokenizer.json"]
                .map(|file| format!("opt/x/share/nneval/models/{name}/{file}"))
        });
    let expected: Vec<String> =
        expected.map(|f| format!("opt/x/{f}")).into_iter().chain(evaluators).collect();
    assert_eq!(files(&destdir), expected);
    let link = |name: &str| std::fs::read_link(destdir.join("opt/x/lib/y").join(name)).unwrap();
    assert_eq!(link("libnneval.so"), Path::new("libnneval.so.0"));
    assert_eq!(link("libnneval.so.0").to_str(), Some(&*format!("libnneval.so.{VERSION}")));
    let moved = tool("pkg-config")
        .env("PKG_CONFIG_PATH", destdir.join("opt/x/lib/y/pkgconfig"))
        .args(["--variable=modelsdir", "nneval"])
        .output()
        .unwrap();
    let models = String::from_utf8(moved.stdout).unwrap();
    assert!(Path::new(models.trim()).join("nats-tss/evaluator.json").is_file(), "{models}");
    let mut program = std::process::Command::new(destdir.join("opt/x/bin/nneval"));
    let listed =
        run(program.args(["evaluators", "nats-sss"]).env_remove("NNEVAL_MODELS").current_dir("/"));
    assert!(listed.contains("destdir/opt/x/share/nneval/models/nats-sss"), "{listed}");
}

#[test]
fn a_wrong_libdir_is_refused() {
    for libdir in ["../lib", "/lib", "."] {
        let output = cargo()
            .args(["xtask", "install", "--prefix", "/nowhere", "--libdir", libdir])
            .output()
            .unwrap();
        assert!(!output.status.success());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("is not a folder below the prefix"), "{stderr}");
    }
}

#[test]
fn pkg_config_knows_the_version() {
    assert_eq!(pkg_config(&["--modversion"]), [VERSION]);
}

/// The shared library exports the functions of the header, and nothing else.
#[test]
fn exports_are_the_header() {
    let symbols =
        run(tool("nm").args(["-D", "--defined-only"]).arg(prefix().join("lib/libnneval.so")));
    let exported: BTreeSet<&str> =
        symbols.lines().filter_map(|l| l.split_whitespace().next_back()).collect();
    let header = std::fs::read_to_string(root().join("include/nneval.h")).unwrap();
    let declared: BTreeSet<&str> = header
        .lines()
        .filter(|l| !l.starts_with("//") && !l.starts_with(" *"))
        .filter_map(|l| l.split_once('(')?.0.split([' ', '*']).next_back())
        .filter(|name| name.starts_with("nneval_"))
        .collect();
    assert_eq!(exported, declared);
    assert!(exported.len() > 40, "{exported:?}");
}

#[test]
fn the_library_has_its_soname_and_stays_loaded() {
    let dynamic = run(tool("readelf").arg("-d").arg(prefix().join("lib/libnneval.so")));
    assert!(dynamic.contains("[libnneval.so.0]") && dynamic.contains("NODELETE"), "{dynamic}");
}
