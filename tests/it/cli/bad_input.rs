//! Bad input: one clear line on stderr, status 1 (2 for wrong usage), nothing
//! half-written.

use crate::common;

use common::{
    FIXTURE, METRICS, bundle, entries, failure, labels, nneval, nneval_with_runtime, run,
};
use common::{success, train};
use onnx_protobuf::{
    GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto,
};
use std::path::{Path, PathBuf};
use std::process::Command;

fn node(name: &str, input: &str, output: &str) -> NodeProto {
    NodeProto {
        name: name.into(),
        op_type: "Relu".into(),
        input: vec![input.into()],
        output: vec![output.into()],
        ..Default::default()
    }
}

fn cyclic_model() -> Vec<u8> {
    let output = ValueInfoProto { name: "b".into(), ..Default::default() };
    let graph = GraphProto {
        name: "cycle".into(),
        node: vec![node("first", "b", "a"), node("second", "a", "b")],
        output: vec![output],
        ..Default::default()
    };
    let opset = OperatorSetIdProto { version: 17, ..Default::default() };
    let model = ModelProto {
        ir_version: 8,
        graph: Some(graph).into(),
        opset_import: vec![opset],
        ..Default::default()
    };
    model.write_to_bytes().unwrap()
}

/// Files that are no models, each with a word that its error has.
fn bad_models(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let whole = std::fs::read(FIXTURE).unwrap();
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("empty.onnx", Vec::new(), "empty"),
        ("text.onnx", b"This is not a model.\n".to_vec(), "not"),
        ("truncated.onnx", whole[..whole.len() / 2].to_vec(), "truncated"),
        ("cyclic.onnx", cyclic_model(), "cycle"),
        ("zeros.onnx", vec![0; 4096], "zeros"),
    ];
    let write = |(name, bytes, word): (&str, Vec<u8>, &'static str)| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        (path, word)
    };
    let mut all: Vec<_> = cases.into_iter().map(write).collect();
    all.push((folder.join("absent.onnx"), "absent"));
    all
}

fn evaluate(evaluator: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.arg("evaluate").arg("--evaluator").arg(evaluator);
    command
}

#[test]
fn bad_models_are_named_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    for (path, word) in bad_models(dir.path()) {
        for command in [&mut evaluate(&bundle()), nneval().arg("string")] {
            let stderr = failure(command.arg(&path));
            println!("{}", stderr.trim_end());
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(stderr.contains(name) && stderr.contains(word), "{stderr}");
        }
    }
}

/// Cut anywhere, a model is an error or a smaller model, never a crash.
#[test]
fn models_cut_anywhere_never_crash() {
    let dir = tempfile::tempdir().unwrap();
    let whole = std::fs::read(FIXTURE).unwrap();
    for i in 0..200 {
        let end = whole.len() * i / 200;
        std::fs::write(dir.path().join(format!("{i:03}.onnx")), &whole[..end]).unwrap();
    }
    let (code, stdout, stderr) =
        run(nneval().args(["string", "--format", "jsonl"]).arg(dir.path()));
    assert_eq!((code, stdout.lines().count()), (Some(1), 200));
    assert!(stderr.lines().all(|l| l.starts_with("error: ")), "{stderr}");
}

#[test]
fn a_folder_without_models_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("notes.txt"), "").unwrap();
    for command in [&mut evaluate(&bundle()), nneval().arg("string")] {
        let stderr = failure(command.arg(dir.path()));
        assert!(stderr.contains(&dir.path().display().to_string()), "{stderr}");
        assert!(stderr.contains("no *.onnx files"), "{stderr}");
    }
}

#[test]
fn an_unknown_evaluator_is_named() {
    for name in ["no-such-evaluator", "../nowhere", "/nowhere/at/all", ""] {
        let stderr = failure(evaluate(name.as_ref()).arg(FIXTURE));
        assert!(stderr.contains("--evaluator") && stderr.contains(name), "{stderr}");
    }
}

/// A copy of the evaluator that `change` has altered.
fn altered(change: impl FnOnce(&Path)) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["evaluator.json", "evaluator.onnx", "tokenizer.json"] {
        std::fs::copy(bundle().join(name), copy.path().join(name)).unwrap();
    }
    change(copy.path());
    copy
}

fn rewrite(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} has {from}", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn refused(evaluator: &tempfile::TempDir, words: &[&str]) {
    let folder = evaluator.path().display().to_string();
    let table = bundle().with_file_name("labels.csv");
    let mut score = nneval_with_runtime();
    score.arg("score").arg("--evaluator").arg(evaluator.path()).arg("--labels").arg(table);
    for command in [evaluate(evaluator.path()).arg(FIXTURE), &mut score] {
        let stderr = failure(command);
        assert!(stderr.contains(&folder), "{stderr}");
        assert!(words.iter().all(|w| stderr.contains(w)), "{stderr}");
    }
}

#[test]
fn an_evaluator_loads_whole_or_not_at_all() {
    for name in ["evaluator.json", "evaluator.onnx", "tokenizer.json"] {
        let copy = altered(|dir| std::fs::remove_file(dir.join(name)).unwrap());
        refused(&copy, &[name, "missing"]);
    }
    for name in ["evaluator.onnx", "tokenizer.json"] {
        let copy = altered(|dir| {
            let mut bytes = std::fs::read(dir.join(name)).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(dir.join(name), bytes).unwrap();
        });
        refused(&copy, &[name, "altered"]);
        let copy = altered(|dir| std::fs::write(dir.join(name), "").unwrap());
        refused(&copy, &[name, "altered"]);
    }
    let manifest = |from: &'static str, to: &'static str| {
        altered(move |dir| rewrite(&dir.join("evaluator.json"), from, to))
    };
    let version = nneval::opstring::VERSION;
    let own = format!("\"string_version\": {version}");
    let other = altered(|dir| rewrite(&dir.join("evaluator.json"), &own, "\"string_version\": 99"));
    refused(&other, &["operation string version 99"]);
    let format = format!("\"format\": {}", nneval::evaluator::FORMAT);
    let other = altered(|dir| rewrite(&dir.join("evaluator.json"), &format, "\"format\": 7"));
    refused(&other, &["layout version 7"]);
    for key in ["reduction", "view"] {
        let unknown = altered(|dir| {
            let of = format!("\"{key}\": \"x\", \"range\"");
            rewrite(&dir.join("evaluator.json"), "\"range\"", &of)
        });
        refused(&unknown, &["evaluator.json", "\"x\" is no reduction", "reachable"]);
    }
    refused(&manifest("{", ""), &["evaluator.json"]);
    refused(&manifest("\"metrics\"", "\"quantities\""), &["evaluator.json", "metrics"]);
    let style = "\"string_style\": \"other\", \"window\"";
    refused(&manifest("\"window\"", style), &["evaluator.json", "other"]);
    refused(&manifest("\"window\": 512", "\"window\": 0"), &["evaluator.json", "window"]);
    refused(
        &manifest("\"evaluator.onnx\"", "\"other.onnx\""),
        &["evaluator.json", "evaluator.onnx"],
    );
}

#[test]
fn an_intact_copy_of_an_evaluator_works() {
    let copy = altered(|_| ());
    success(evaluate(copy.path()).arg(FIXTURE));
}

/// Trains on a table that `change` made of a good one; what stderr says.
fn untrainable(change: impl FnOnce(String) -> String) -> String {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 1560);
    std::fs::write(&table, change(std::fs::read_to_string(&table).unwrap())).unwrap();
    let out = dir.path().join("out");
    let stderr = failure(train(&table, &out).args(["--set", "epochs=1"]));
    println!("{}", stderr.trim_end());
    assert!(stderr.contains("labels.csv"), "{stderr}");
    assert_eq!(entries(&out), [""; 0], "nothing is written");
    stderr
}

/// The table with another cell in line `line` (the header is line 1).
fn with_cell(text: &str, line: usize, column: usize, cell: &str) -> String {
    let change = |(i, l): (usize, &str)| {
        let mut cells: Vec<&str> = l.split(',').collect();
        if i + 1 == line {
            cells[column] = cell;
        }
        cells.join(",") + "\n"
    };
    text.lines().enumerate().map(change).collect()
}

#[test]
fn bad_labels_are_named_by_line() {
    let unknown =
        untrainable(|t| with_cell(&t, 4, 1, "|conv_5x5~0|+|none~0|none~1|+|none~0|none~1|none~2|"));
    assert!(unknown.contains("line 4") && unknown.contains("conv_5x5"), "{unknown}");
    let malformed = untrainable(|t| with_cell(&t, 5, 1, "resnet18"));
    assert!(malformed.contains("line 5") && malformed.contains("resnet18"), "{malformed}");
    for cell in ["high", "inf", "1e999", "12;5"] {
        let stderr = untrainable(|t| with_cell(&t, 6, 4, cell));
        assert!(stderr.contains("line 6") && stderr.contains(cell), "{stderr}");
        assert!(stderr.contains(METRICS[0]), "{stderr}");
    }
    let ragged = untrainable(|t| t.replacen("\n0,", "\n0,1,", 1));
    assert!(ragged.contains("line 2"), "{ragged}");
}

#[test]
fn unusable_tables_are_explained() {
    let column = untrainable(|t| t.replace(METRICS[0], "cifar10_test_acc"));
    assert!(column.contains("did you mean cifar10_test_acc?"), "{column}");
    let empty = untrainable(|_| String::new());
    assert!(empty.contains("empty"), "{empty}");
    let bare = untrainable(|t| t.lines().next().unwrap().to_owned());
    assert!(bare.contains("no rows"), "{bare}");
    let keyless = untrainable(|t| t.replace("arch_str", "network"));
    assert!(keyless.contains("arch_str"), "{keyless}");
    let single = untrainable(|t| t.lines().take(2).map(|l| format!("{l}\n")).collect());
    assert!(single.contains("class"), "{single}");
    let binary = untrainable(|t| format!("{t}\u{0}\u{1},"));
    assert!(binary.contains("line"), "{binary}");
}

#[test]
fn a_metric_without_any_label_is_refused() {
    let stderr = untrainable(|t| {
        (2..=t.lines().count()).fold(t.clone(), |t, line| with_cell(&t, line, 5, ""))
    });
    assert!(stderr.contains(METRICS[1]) && stderr.contains("no value"), "{stderr}");
}

#[test]
fn an_absent_table_is_named() {
    let out = tempfile::tempdir().unwrap();
    let stderr = failure(&mut train("absent.csv".as_ref(), &out.path().join("new")));
    assert!(stderr.contains("absent.csv"), "{stderr}");
    assert_eq!(entries(out.path()), [""; 0]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let table = labels(dir.path(), 1560);
    let file = dir.path().join("file");
    std::fs::write(&file, "a file, not a folder").unwrap();
    let space = |out: &Path| {
        let mut command = nneval();
        command.args(["space", "nats-sss", "--arch", "8:8:8:8:8", "--out"]).arg(out);
        command
    };
    for out in [file.clone(), file.join("below")] {
        for mut command in [train(&table, &out), space(&out)] {
            let stderr = failure(&mut command);
            assert!(stderr.contains(&file.display().to_string()), "{stderr}");
        }
    }
    let mut elsewhere = train(&table, &dir.path().join("out"));
    let stderr = failure(elsewhere.arg("--run-dir").arg(&file));
    assert!(stderr.contains(&file.display().to_string()), "{stderr}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a file, not a folder");
    let mut vocabulary = nneval();
    vocabulary.args(["tokenizer", FIXTURE, "--out"]).arg(file.join("tokenizer.json"));
    assert!(failure(&mut vocabulary).contains(&file.display().to_string()));
}

#[test]
fn a_bad_tokenizer_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokenizer.json");
    for content in ["", "{}", "not JSON", "{\"model\": {\"type\": \"Nothing\"}}"] {
        std::fs::write(&path, content).unwrap();
        let stderr = failure(nneval().args(["string", FIXTURE, "--tokenizer"]).arg(&path));
        println!("{}", stderr.trim_end());
        assert!(stderr.contains(&path.display().to_string()), "{stderr}");
    }
}

#[test]
fn wrong_usage_has_status_2() {
    for wrong in [
        &["evaluate"][..],
        &["string"],
        &["fly"],
        &["evaluate", FIXTURE, "--format", "yaml"],
        &["string", FIXTURE, "--format", "csv"],
        &["evaluate", FIXTURE, "--provider", "abacus"],
        &["train", "--labels", "x.csv", "--out", "x"],
        &["train", "--labels", "x.csv", "--out", "x", "--metric", "m=heavy"],
        &["train", "--labels", "x.csv", "--out", "x", "--metric", "m", "--set", "max-length=0"],
        &["train", "--labels", "x.csv", "--out", "x", "--metric", "m", "--set", "epochs=-1"],
        &["train", "--labels", "x.csv", "--out", "x", "--metric", "m", "--space", "darts"],
        &["score"],
        &["space", "nats-tss", "--out", "x"],
    ] {
        let (code, stdout, stderr) = run(nneval().args(wrong));
        assert_eq!(code, Some(2), "{wrong:?}: {stderr}");
        assert!(stdout.is_empty() && stderr.contains("error:"), "{wrong:?}: {stderr}");
    }
    assert!(!Path::new("x").exists());
}
