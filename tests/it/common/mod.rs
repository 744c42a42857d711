//! What integration tests share.

#[allow(dead_code)] // src/cli/docs.rs uses the other half
pub mod blocks;
pub mod fingerprint;
pub mod meter;
pub mod mutate;
pub mod onnx;
pub mod proto;
pub mod python;
pub mod skip;
pub mod vision;
pub mod zoo;

pub use skip::skip;

use nneval::spaces::{ModelOptions, Space, TssArch, TssOp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The network that comes with the source.
pub const FIXTURE: &str = "fixtures/nats_tss_9930.onnx";
/// Metrics of [`labels`]: the first has a value in every row, the second not.
pub const METRICS: [&str; 2] = ["cifar10_test_acc_pct", "hwnas_edgegpu_lat_ms"];

/// What a finished run leaves in its folder.
pub const RUN_FILES: [&str; 7] = [
    "best.ckpt",
    "curves.svg",
    "environment.json",
    "epochs.csv",
    "last.ckpt",
    "recipe.toml",
    "steps.csv",
];

/// The built program, without the caller's choice of ONNX Runtime.
pub fn nneval() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nneval"));
    command.env_remove("ORT_DYLIB_PATH");
    command
}

/// A cache folder that holds ONNX Runtime: `NNEVAL_CACHE` where that is set,
/// else one below the target folder. The program installs into it at the first
/// call of a process; test programs that run at the same time may all do so.
pub fn runtime_cache() -> PathBuf {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(install).clone()
}

/// The program with ONNX Runtime in reach.
pub fn nneval_with_runtime() -> Command {
    let mut command = nneval();
    command.env("NNEVAL_CACHE", runtime_cache());
    command
}

fn install() -> PathBuf {
    let own = std::env::var_os("NNEVAL_CACHE").filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = own.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("nneval-cache"));
    let output = nneval()
        .args(["runtime", "--install"])
        .env("NNEVAL_CACHE", &cache)
        .output()
        .expect("the built program starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ONNX Runtime is needed and cannot be installed: {message}");
    cache
}

/// The shared library inside [`runtime_cache`].
pub fn runtime_library() -> PathBuf {
    let output = nneval_with_runtime().args(["runtime", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a JSON report");
    report["library"].as_str().expect("a path").into()
}

/// The library, loaded into this process.
pub fn runtime() -> nneval::runtime::Runtime {
    let located = nneval::runtime::locate(Some(&runtime_library())).unwrap().unwrap();
    nneval::runtime::Runtime::load(&located).unwrap()
}

/// What a run left: status, stdout, stderr.
pub fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8 output");
    (status.code(), text(stdout), text(stderr))
}

/// stdout of a run that must succeed.
pub fn success(command: &mut Command) -> String {
    let (code, stdout, stderr) = run(command);
    assert_eq!(code, Some(0), "{command:?}: {stderr}");
    stdout
}

/// stderr of a run that must fail with status 1, one line on stderr and nothing
/// on stdout.
pub fn failure(command: &mut Command) -> String {
    let (code, stdout, stderr) = run(command);
    assert_eq!(code, Some(1), "{command:?}: {stdout}{stderr}");
    assert_eq!(stderr.lines().count(), 1, "one line: {stderr}");
    assert!(stderr.starts_with("error: ") && stdout.is_empty(), "{stderr}{stdout}");
    assert!(!says_anything_twice(&stderr), "{stderr}");
    stderr
}

fn says_anything_twice(line: &str) -> bool {
    let parts: Vec<&str> = line.trim_end().split(": ").collect();
    parts.iter().enumerate().any(|(i, p)| parts.iter().skip(i + 1).any(|q| p == q))
}

/// A file or folder of the shared data; `None`, which counts as a skip, where it
/// is absent.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = shared_path(name);
    if !path.exists() {
        skip("shared", format_args!("{} is absent", path.display()));
        return None;
    }
    Some(path)
}

/// Where a file or folder of the shared data is, or would be.
pub fn shared_path(name: &str) -> PathBuf {
    let folder = std::env::var_os("NNEVAL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    folder.join(name)
}

/// The description of an evaluator.
pub fn manifest(evaluator: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(evaluator.join("evaluator.json")).unwrap()).unwrap()
}

/// Names of what is in a folder, hidden files too; none where there is no folder.
pub fn entries(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every `stride`-th network of NATS-Bench's topology space with made-up labels:
/// accuracy grows with the convolutions on the edges, latency with their cost,
/// noise on both; every fifth latency is missing.
pub fn labels(folder: &Path, stride: usize) -> PathBuf {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let [accuracy, latency] = METRICS;
    let mut text =
        format!("arch_index,arch_str,unique_rep_index,cifar10_flops_M,{accuracy},{latency}\n");
    for (i, arch) in TssArch::all().enumerate().step_by(stride) {
        let count = |op: TssOp| arch.edges().iter().filter(|e| **e == op).count() as f64;
        let (small, large) = (count(TssOp::Conv1x1), count(TssOp::Conv3x3));
        let flops = 7.8 + 2.1 * small + 18.9 * large;
        let accuracy = 60.0 + 5.0 * (small + large) + rng.random::<f64>();
        let latency = match i / stride % 5 {
            0 => String::new(),
            _ => format!("{:.4}", 1.0 + small + 1.5 * large + 0.1 * rng.random::<f64>()),
        };
        text += &format!("{i},{arch},{i},{flops:.2},{accuracy:.4},{latency}\n");
    }
    let path = folder.join("labels.csv");
    std::fs::write(&path, text).unwrap();
    path
}

/// `nneval train` on the smallest graphs and [`METRICS`].
pub fn train(labels: &Path, out: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args(["train", "--set", "encoder=tiny", "--labels"]).arg(labels);
    command.args(METRICS.iter().flat_map(|m| ["--metric", m])).arg("--out").arg(out);
    command
}

/// An evaluator of [`METRICS`], trained for one epoch at the first call of a
/// process, and beside it its table `labels.csv`. Tests do not change it.
pub fn bundle() -> PathBuf {
    static BUNDLE: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundle");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let out = folder.join("evaluator");
        success(train(&labels(&folder, 79), &out).args(["--set", "epochs=1"]));
        out
    };
    BUNDLE.get_or_init(make).clone()
}

/// Writes a network of a search space as `folder/name`.
pub fn network(space: Space, arch: &str, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&path, space.onnx_bytes(arch, &ModelOptions::default()).unwrap()).unwrap();
    path
}

/// Fewer models than the shared corpus has.
pub const CORPUS_FLOOR: usize = 2300;

/// The models of the shared corpus, sorted, [`CORPUS_FLOOR`] or more; `None`,
/// which counts as a skip, where it is absent.
pub fn corpus() -> Option<Vec<PathBuf>> {
    let models = models_below(&shared("corpus")?);
    assert!(models.len() >= CORPUS_FLOOR, "the corpus has {} models alone", models.len());
    Some(models)
}

/// The models in a folder and below it, sorted.
pub fn models_below(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name();
    let files = files.into_iter().map(|e| e.expect("the folder can be read").into_path());
    files.filter(|p| p.extension().is_some_and(|e| e == "onnx")).collect()
}
