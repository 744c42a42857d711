//! Tables in and out: CSV, JSON lines, Parquet, files and stdin; pandas and
//! polars; exit status as docs/formats.md says.

use crate::common;

use common::{
    FIXTURE, METRICS, bundle, failure, labels, nneval, nneval_with_runtime, run, success,
};
use nneval::labels::{LabelTable, ReadOptions};
use nneval::tables::{Column, Format, Kind, Writer};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The table of [`labels`] in another format, typed.
fn converted(csv: &Path, format: Format) -> Vec<u8> {
    let mut reader = csv::Reader::from_path(csv).unwrap();
    let kind = |name: &str| match name {
        "arch_str" => Kind::Text,
        "arch_index" | "unique_rep_index" => Kind::Integer,
        _ => Kind::Number,
    };
    let names = reader.headers().unwrap().clone();
    let columns = names.iter().map(|name| Column::new(name, kind(name))).collect();
    let mut table = Writer::new(format, Vec::new(), columns, &[]).unwrap();
    for row in reader.records() {
        let row: Vec<String> = row.unwrap().iter().map(str::to_owned).collect();
        table.row(&row).unwrap();
    }
    table.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

/// The same labels in every format that is read.
fn all_formats(folder: &Path) -> Vec<PathBuf> {
    let csv = labels(folder, 1500);
    let text = std::fs::read(&csv).unwrap();
    let lines = converted(&csv, Format::Jsonl);
    let parquet = converted(&csv, Format::Parquet);
    let mut files = vec![csv];
    let contents = [
        ("csv.gz", gzip(&text)),
        ("jsonl.gz", gzip(&lines)),
        ("jsonl", lines),
        ("parquet", parquet),
    ];
    for (ending, bytes) in contents {
        let path = folder.join(format!("same.{ending}"));
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    }
    files
}

#[test]
fn every_format_is_the_same_table() {
    let dir = tempfile::tempdir().unwrap();
    let files = all_formats(dir.path());
    let read = |path: &PathBuf| LabelTable::read(path, &ReadOptions::default()).unwrap();
    let first = read(&files[0]);
    for file in &files[1..] {
        let table = read(file);
        assert_eq!(table.keys(), first.keys(), "{}", file.display());
        assert_eq!(table.classes(), first.classes(), "{}", file.display());
        assert_eq!(table.column_names(), first.column_names(), "{}", file.display());
        for metric in METRICS {
            assert_eq!(table.column(metric).unwrap(), first.column(metric).unwrap());
        }
    }
}

fn score(labels: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args(["score", "--rows", "all", "--bootstrap", "10", "--evaluator"]);
    command.arg(bundle()).arg("--labels").arg(labels);
    command
}

fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn stdin_takes_every_format_and_scores_come_out_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let files = all_formats(dir.path());
    let expected = success(score(&files[0]).args(["--format", "csv"]));
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let out = piped(score(Path::new("-")).args(["--format", "csv"]), &bytes);
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{}", file.display());
    }
    let lines = success(score(&files[0]).args(["--format", "jsonl"]));
    let rows: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.len(), METRICS.len());
    let mut table = csv::Reader::from_reader(expected.as_bytes());
    let header = table.headers().unwrap().clone();
    for (row, record) in rows.iter().zip(table.records().map(Result::unwrap)) {
        for (name, cell) in header.iter().zip(&record) {
            match &row[name] {
                Value::Null => assert_eq!(cell, "", "{name}"),
                Value::String(text) => assert_eq!(cell, text, "{name}"),
                number => assert_eq!(cell.parse::<f64>().ok(), number.as_f64(), "{name}"),
            }
        }
    }
    let output = score(&files[0]).args(["--format", "parquet"]).output().unwrap();
    assert!(output.status.success() && output.stdout.ends_with(b"PAR1"));
}

#[test]
fn bad_lines_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.jsonl");
    let good = "{\"arch_str\":\"a\",\"v\":1}\n";
    let cases = [
        ("{\"arch_str\":\"b\",\"w\":1}", "line 2: \"w\" is not in the first row"),
        ("{\"arch_str\":\"b\",\"v\":[1]}", "line 2: \"v\" is neither a number nor a text"),
        ("{\"arch_str\":\"b\"", "line 2: not a JSON object"),
        ("b,1", "line 2: not a JSON object"),
        ("{\"arch_str\":\"b\",\"v\":\"x\"}", "line 2: column \"v\""),
        ("{\"arch_str\":\"a\",\"v\":2}", "line 2: key \"a\" is already on line 1"),
    ];
    for (line, expected) in cases {
        std::fs::write(&path, format!("{good}{line}\n")).unwrap();
        let options = ReadOptions { columns: Some(vec!["v".into()]), ..Default::default() };
        let text = LabelTable::read(&path, &options).unwrap_err().to_string();
        assert!(text.contains("t.jsonl") && text.contains(expected), "{expected}: {text}");
    }
    let text = failure(nneval_with_runtime().args(["score", "--labels"]).arg(&path));
    assert!(text.contains("t.jsonl, line 2"), "{text}");
}

#[test]
fn training_wants_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = failure(&mut common::train(Path::new("-"), &dir.path().join("out")));
    assert!(text.contains("--labels -"), "{text}");
}

/// Predictions of two networks and a broken one.
fn predictions(folder: &Path, format: &str) -> Vec<u8> {
    let broken = folder.join("broken.onnx");
    std::fs::write(&broken, b"not a model").unwrap();
    let mut command = nneval_with_runtime();
    command.args(["evaluate", FIXTURE, FIXTURE]).arg(&broken);
    let output = command.args(["--format", format]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "the broken one");
    output.stdout
}

#[test]
fn predictions_are_rows_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let csv = predictions(dir.path(), "csv");
    let mut table = csv::Reader::from_reader(csv.as_slice());
    let header = table.headers().unwrap().clone();
    let lines = String::from_utf8(predictions(dir.path(), "jsonl")).unwrap();
    let rows: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    for (record, row) in table.records().map(Result::unwrap).zip(&rows) {
        assert_eq!(row.as_object().unwrap().len(), header.len());
        for (name, cell) in header.iter().zip(&record) {
            match &row[name] {
                Value::Null => assert_eq!(cell, "", "{name}"),
                Value::String(text) => assert_eq!(cell, text, "{name}"),
                number => {
                    let (a, b) = (cell.parse::<f64>().unwrap(), number.as_f64().unwrap());
                    assert!((a - b).abs() <= 1e-5 * b.abs() + 1e-12, "{name}: {a} {b}");
                }
            }
        }
    }
    assert!(rows[2]["error"].as_str().unwrap().contains("broken.onnx"));
    assert!(predictions(dir.path(), "parquet").starts_with(b"PAR1"));
}

#[test]
fn search_writes_its_tables_in_the_format_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for format in ["csv", "jsonl", "parquet"] {
        let out = dir.path().join(format);
        let mut command = nneval();
        command.args(["search", "--space", "nats-sss", "--minimize", "macs", "--budget", "6"]);
        command.args(["--evaluator", "none", "--format", format, "--out"]).arg(&out);
        success(&mut command);
        let options = ReadOptions { key: Some("arch".into()), ..Default::default() };
        let table = LabelTable::read(out.join(format!("candidates.{format}")), &options).unwrap();
        assert_eq!(table.rows(), 6, "{format}");
        assert!(table.column("macs").unwrap().iter().all(Option::is_some), "{format}");
        assert!(out.join(format!("pareto.{format}")).exists());
    }
}

/// The interpreter of a fresh environment with what the requirements pin.
fn python(folder: &Path) -> PathBuf {
    let venv = folder.join("venv");
    let mut create = Command::new("python3");
    success(create.args(["-m", "venv"]).arg(&venv));
    let python = venv.join("bin/python");
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--only-binary", ":all:", "--no-deps", "--requirement"]);
    success(
        install
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tables/requirements-formats.txt")),
    );
    python
}

#[test]
fn pandas_and_polars_open_what_is_written_and_write_what_is_read() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats-python");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).unwrap();
    for format in ["csv", "jsonl", "parquet"] {
        let path = scratch.join(format!("predictions.{format}"));
        std::fs::write(path, predictions(&scratch, format)).unwrap();
    }
    let csv = labels(&scratch, 1500);
    let mut script = Command::new(python(&scratch));
    script.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tables/formats.py")).arg(&scratch);
    assert_eq!(success(&mut script), "ok\n");
    let read = |path: &Path| LabelTable::read(path, &ReadOptions::default()).unwrap();
    let expected = read(&csv);
    for name in ["labels_pandas.parquet", "labels_pandas.jsonl", "labels_polars.parquet"] {
        let table = read(&scratch.join(name));
        assert_eq!(table.keys(), expected.keys(), "{name}");
        for metric in METRICS {
            assert_eq!(table.column(metric).unwrap(), expected.column(metric).unwrap(), "{name}");
        }
    }
}

/// Every example of the table of exit status, run as it stands.
#[test]
fn exit_status_is_what_the_documentation_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/formats.md")).unwrap();
    let (_, section) = text.split_once("## Exit status").unwrap();
    let mut seen = Vec::new();
    for line in section.lines().filter(|l| l.starts_with("| ") && l.contains("`nneval ")) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let status: i32 = cells.next().unwrap().parse().unwrap();
        let example = cells.next_back().unwrap().trim_matches('`');
        let Some(arguments) = example.strip_prefix("nneval ") else { continue };
        let mut command = nneval();
        let (code, _, stderr) = run(command.args(arguments.split_whitespace()).current_dir(root));
        assert_eq!(code, Some(status), "{example}: {stderr}");
        assert_eq!(stderr.is_empty(), status == 0, "{example}: {stderr}");
        seen.push(status);
    }
    assert_eq!(seen, [0, 1, 1, 2, 2]);
    assert!(!root.join("nowhere").exists());
}
