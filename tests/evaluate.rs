//! `nneval evaluate` on an evaluator trained in the test.

mod common;

use common::{FIXTURE, METRICS, bundle, labels, network, nneval_with_runtime, run, success, train};
use nneval::spaces::Space;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Cells by row; the header is the first.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(String::from).collect()).collect()
}

fn evaluate(format: &str) -> Command {
    let mut command = nneval_with_runtime();
    command.args(["evaluate", "--format", format, "--evaluator"]).arg(bundle("evaluate"));
    command
}

/// Networks of several sizes, some of them below a subfolder, and a file that is none.
fn folder() -> (tempfile::TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("below");
    let cell = |op: &str| format!("|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|");
    let paths = vec![
        network(Space::NatsTss, &cell("none"), dir.path(), "a.onnx"),
        network(Space::NatsTss, &cell("nor_conv_3x3"), &below, "b.onnx"),
        network(Space::NatsSss, "8:16:24:32:64", &below, "c.onnx"),
        network(Space::NatsTss, &cell("skip_connect"), dir.path(), "d.onnx"),
    ];
    std::fs::write(below.join("notes.txt"), "no model").unwrap();
    (dir, paths)
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|p| p.display().to_string()).collect()
}

#[test]
fn csv_has_values_with_intervals_and_what_they_are_worth() {
    let rows = csv(&success(evaluate("csv").arg(FIXTURE)));
    let columns = METRICS.iter().flat_map(|m| ["", "_lo", "_hi"].map(|end| format!("{m}{end}")));
    let header: Vec<String> = std::iter::once("path".to_owned())
        .chain(columns)
        .chain(["in_domain", "flagged", "windows", "error"].map(String::from))
        .collect();
    assert_eq!(rows[0], header);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[1][0].as_str(), rows[1][10].as_str()), (FIXTURE, ""));
    let numbers: Vec<f64> = rows[1][1..10].iter().map(|c| c.parse().unwrap()).collect();
    for metric in numbers[..6].chunks(3) {
        assert!(metric[1] <= metric[0] && metric[0] <= metric[2], "{numbers:?}");
    }
    assert!((0.0..=1.0).contains(&numbers[6]) && numbers[7] <= 1.0, "{numbers:?}");
    assert_eq!(numbers[8], 1.0);
}

#[test]
fn json_has_values_with_units() {
    let list: Value = serde_json::from_str(&success(evaluate("json").arg(FIXTURE))).unwrap();
    let [row] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!((&row["path"], &row["windows"]), (&Value::from(FIXTURE), &Value::from(1)));
    assert!(row["tokens"].as_u64().unwrap() > 1);
    assert!((0.0..=1.0).contains(&row["in_domain"].as_f64().unwrap()), "{row}");
    assert!([0, 1].map(Value::from).contains(&row["flagged"]), "{row}");
    for (metric, unit) in METRICS.into_iter().zip(["%", "ms"]) {
        assert_eq!(row["metrics"][metric]["unit"], unit);
        let [value, lo, hi] =
            ["value", "lo", "hi"].map(|k| row["metrics"][metric][k].as_f64().unwrap());
        assert!(lo <= value && value <= hi, "{row}");
    }
}

#[test]
fn the_table_shows_units() {
    let text = success(evaluate("table").arg(FIXTURE));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(FIXTURE), "{text}");
    for (line, (metric, unit)) in lines[1..].iter().zip(METRICS.into_iter().zip(["%", "ms"])) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[0], words[2]), (metric, unit), "{text}");
        assert!(words[1].parse::<f64>().unwrap().is_finite(), "{text}");
    }
}

#[test]
fn formats_agree() {
    let rows = csv(&success(evaluate("csv").arg(FIXTURE)));
    let list: Value = serde_json::from_str(&success(evaluate("json").arg(FIXTURE))).unwrap();
    for (i, metric) in METRICS.into_iter().enumerate() {
        let printed: f64 = rows[1][3 * i + 1].parse().unwrap();
        let exact = list[0]["metrics"][metric]["value"].as_f64().unwrap();
        assert!((printed - exact).abs() <= 1e-5 * exact.abs(), "{printed} {exact}");
    }
}

#[test]
fn folders_are_walked_in_the_order_of_names() {
    let (dir, paths) = folder();
    let rows = csv(&success(evaluate("csv").arg(dir.path())));
    let found: Vec<&String> = rows[1..].iter().map(|r| &r[0]).collect();
    assert_eq!(found, names(&paths).iter().collect::<Vec<_>>());
    let both = csv(&success(evaluate("csv").arg(FIXTURE).arg(dir.path())));
    assert_eq!(both.len(), rows.len() + 1);
    assert_eq!(both[1][0], FIXTURE);
}

#[test]
fn bad_files_among_good_ones_fail_alone() {
    let (dir, paths) = folder();
    let bad = dir.path().join("below/bad.onnx");
    std::fs::write(&bad, "not a model").unwrap();
    let good = csv(&success(evaluate("csv").args(&paths)));
    let (code, stdout, stderr) = run(evaluate("csv").arg(dir.path()).arg("absent.onnx"));
    assert_eq!(code, Some(1));
    let rows = csv(&stdout);
    assert_eq!(rows.len(), 1 + paths.len() + 2);
    for row in &rows[1..] {
        let wrong = row[0] == bad.display().to_string() || row[0] == "absent.onnx";
        assert_eq!(row[1..10].iter().all(String::is_empty), wrong, "{row:?}");
        assert_eq!(!row[10].is_empty(), wrong, "{row:?}");
        assert!(wrong || good.contains(row), "{row:?}");
    }
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("bad.onnx") && lines[1].contains("absent.onnx"));

    let (code, stdout, _) = run(evaluate("json").arg(&bad).arg(FIXTURE));
    let list: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, Some(1));
    assert!(list[0]["error"].is_string() && list[0].get("metrics").is_none(), "{list}");
    assert!(list[1]["metrics"].is_object() && list[1].get("error").is_none(), "{list}");

    let (code, stdout, stderr) = run(evaluate("table").arg(&bad).arg(FIXTURE));
    assert_eq!(code, Some(1));
    assert!(stdout.starts_with(FIXTURE) && stderr.contains("bad.onnx"), "{stdout}{stderr}");
}

fn values(list: &Value, path: &Path) -> Vec<f64> {
    let name = path.display().to_string();
    let row = list.as_array().unwrap().iter().find(|r| r["path"] == name.as_str()).unwrap();
    METRICS.iter().map(|m| row["metrics"][m]["value"].as_f64().unwrap()).collect()
}

#[test]
fn predictions_do_not_depend_on_what_else_is_evaluated() {
    let (dir, paths) = folder();
    let parse = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let together = parse(success(evaluate("json").arg(dir.path())));
    let threads = parse(success(evaluate("json").args(["--threads", "3"]).arg(dir.path())));
    let mut distinct = Vec::new();
    for path in &paths {
        let alone = values(&parse(success(evaluate("json").arg(path))), path);
        for other in [&together, &threads] {
            for (a, b) in alone.iter().zip(values(other, path)) {
                assert!((a - b).abs() <= 1e-4 * a.abs(), "{}: {a} {b}", path.display());
            }
        }
        distinct.push(alone[0].to_bits());
    }
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), paths.len(), "different networks, different predictions");
}

#[test]
fn order_and_names_of_a_file_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy without extension");
    std::fs::copy(FIXTURE, &copy).unwrap();
    let rows = csv(&success(evaluate("csv").arg(&copy).arg(FIXTURE).arg(&copy)));
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1], rows[3]);
    assert_eq!(rows[1][1..], rows[2][1..]);
}

#[test]
fn strings_longer_than_the_window_are_encoded_in_windows_and_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("narrow");
    success(train(&labels(dir.path(), 790), &out).args(["--epochs", "1", "--window", "8"]));
    let narrow = |format: &str| {
        let mut command = nneval_with_runtime();
        command.args(["evaluate", "--format", format, FIXTURE, "--evaluator"]).arg(&out);
        success(&mut command)
    };
    let list: Value = serde_json::from_str(&narrow("json")).unwrap();
    let (tokens, windows) = (&list[0]["tokens"], &list[0]["windows"]);
    assert_eq!(tokens.as_u64().unwrap().div_ceil(8), windows.as_u64().unwrap());
    assert!(windows.as_u64().unwrap() > 1);
    assert!(narrow("table").contains(&format!("encoded in {windows} windows")));
}

#[test]
fn an_evaluator_may_be_named_through_the_models_folder() {
    let models = bundle("evaluate").parent().unwrap().to_owned();
    let mut command = nneval_with_runtime();
    command.args(["evaluate", FIXTURE, "--evaluator", "evaluator"]).env("NNEVAL_MODELS", models);
    assert!(success(&mut command).contains(METRICS[0]));
}

#[test]
fn the_shipped_evaluator_predicts_the_shipped_network() {
    if !Path::new("models/nats-tss").exists() {
        println!("skipped: models/nats-tss is absent");
        return;
    }
    let rows = csv(&success(nneval_with_runtime().args(["evaluate", FIXTURE, "--format", "csv"])));
    let at = rows[0].iter().position(|c| c == METRICS[0]).unwrap();
    let accuracy: f64 = rows[1][at].parse().unwrap();
    assert!((80.0..100.0).contains(&accuracy), "{accuracy}");
}

/// The shipped evaluator's predictions alone and among others, from one thread and
/// from many at once, are the same to the bit.
#[test]
fn a_prediction_does_not_depend_on_its_batch_mates() {
    use nneval::evaluator::{Evaluator, Options, Prediction};
    let strings: Vec<String> = nneval::spaces::TssArch::all()
        .step_by(311)
        .map(|a| nneval::spaces::of_arch(Space::NatsTss, &a.to_string(), &Default::default()))
        .collect::<Result<_, _>>()
        .unwrap();
    let evaluator = |cache_bytes| {
        let options = Options { threads: 3, cache_bytes, ..Default::default() };
        Evaluator::load("models/nats-tss".as_ref(), &common::runtime(), options).unwrap()
    };
    let (keeping, plain) = (evaluator(1 << 20), evaluator(0));
    let predict = |evaluator: &Evaluator, strings: &[String]| -> Vec<Prediction> {
        evaluator.evaluate_strings(strings).into_iter().map(Result::unwrap).collect()
    };
    let all = predict(&plain, &strings);
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (all, plain, strings, predict) = (&all, &plain, &strings, &predict);
            scope.spawn(move || {
                for i in (start..all.len()).step_by(4) {
                    assert_eq!(predict(plain, &strings[i..=i])[0], all[i]);
                }
            });
        }
    });
    // What is kept, or stands twice in a call, is to the bit what is encoded.
    let twice: Vec<String> = strings.iter().chain(&strings).cloned().collect();
    for _ in 0..2 {
        assert_eq!(predict(&keeping, &twice), [all.clone(), all.clone()].concat());
    }
}

fn list(text: &[u8], format: &str) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.txt");
    std::fs::copy(FIXTURE, dir.path().join("beside.onnx")).unwrap();
    std::fs::write(&path, text).unwrap();
    run(evaluate(format).arg("--list").arg(&path))
}

#[test]
fn a_list_has_paths_and_operation_strings() {
    let string = success(nneval_with_runtime().args(["string", FIXTURE]));
    let absolute = std::fs::canonicalize(FIXTURE).unwrap().display().to_string();
    let text = format!("beside.onnx\n\n{string}{absolute}\r\n{}", string.trim_end());
    let (code, stdout, _) = list(text.as_bytes(), "csv");
    assert_eq!(code, Some(0));
    let rows = csv(&stdout);
    let names: Vec<&str> = rows[1..].iter().map(|r| r[0].as_str()).collect();
    assert_eq!(names, ["beside.onnx", string.trim_end(), &absolute, string.trim_end()]);
    let alone = csv(&success(evaluate("csv").arg(FIXTURE)));
    assert!(rows[1..].iter().all(|r| r[1..] == alone[1][1..]), "{rows:?}");
}

#[test]
fn what_is_wrong_in_a_list_fails_alone_and_what_is_no_text_ends_it() {
    let (code, stdout, stderr) = list(b"beside.onnx\n|1:Relu(\nabsent.onnx\nbeside.onnx\n", "csv");
    let rows = csv(&stdout);
    assert_eq!((code, rows.len()), (Some(1), 5));
    let errors: Vec<bool> = rows[1..].iter().map(|r| !r[10].is_empty()).collect();
    assert_eq!(errors, [false, true, true, false], "{stdout}");
    assert!(stderr.contains("operation string, byte") && stderr.contains("absent.onnx"));

    let (code, stdout, stderr) = list(b"beside.onnx\n\xff\nbeside.onnx\n", "csv");
    assert_eq!((code, csv(&stdout).len()), (Some(1), 2), "{stdout}");
    assert!(stderr.contains("list.txt, line 2: not UTF-8"), "{stderr}");
    let (code, _, stderr) = run(evaluate("csv").args(["--list", "absent.txt"]));
    assert!(code == Some(1) && stderr.contains("absent.txt"), "{stderr}");
    assert_eq!(run(evaluate("csv").args(["--list", "-", FIXTURE])).0, Some(2));
    assert_eq!(run(&mut evaluate("csv")).0, Some(2));
}

/// 200,000 lines through standard input; memory after a tenth of them and at the end.
#[cfg(target_os = "linux")]
#[test]
fn long_lists_take_no_more_memory_than_short_ones() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let strings: Vec<String> = nneval::spaces::TssArch::all()
        .step_by(400)
        .map(|a| nneval::spaces::of_arch(Space::NatsTss, &a.to_string(), &Default::default()))
        .collect::<Result<_, _>>()
        .unwrap();
    let mut command = evaluate("csv");
    command.args(["--list", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut program = command.spawn().unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut rows = BufReader::new(program.stdout.take().unwrap()).lines();
    let status = format!("/proc/{}/status", program.id());
    let peak = || -> u64 {
        let text = std::fs::read_to_string(&status).unwrap();
        let line = text.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let writer = std::thread::spawn(move || {
        for string in strings.iter().cycle().take(200_000) {
            writeln!(input, "{string}").unwrap();
        }
    });
    assert!(rows.next().unwrap().unwrap().starts_with("path,"));
    let early = rows.by_ref().take(20_000).count();
    let before = peak();
    let late = rows.by_ref().take(175_000).count();
    let after = peak();
    assert_eq!((early, late), (20_000, 175_000));
    assert!(after < before + 32_000, "{before} kB, then {after} kB");
    writer.join().unwrap();
    assert_eq!(rows.count(), 5_000);
    assert!(program.wait().unwrap().success());
}
