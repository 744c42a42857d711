//! Where output goes: through links, devices and pipes; one run at a time; nothing
//! left behind.

use crate::common;

use common::{FIXTURE, entries, failure, nneval, nneval_with_runtime, run, success};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn report(out: &Path) -> Command {
    let mut command = nneval();
    command.args(["report", "nats-tss", "--out"]).arg(out);
    command
}

fn is_page(bytes: &[u8]) -> bool {
    bytes.starts_with(b"<!DOCTYPE html>") || bytes.starts_with(b"<!doctype html>")
}

#[cfg(unix)]
#[test]
fn links_pipes_and_devices_are_written_through() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::write(at("sub/target.html"), "old").unwrap();
    symlink("sub/target.html", at("link.html")).unwrap();
    symlink("link.html", at("second.html")).unwrap();
    symlink("/dev/null", at("null")).unwrap();
    symlink("sub/new.html", at("dangling.html")).unwrap();
    for name in ["link.html", "second.html", "null", "dangling.html"] {
        success(&mut report(&at(name)));
        assert!(at(name).is_symlink(), "{name}");
    }
    assert!(is_page(&std::fs::read(at("sub/target.html")).unwrap()));
    assert!(is_page(&std::fs::read(at("sub/new.html")).unwrap()));
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let pipe = at("pipe");
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    success(&mut report(&at("pipe")));
    assert!(is_page(&reader.join().unwrap()));
    assert!(std::fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
    let made = Command::new("mknod").arg(at("device")).args(["c", "1", "3"]).status().unwrap();
    if made.success() && report(&at("device")).output().unwrap().status.success() {
        let meta = std::fs::symlink_metadata(at("device")).unwrap();
        assert!(meta.file_type().is_char_device());
    } else {
        common::skip("permissions", "no devices can be made here");
    }
    assert!(failure(&mut report(Path::new("/dev/full"))).contains("/dev/full"));
    symlink("loop.html", at("loop.html")).unwrap();
    assert!(failure(&mut report(&at("loop.html"))).contains("loop.html"));
    let names: Vec<String> = entries(dir.path());
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_by_its_name_is_standard_output() {
    for name in ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"] {
        let page = success(&mut report(Path::new(name)));
        assert!(is_page(page.as_bytes()) && page.trim_end().ends_with("</html>"), "{name}");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.html");
    let out = std::fs::File::create(&file).unwrap();
    assert!(report(Path::new("/dev/stdout")).stdout(out).status().unwrap().success());
    assert!(is_page(&std::fs::read(&file).unwrap()));
}

#[cfg(unix)]
#[test]
fn a_table_that_grows_is_a_regular_file() {
    let stderr = failure(nneval().args(["measure", FIXTURE, "--out", "/dev/null"]));
    assert!(stderr.contains("/dev/null: is no regular file"), "{stderr}");
}

fn search(out: &Path) -> Command {
    let mut command = nneval();
    command.args(["search", "--space", "nats-tss", "--minimize", "params", "--maximize", "depth"]);
    command.args(["--evaluator", "none", "--out"]).arg(out);
    command
}

/// A search that has begun and waits for requests.
fn waiting_search(out: &Path, resume: bool) -> Child {
    let mut command = search(out);
    command.arg("--ask-tell").args(resume.then_some("--resume"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"{\"front\":true}\n").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("front"), "{line}");
    child
}

#[test]
fn a_second_run_with_one_output_is_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("s");
    let mut first = waiting_search(&out, false);
    let stderr = failure(search(&out).args(["--budget", "4"]));
    let holder = format!("another run writes here (process {}: nneval search", first.id());
    assert!(stderr.contains(&holder), "{stderr}");
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
    assert!(entries(&out).iter().all(|name| !name.starts_with('.')), "{:?}", entries(&out));
    let mut second = waiting_search(&out, true);
    second.kill().unwrap();
    second.wait().unwrap();
    success(search(&out).args(["--budget", "4", "--resume"]));
    assert!(entries(&out).iter().all(|name| !name.starts_with('.')), "{:?}", entries(&out));
}

/// `nneval measure` on a network with weights, without a control model.
fn measure_one(folder: &Path) -> Command {
    let list = folder.join("list.csv");
    std::fs::write(&list, "arch_str\n8:8:8:8:8\n").unwrap();
    let mut command = nneval_with_runtime();
    command.args(["measure", "--space", "nats-sss", "--control", "none"]).arg(list);
    command
}

/// As [`measure_one`], for as long as it is let.
fn measure(temporary: &Path, out: &Path) -> Command {
    let mut command = measure_one(out.parent().unwrap());
    command.args(["--rounds", "1000", "--min-time", "9", "--time-limit", "9"]);
    command.args(["--memory-runs", "0", "--out"]).arg(out);
    command.env("TMPDIR", temporary).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn wait_for(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn folders_of_measure_go_with_its_process_or_at_the_next_start() {
    use std::os::unix::process::ExitStatusExt;
    let dir = tempfile::tempdir().unwrap();
    let temporary = dir.path().join("t");
    std::fs::create_dir(&temporary).unwrap();
    for (number, (name, signal)) in [("INT", 2), ("TERM", 15), ("HUP", 1)].iter().enumerate() {
        let out = dir.path().join(format!("{number}.csv"));
        let mut child = measure(&temporary, &out).spawn().unwrap();
        wait_for(|| !entries(&temporary).is_empty());
        let kill =
            Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().signal(), Some(*signal));
        assert_eq!(entries(&temporary), [""; 0], "{name}");
    }
    let mut child = measure(&temporary, &dir.path().join("k.csv")).spawn().unwrap();
    wait_for(|| !entries(&temporary).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(entries(&temporary).len(), 1);
    let mut next = measure_one(dir.path());
    next.args(["--rounds", "0", "--memory-runs", "1"]);
    success(next.arg("--out").arg(dir.path().join("n.csv")).env("TMPDIR", &temporary));
    assert_eq!(entries(&temporary), [""; 0]);
}

#[test]
fn what_a_killed_installation_left_goes_at_the_next_start() {
    let cache = tempfile::tempdir().unwrap();
    let library = common::runtime_library();
    let folder = cache.path().join("onnxruntime-1.32.0");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(&library, folder.join(library.file_name().unwrap())).unwrap();
    let left = cache.path().join(".nneval-abcdef");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("a.whl"), "half").unwrap();
    success(nneval().args(["runtime", "--install"]).env("NNEVAL_CACHE", cache.path()));
    assert_eq!(entries(cache.path()), ["onnxruntime-1.32.0"]);
}

/// No file below the home folder or the temporary one: ONNX Runtime keeps its
/// telemetry in a database there.
#[test]
fn an_evaluation_leaves_no_file_in_the_home_folder() {
    let home = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let quiet = |command: &mut Command| {
        for variable in
            ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "ORT_DISABLE_TELEMETRY"]
        {
            command.env_remove(variable);
        }
        success(command.env("HOME", home.path()).env("TMPDIR", temporary.path()));
        assert_eq!(entries(home.path()), [""; 0]);
        assert_eq!(entries(temporary.path()), [""; 0]);
    };
    quiet(nneval_with_runtime().args(["evaluate", FIXTURE]));
    quiet(nneval_with_runtime().args(["runtime"]));
    let mut measure = measure_one(out.path());
    measure.args(["--rounds", "1", "--memory-runs", "1", "--min-time", "0.01"]);
    quiet(measure.arg("--out").arg(out.path().join("m.csv")));
}

#[test]
fn a_list_into_a_closed_pipe_ends_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("l.txt");
    std::fs::write(&list, "|1:Input@1\n".repeat(20_000)).unwrap();
    for format in ["table", "json", "csv", "jsonl", "parquet"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut evaluate = nneval_with_runtime();
        evaluate.args(["evaluate", "--format", format, "--list"]).arg(&list).stdout(writer);
        let output = evaluate.stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("a")).unwrap();
    std::fs::copy(FIXTURE, dir.path().join("a/m.onnx")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink("gone.onnx", dir.path().join("a/broken.onnx")).unwrap();
    let (code, stdout, stderr) = run(nneval().args(["string"]).arg(dir.path()));
    assert_eq!((code, stdout.lines().count(), stderr.lines().count()), (Some(1), 1, 1), "{stderr}");
    assert!(stderr.contains("broken.onnx"), "{stderr}");
}

#[test]
fn odd_requests_of_ask_and_tell_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = waiting_search(&dir.path().join("s"), false);
    let odd = [
        "{\"front\":false}",
        "{\"front\":1}",
        "{\"ask\":1,\"ask\":2}",
        "{\"ask\":1,\"front\":true}",
        "{}",
        "[]",
        "{\"ask\":1} {\"ask\":1}",
        "",
    ];
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", odd.join("\n")).unwrap();
    drop(stdin);
    let answers: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), odd.len(), "{answers:#?}");
    assert!(answers.iter().all(|a| a.starts_with("{\"error\":")), "{answers:#?}");
}
