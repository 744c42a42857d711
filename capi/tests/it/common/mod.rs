//! What these tests share: the installed libraries, compilers, the program
//! `nneval`, networks and evaluators, good and bad.

use nneval_spaces::{ModelOptions, Space};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};

/// This crate's folder.
pub static CAPI: LazyLock<PathBuf> = LazyLock::new(|| Path::new(env!("CARGO_MANIFEST_DIR")).into());

/// The repository.
pub fn root() -> PathBuf {
    CAPI.parent().unwrap().to_owned()
}

/// A folder for what tests make, below the target folder.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The target folder, in which the tests' cargo builds too.
pub fn target() -> PathBuf {
    scratch().parent().unwrap().to_owned()
}

/// Runs a command that must succeed; its stdout.
pub fn run(command: &mut Command) -> String {
    let program = command.get_program().to_owned();
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{} is needed and does not start: {e}", program.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// A tool that must be on the machine.
pub fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("NNEVAL_CACHE", cache()).env_remove("ORT_DYLIB_PATH").current_dir(root());
    command
}

/// cargo, as a user calls it in the repository, but in this target folder.
pub fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).env("CARGO_TARGET_DIR", target());
    command
}

/// Where `cargo xtask install` has installed, once for each test program.
pub fn prefix() -> PathBuf {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    let install = || {
        let prefix = scratch().join("prefix");
        run(cargo().args(["xtask", "install", "--prefix"]).arg(&prefix));
        prefix
    };
    PREFIX.get_or_init(install).clone()
}

/// The program `nneval`.
pub fn nneval() -> Command {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        run(cargo().args(["build", "--release", "--quiet", "--package", "nneval", "--bins"]));
    });
    let mut command = Command::new(target().join("release/nneval"));
    command.env_remove("ORT_DYLIB_PATH").current_dir(root());
    command
}

/// A cache folder that holds ONNX Runtime: `NNEVAL_CACHE` where that is set, else
/// the one below the target folder that the tests of `nneval` use.
pub fn cache() -> PathBuf {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    let install = || {
        let own = std::env::var_os("NNEVAL_CACHE").filter(|v| !v.is_empty()).map(PathBuf::from);
        let cache = own.unwrap_or_else(|| scratch().join("nneval-cache"));
        run(nneval().args(["runtime", "--install"]).env("NNEVAL_CACHE", &cache));
        cache
    };
    CACHE.get_or_init(install).clone()
}

/// The installed evaluator.
pub fn evaluator() -> PathBuf {
    prefix().join("share/nneval/models/nats-tss")
}

/// How a program is linked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Link {
    Shared,
    Static,
}

/// What `pkg-config` says of the installed nneval, word by word.
pub fn pkg_config(arguments: &[&str]) -> Vec<String> {
    let mut command = tool("pkg-config");
    command.env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig"));
    run(command.args(arguments).arg("nneval")).split_whitespace().map(String::from).collect()
}

/// Compiles programs of this folder against the installed library; warnings are
/// errors. `gcc` for C11, else `g++`; `flags` come after those.
pub fn compile(sources: &[&str], flags: &[&str], link: Link, name: &str) -> PathBuf {
    let c = sources.iter().all(|s| s.ends_with(".c"));
    let (compiler, standard) = if c { ("gcc", "-std=c11") } else { ("g++", "-std=c++17") };
    let folder = scratch().join("programs");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join(name);
    let mut command = tool(compiler);
    command.args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-O1"]).args(flags);
    command.args(sources.iter().map(|s| CAPI.join("tests/programs").join(s)));
    command.args(pkg_config(&["--cflags"])).arg("-o").arg(&program);
    match link {
        Link::Shared => {
            command.args(pkg_config(&["--libs"]));
            command.arg(format!("-Wl,-rpath,{}", prefix().join("lib").display()));
        }
        Link::Static => {
            let all = pkg_config(&["--static", "--libs"]);
            command.args(all.iter().map(|l| if l == "-lnneval" { "-l:libnneval.a" } else { l }));
        }
    }
    run(&mut command);
    program
}

/// A folder with networks and evaluators: `good.onnx`; bad models `empty.onnx`,
/// `cut.onnx` and `node.onnx` (its node "bad" reads "missing", which is nowhere);
/// evaluators `gone` (a file is missing), `altered` (its model is cut) and `bare`
/// (neither intervals nor in-domain statistics); `text.so`, which is no library.
pub fn things(name: &str) -> PathBuf {
    let folder = scratch().join("things").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let good = std::fs::read(fixture()).unwrap();
    write("good.onnx", &good);
    write("empty.onnx", b"");
    write("cut.onnx", &good[..good.len() / 2]);
    write("node.onnx", &bad_node());
    write("text.so", b"not a library\n");
    for (name, but) in [("gone", Some("tokenizer.json")), ("altered", None), ("bare", None)] {
        copy_evaluator(&folder.join(name), but);
    }
    write("altered/evaluator.onnx", b"cut");
    strip_calibration(&folder.join("bare/evaluator.json"));
    folder
}

/// The network that comes with the source.
pub fn fixture() -> PathBuf {
    root().join("fixtures/nats_tss_9930.onnx")
}

/// Writes a network of NATS-Bench's topology space: all edges `operation`.
pub fn network(folder: &Path, operation: &str) -> PathBuf {
    let o = operation;
    let arch = format!("|{o}~0|+|{o}~0|{o}~1|+|{o}~0|{o}~1|{o}~2|");
    let path = folder.join(format!("{operation}.onnx"));
    std::fs::create_dir_all(folder).unwrap();
    let bytes = Space::NatsTss.onnx_bytes(&arch, &ModelOptions::default()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn copy_evaluator(to: &Path, but: Option<&str>) {
    std::fs::create_dir_all(to).unwrap();
    for file in ["evaluator.json", "evaluator.onnx", "tokenizer.json"] {
        if but != Some(file) {
            std::fs::copy(evaluator().join(file), to.join(file)).unwrap();
        }
    }
}

fn strip_calibration(manifest: &Path) {
    let mut all: serde_json::Value =
        serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    all.as_object_mut().unwrap().remove("domain");
    for metric in all["metrics"].as_array_mut().unwrap() {
        metric.as_object_mut().unwrap().remove("interval");
    }
    std::fs::write(manifest, all.to_string()).unwrap();
}

/// A model whose one node reads a value that is nowhere, in protobuf's encoding.
fn bad_node() -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    };
    let node = [(1, "missing"), (2, "y"), (3, "bad"), (4, "Relu")];
    let node: Vec<u8> = node.iter().flat_map(|(n, text)| field(*n, text.as_bytes())).collect();
    let output = field(12, &field(1, b"y"));
    field(7, &[field(1, &node), output].concat())
}

/// CMake: that on `PATH`, else the pinned one, which pip puts below the target folder.
pub fn cmake() -> Command {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let there =
            Command::new("cmake").arg("--version").output().is_ok_and(|o| o.status.success());
        if there { "cmake".into() } else { fetched_cmake() }
    });
    tool(PROGRAM.to_str().unwrap())
}

fn fetched_cmake() -> PathBuf {
    let folder = scratch().join("cmake-by-pip");
    let program = folder.join("cmake/data/bin/cmake");
    if program.is_file() {
        return program;
    }
    let work = tempfile::tempdir_in(scratch()).unwrap();
    let mut pip = Command::new("python3");
    let options = "-m pip install --quiet --no-input --disable-pip-version-check --no-deps \
                   --only-binary=:all: --require-hashes --requirement";
    pip.args(options.split_whitespace()).arg(CAPI.join("tests/requirements-cmake.txt"));
    run(pip.env("PIP_REQUIRE_VIRTUALENV", "0").arg("--target").arg(work.path()));
    if std::fs::rename(work.path(), &folder).is_ok() {
        let _ = work.keep();
    }
    assert!(program.is_file(), "the wheel of CMake holds no {}", program.display());
    program
}
