//! What integration tests share.
#![allow(dead_code)] // each test file uses a part

pub mod fingerprint;
pub mod mutate;
pub mod onnx;
pub mod zoo;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

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

/// A file or folder of the shared data; `None`, with a line, where it is absent.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NNEVAL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is absent", path.display());
    None
}

/// The models of the shared corpus, sorted.
pub fn corpus() -> Vec<PathBuf> {
    let Some(folder) = shared("corpus") else { return Vec::new() };
    let files = walkdir::WalkDir::new(folder).sort_by_file_name();
    let files = files.into_iter().map(|e| e.expect("the corpus can be read").into_path());
    files.filter(|p| p.extension().is_some_and(|e| e == "onnx")).collect()
}
