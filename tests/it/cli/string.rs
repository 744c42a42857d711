//! `nneval string`: one operation string a file.

use crate::common;

use common::{FIXTURE, corpus, failure, network, nneval, run, success};
use nneval::graph::Limits;
use nneval::opstring;
use nneval::spaces::Space;
use nneval::tokenizer::Tokenizer;
use rayon::prelude::*;
use serde_json::Value;
use std::path::Path;

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn vocabulary() -> Tokenizer {
    Tokenizer::open(Path::new("models/tokenizer.json")).unwrap()
}

fn sss_folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    network(Space::NatsSss, "8:16:24:32:64", &dir.path().join("z"), "first.onnx");
    network(Space::NatsSss, "64:64:64:64:64", dir.path(), "zz.ONNX");
    std::fs::write(dir.path().join("readme.md"), "no model").unwrap();
    dir
}

#[test]
fn text_is_the_string_alone() {
    let text = success(nneval().args(["string", FIXTURE]));
    let expected = opstring::of_file(FIXTURE.as_ref(), &Limits::default()).unwrap();
    assert_eq!(text, format!("{expected}\n"));
}

#[test]
fn jsonl_has_path_string_operations_and_tokens() {
    let text = success(nneval().args(["string", "--format", "jsonl", FIXTURE]));
    let [object] = objects(&text).try_into().unwrap();
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["operations", "path", "string", "tokens"]);
    assert_eq!(object["path"], FIXTURE);
    assert!(object["operations"].as_u64().unwrap() > 50, "{object}");
    assert!(object["tokens"].as_u64().unwrap() <= 150, "{object}");
    let string = object["string"].as_str().unwrap();
    assert_eq!(format!("{string}\n"), success(nneval().args(["string", FIXTURE])));
}

#[test]
fn tokens_are_counted_with_the_named_vocabulary_or_the_shipped_one() {
    let dir = tempfile::tempdir().unwrap();
    let count = |options: &[&str]| {
        let mut command = nneval();
        command.args(["string", "--format", "jsonl", FIXTURE]).args(options);
        objects(&success(command.current_dir(env!("CARGO_MANIFEST_DIR"))))[0]["tokens"].as_u64()
    };
    let string = opstring::of_file(FIXTURE.as_ref(), &Limits::default()).unwrap();
    let expected = vocabulary().encode(&string).unwrap().len() as u64;
    assert_eq!(count(&["--tokenizer", "models/tokenizer.json"]), Some(expected));
    assert!(count(&[]).is_some());
    let letters = Tokenizer::build(["|"].into_iter(), 100, nneval::tokenizer::Cuts::Steps).unwrap();
    let path = dir.path().join("letters.json");
    std::fs::write(&path, letters.to_json().unwrap()).unwrap();
    assert_eq!(count(&["--tokenizer", path.to_str().unwrap()]), Some(string.len() as u64 + 1));
    let absent = failure(nneval().args(["string", FIXTURE, "--tokenizer", "absent.json"]));
    assert!(absent.contains("absent.json"), "{absent}");
}

#[test]
fn folders_are_walked_for_onnx_files() {
    let dir = sss_folder();
    let text = success(nneval().args(["string", "--format", "jsonl"]).arg(dir.path()).arg(FIXTURE));
    let paths: Vec<String> =
        objects(&text).iter().map(|o| o["path"].as_str().unwrap().to_owned()).collect();
    let expected = [dir.path().join("z/first.onnx"), dir.path().join("zz.ONNX"), FIXTURE.into()];
    assert_eq!(paths, expected.map(|p| p.display().to_string()));
}

#[test]
fn one_bad_file_does_not_stop_the_rest() {
    let dir = sss_folder();
    std::fs::write(dir.path().join("z/bad.onnx"), "not a model").unwrap();
    std::fs::write(dir.path().join("empty.onnx"), "").unwrap();
    let (code, stdout, stderr) = run(nneval()
        .args(["string", "--format", "jsonl", "absent.onnx"])
        .arg(dir.path())
        .arg(FIXTURE));
    assert_eq!(code, Some(1));
    let objects = objects(&stdout);
    let failed = objects.iter().map(|o| o.get("error").is_some()).collect::<Vec<_>>();
    assert_eq!(failed, [true, true, true, false, false, false], "{stdout}");
    for object in objects.iter().take(3) {
        let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error", "path"]);
    }
    assert_eq!(stderr.lines().count(), 3, "{stderr}");

    let (code, stdout, stderr) = run(nneval().arg("string").arg(dir.path()));
    assert_eq!((code, stdout.lines().count(), stderr.lines().count()), (Some(1), 2, 2));
    assert!(stderr.contains("bad.onnx") && stderr.contains("empty.onnx"), "{stderr}");
}

#[test]
fn the_order_of_nodes_and_the_names_of_tensors_change_nothing() {
    use onnx_protobuf::{Message, ModelProto};
    let mut model = ModelProto::parse_from_bytes(&std::fs::read(FIXTURE).unwrap()).unwrap();
    let graph = model.graph.as_mut().unwrap();
    graph.initializer.reverse();
    for (i, node) in graph.node.iter_mut().enumerate() {
        node.name = format!("n{i}");
        for name in node.input.iter_mut().chain(&mut node.output) {
            *name = format!("x_{name}");
        }
    }
    graph.initializer.iter_mut().for_each(|t| t.name = format!("x_{}", t.name));
    graph.value_info.iter_mut().for_each(|v| v.name = format!("x_{}", v.name));
    graph.input.iter_mut().chain(&mut graph.output).for_each(|v| v.name = format!("x_{}", v.name));
    graph.node.reverse();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("renamed.onnx");
    std::fs::write(&path, model.write_to_bytes().unwrap()).unwrap();
    assert_eq!(
        success(nneval().arg("string").arg(&path)),
        success(nneval().args(["string", FIXTURE]))
    );
}

#[test]
fn every_string_of_the_open_corpus_has_tokens_that_spell_it() {
    let Some(files) = corpus() else { return };
    let tokenizer = vocabulary();
    let limits = Limits::default();
    files.par_iter().for_each(|path| {
        let string = opstring::of_file(path, &limits).unwrap();
        let tokens = tokenizer.tokens(&string).unwrap();
        let (end, spelled) = tokens.split_last().unwrap();
        assert_eq!(end, "</s>");
        assert!(spelled.concat() == string, "{}: {string}", path.display());
    });
}
