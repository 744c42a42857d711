//! Names out of files: none moves the cursor, begins a row or runs as a formula.

use crate::common;

use common::{failure, nneval, nneval_with_runtime, run, shared, success};
use onnx_protobuf::tensor_shape_proto::Dimension;
use onnx_protobuf::{
    GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto, TypeProto,
    ValueInfoProto, type_proto,
};
use protobuf::MessageField;
use std::path::{Path, PathBuf};

/// Names that a terminal would obey.
const NAMES: [&str; 5] = [
    "x\n  parameters            0",
    "\u{1b}[8mhidden\u{1b}]0;title\u{7}",
    "\u{9b}2J\r\u{85}",
    "\u{202e}txet\u{2066}\u{2028}",
    "=cmd|' /C calc'!A0",
];

fn value(name: &str) -> ValueInfoProto {
    typed(name, MessageField::none())
}

/// A value of an open size and 2.
fn open(name: &str, size: &str) -> ValueInfoProto {
    let mut dims = [Dimension::new(), Dimension::new()];
    dims[0].set_dim_param(size.into());
    dims[1].set_dim_value(2);
    typed(name, Some(TensorShapeProto { dim: dims.into(), ..Default::default() }).into())
}

fn typed(name: &str, shape: MessageField<TensorShapeProto>) -> ValueInfoProto {
    let mut kind = TypeProto::new();
    kind.set_tensor_type(type_proto::Tensor { elem_type: 1, shape, ..Default::default() });
    ValueInfoProto { name: name.to_owned(), type_: MessageField::some(kind), ..Default::default() }
}

/// A model of one node that gives every name of it `name`, that of an open size among them.
fn model(name: &str, input: &str) -> Vec<u8> {
    let node = NodeProto {
        name: name.into(),
        op_type: "Relu".into(),
        input: vec![input.into()],
        output: vec![name.into()],
        ..Default::default()
    };
    let graph = GraphProto {
        name: name.into(),
        node: vec![node],
        input: vec![open("in", name)],
        output: vec![value(name)],
        ..Default::default()
    };
    let opset = OperatorSetIdProto { version: 17, ..Default::default() };
    let other = OperatorSetIdProto { version: 1, domain: name.into(), ..Default::default() };
    let model = ModelProto {
        ir_version: 8,
        producer_name: name.into(),
        graph: Some(graph).into(),
        opset_import: vec![opset, other],
        ..Default::default()
    };
    model.write_to_bytes().unwrap()
}

fn written(folder: &Path, bytes: &[u8], name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// No character that a terminal obeys, but for the ends of lines.
fn assert_plain(text: &str) {
    let obeyed = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.chars().any(obeyed), "{text:?}");
}

#[test]
fn names_of_models_do_not_reach_the_terminal_raw() {
    let dir = tempfile::tempdir().unwrap();
    let plain = written(dir.path(), &model("name", "in"), "plain.onnx");
    let lines = |path: &Path, format: &str| {
        let text = success(nneval().args(["inspect", "--format", format]).arg(path));
        assert_plain(&text);
        text.lines().count()
    };
    for name in NAMES {
        let good = written(dir.path(), &model(name, "in"), "good.onnx");
        for format in ["table", "json", "csv"] {
            assert_eq!(lines(&good, format), lines(&plain, format), "{name:?}");
        }
        assert_plain(&success(nneval().args(["string", "--format", "jsonl"]).arg(&good)));
        let bad = written(dir.path(), &model(name, name), "bad.onnx");
        for command in ["string", "inspect"] {
            assert_plain(&failure(nneval().arg(command).arg(&bad)));
        }
        for format in ["csv", "json", "jsonl", "table"] {
            let mut evaluate = nneval_with_runtime();
            evaluate.args(["evaluate", "--format", format]).arg(&bad);
            let (code, stdout, stderr) = run(&mut evaluate);
            assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
            assert_plain(&(stdout + &stderr));
        }
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_do_not_reach_the_terminal_raw() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a\nb.onnx", "\u{1b}[2J.onnx"] {
        let path = written(dir.path(), &model("name", "in"), name);
        for format in ["table", "json", "csv"] {
            assert_plain(&success(nneval().args(["inspect", "--format", format]).arg(&path)));
        }
        assert_plain(&failure(nneval().arg("string").arg(dir.path().join(name).join("gone"))));
        for format in ["csv", "json", "jsonl", "table"] {
            let mut evaluate = nneval_with_runtime();
            let text = success(evaluate.args(["evaluate", "--format", format]).arg(&path));
            assert_plain(&text);
        }
    }
}

#[test]
fn columns_of_tables_do_not_reach_the_terminal_raw() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("t.csv");
    for name in NAMES {
        std::fs::write(&table, format!("\"{name}\",v\nx,1\n")).unwrap();
        let mut score = nneval_with_runtime();
        score.args(["score", "--metric", "w", "--labels"]).arg(&table);
        assert_plain(&failure(&mut score));
        assert_plain(&failure(
            nneval_with_runtime().args(["score", "--metric", name, "--labels"]).arg(&table),
        ));
    }
}

#[cfg(unix)]
#[test]
fn cells_of_csv_are_no_formulas_and_are_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let network = model("@SUM(1+1)", "in");
    for name in ["=1+2.onnx", "-m.onnx", "+m.onnx", "@m.onnx"] {
        written(dir.path(), &network, name);
    }
    let inspected =
        success(nneval().args(["inspect", "--format", "csv", "."]).current_dir(dir.path()));
    let mut reader = csv::Reader::from_reader(inspected.as_bytes());
    for record in reader.records() {
        let record = record.unwrap();
        assert_eq!(&record[3], "'@SUM(1+1) f32[@SUM(1+1) x 2]");
    }
    let mut evaluate = nneval_with_runtime();
    let repository = std::env::current_dir().unwrap();
    evaluate
        .args(["evaluate", "--format", "csv", "--evaluator"])
        .arg(repository.join("models/nats-tss"));
    evaluate.args(["--", "=1+2.onnx", "-m.onnx", "+m.onnx", "@m.onnx"]).current_dir(dir.path());
    let text = success(&mut evaluate);
    for line in text.lines().skip(1) {
        assert!(line.starts_with('\''), "{line}");
    }
    let table = nneval::tables::TableReader::from_reader("t.csv", text.as_bytes()).unwrap();
    let paths: Vec<String> =
        table.rows().unwrap().iter().map(|row| row.cell(0).text().into_owned()).collect();
    assert_eq!(paths, ["=1+2.onnx", "-m.onnx", "+m.onnx", "@m.onnx"]);
}

#[test]
fn the_shared_cases_are_plain() {
    let Some(folder) = shared("cases/hostile/11-terminal-escapes") else { return };
    for path in common::models_below(&folder) {
        for arguments in [&["inspect"][..], &["inspect", "--format", "csv"], &["string"]] {
            let (_, stdout, stderr) = run(nneval().args(arguments).arg(&path));
            assert_plain(&(stdout + &stderr));
            assert!(stderr.lines().count() <= 1, "{stderr}");
        }
    }
}

#[test]
fn files_of_other_kinds_are_named_with_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let safetensors = [&64u64.to_le_bytes()[..], b"{\"w\":{\"dtype\":\"F32\"}}"].concat();
    let cases: [(&[u8], &str); 9] = [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML page"),
        (b"{\"error\": \"not found\"}", "JSON"),
        (b"PK\x03\x04\x14\0\0\0archive/data.pkl", "torch.onnx.export"),
        (&safetensors, "a safetensors file"),
        (b"\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite"),
        (b"\x20\0\0\0ORTM\0\0\0\0", "ONNX Runtime's own format"),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip data"),
    ];
    for (bytes, words) in cases {
        let path = written(dir.path(), bytes, "m.onnx");
        for command in ["string", "inspect"] {
            let stderr = failure(nneval().arg(command).arg(&path));
            assert!(stderr.contains("is no ONNX model but") && stderr.contains(words), "{stderr}");
        }
    }
}
