//! `tools/import_t5.py`: checkpoints in Hugging Face's layout become evaluators,
//! which predict what Hugging Face's encoder does and can be trained further.

use crate::common;

use common::python::python;
use common::{METRICS, failure, labels, nneval_with_runtime, run, runtime, success};
use nneval::evaluator::{Bundle, Encoder, Options};
use nneval::opstring::Style;
use nneval::training::{GraphInfo, ParamInfo};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn import(checkpoint: &Path, out: &Path) -> Command {
    let mut command = python("tools/requirements-import.txt");
    command.arg("tools/import_t5.py").arg(checkpoint).arg("--out").arg(out);
    command
}

/// A file of float32 tensors: a length, names with shapes and offsets, the data.
fn safetensors(path: &Path, tensors: &[(String, Vec<usize>, Vec<f32>)]) {
    let (mut header, mut data) = (Map::new(), Vec::new());
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name.clone(), entry);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(path, [&length[..], &header, &data].concat()).unwrap();
}

/// Hugging Face's name of a parameter, and whether it is transposed there.
fn theirs(name: &str) -> (String, bool) {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["embed", _] => ("shared.weight".into(), false),
        ["final_norm", _] => ("encoder.final_layer_norm.weight".into(), false),
        ["rel_bias", _] => {
            ("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight".into(), false)
        }
        ["head", what] => ((*what).into(), *what == "weight"),
        ["block", layer, part, what, _] => {
            let (sub, module) = match *part {
                "attn" => (0, "SelfAttention"),
                _ => (1, "DenseReluDense"),
            };
            let rest = match *what {
                "norm" => "layer_norm".into(),
                w => format!("{module}.{w}"),
            };
            (format!("encoder.block.{layer}.layer.{sub}.{rest}.weight"), *what != "norm")
        }
        _ => panic!("{name}"),
    }
}

fn tensor(p: &ParamInfo, flat: &[f32]) -> (String, Vec<usize>, Vec<f32>) {
    let n: usize = p.shape.iter().product();
    let values = &flat[p.offset..p.offset + n];
    match (theirs(&p.name), p.shape.as_slice()) {
        ((name, true), &[rows, columns]) => {
            let at = |i: usize| values[i % rows * columns + i / rows];
            (name, vec![columns, rows], (0..n).map(at).collect())
        }
        ((name, _), shape) => (name, shape.to_vec(), values.to_vec()),
    }
}

/// A tokenizer of T5's kind: unigrams, spaces marked, `</s>` at the end.
fn tokenizer(words: &[&str]) -> Value {
    let letters = ('!'..='~').map(|c| (c.to_string(), -10.0));
    let special = ["<pad>", "</s>", "<unk>"];
    let vocab = special.map(|t| (t.to_owned(), 0.0)).into_iter();
    let vocab: Vec<_> = match words {
        [] => vocab.collect(),
        _ => vocab.chain(words.iter().map(|w| ((*w).to_owned(), -2.0))).chain(letters).collect(),
    };
    let added = |(id, content): (usize, &str)| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": true})
    };
    let added: Vec<Value> = special.into_iter().enumerate().map(added).collect();
    json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 7, "strategy": "LongestFirst",
                       "stride": 0},
        "padding": null,
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always",
                          "split": true},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
        "decoder": null,
        "model": {"type": "Unigram", "unk_id": 2, "vocab": vocab, "byte_fallback": false},
    })
}

const WORDS: [&str; 12] = [
    "_Convolution:(inputs=",
    "▁num_filters=",
    "▁kernel_size=",
    "▁padding=",
    "▁shape=ax",
    "_BatchNormalization:(inputs=",
    "_ReLU:(inputs=",
    "_Addition:(inputs=",
    "_AveragePooling:(inputs=",
    ")|",
    "▁strides=",
    "▁",
];

/// A checkpoint folder with the parameters `flat` of the graphs in `folder`.
fn checkpoint(folder: &Path, flat: &[f32], words: &[&str], to: &Path) -> GraphInfo {
    let graph = read(&folder.join("graph.json"));
    let info: GraphInfo = serde_json::from_value(graph.clone()).unwrap();
    std::fs::create_dir_all(to).unwrap();
    let number = |key: &str| graph[key].as_u64().unwrap();
    let gated = graph["gated"].as_bool().unwrap();
    let config = json!({
        "model_type": "t5",
        "d_model": number("d"),
        "d_kv": number("d") / number("heads"),
        "d_ff": number("d_ff"),
        "num_layers": number("layers"),
        "num_heads": number("heads"),
        "vocab_size": number("vocab"),
        "relative_attention_num_buckets": number("buckets"),
        "relative_attention_max_distance": number("max_distance"),
        "feed_forward_proj": if gated { "gated-gelu" } else { "relu" },
        "layer_norm_epsilon": 1e-6,
        "n_positions": 512,
    });
    let all: Vec<_> = info.params.iter().map(|p| tensor(p, flat)).collect();
    let (head, encoder): (Vec<_>, Vec<_>) = all.into_iter().partition(|t| !t.0.contains('.'));
    safetensors(&to.join("model.safetensors"), &encoder);
    safetensors(&to.join("head.safetensors"), &head);
    std::fs::write(to.join("config.json"), config.to_string()).unwrap();
    std::fs::write(to.join("tokenizer.json"), tokenizer(words).to_string()).unwrap();
    info
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    let row = |r: &Value| r.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    value.as_array().unwrap().iter().map(row).collect()
}

/// The recorded outputs of Hugging Face's encoder (`tools/ref_hf.py`), from the
/// same parameters in a checkpoint folder.
fn imported_equals_hugging_face(name: &str) {
    let (work, fixture) = (tempfile::tempdir().unwrap(), Path::new("fixtures/parity").join(name));
    let bytes = std::fs::read(fixture.join("weights.bin")).unwrap();
    let flat: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|c| f32::from_le_bytes(*c)).collect();
    let (from, out) = (work.path().join("checkpoint"), work.path().join("evaluator"));
    let info = checkpoint(&fixture, &flat, &[], &from);
    let metrics: Vec<String> = (0..info.max_metrics).map(|i| format!("--metric=m{i}")).collect();
    let printed =
        success(import(&from, &out).arg("--head").arg(from.join("head.safetensors")).args(metrics));
    assert_eq!(printed.trim(), out.display().to_string());

    let bundle = Bundle::open(&out).unwrap();
    assert_eq!((bundle.manifest.window, bundle.manifest.string_style), (512, Style::Verbose));
    let reference = read(&fixture.join("reference.json"));
    let (ids, mask) = (rows(&reference["input_ids"]), rows(&reference["attention_mask"]));
    let sequence = |(ids, mask): (&Vec<f64>, &Vec<f64>)| -> Vec<u32> {
        let n = mask.iter().filter(|m| **m == 1.0).count();
        ids[..n].iter().map(|x| *x as u32).collect()
    };
    let sequences: Vec<Vec<u32>> = ids.iter().zip(&mask).map(sequence).collect();
    let encoder = Encoder::new(
        &runtime(),
        &bundle.model,
        Options::default().with_threads(1),
        bundle.manifest.window,
    )
    .unwrap();
    let outputs = ["metrics", "pooled"];
    for (output, found) in outputs.iter().zip(encoder.run(&sequences, &outputs).unwrap()) {
        let expected = rows(&reference[*output]);
        assert_eq!(found.dim(), (expected.len(), expected[0].len()));
        for (x, y) in found.iter().zip(expected.concat()) {
            assert!((f64::from(*x) - y).abs() < 1e-4, "{name} {output}: {x} {y}");
        }
    }
}

#[test]
fn an_imported_encoder_equals_hugging_face() {
    imported_equals_hugging_face("hf_relu");
}

#[test]
fn an_imported_gated_encoder_equals_hugging_face() {
    imported_equals_hugging_face("hf_gated");
}

/// An evaluator of [`METRICS`] imported from random parameters.
fn imported(work: &Path) -> PathBuf {
    let graphs = Path::new("models/graphs/tiny");
    let info: GraphInfo = serde_json::from_value(read(&graphs.join("graph.json"))).unwrap();
    let (from, out) = (work.join("checkpoint"), work.join("imported"));
    checkpoint(graphs, &info.initial(5), &WORDS, &from);
    let metrics = METRICS.iter().flat_map(|m| ["--metric", m]);
    success(import(&from, &out).args(metrics).args(["--window", "256"]));
    out
}

fn predicted(evaluator: &Path) -> Vec<f64> {
    let mut command = nneval_with_runtime();
    command.args(["evaluate", common::FIXTURE, "--format", "json", "--evaluator"]).arg(evaluator);
    let list: Value = serde_json::from_str(&success(&mut command)).unwrap();
    METRICS.iter().map(|m| list[0]["metrics"][m]["value"].as_f64().unwrap()).collect()
}

fn train_from(evaluator: &Path, graphs: &str, labels: &Path, out: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args(["train", "--set", "aux-weight=0", "--set", "batch=8"]);
    command.args(["--set", &format!("encoder={graphs}")]);
    command.args(METRICS.iter().flat_map(|m| ["--metric", m])).arg("--labels").arg(labels);
    command.args(["--set", &format!("from={}", evaluator.display())]).arg("--out").arg(out);
    command
}

#[test]
fn an_imported_evaluator_is_trained_further_on_the_seed_style() {
    let work = tempfile::tempdir().unwrap();
    let (start, table) = (imported(work.path()), labels(work.path(), 300));
    assert!(predicted(&start).iter().all(|v| v.is_finite()));
    let manifest = Bundle::open(&start).unwrap().manifest;
    assert_eq!((manifest.metrics[0].spec.unit.as_str(), manifest.training.rows), ("%", 0));
    assert_eq!(manifest.metrics[1].spec.higher_is_better, Some(false));

    let tuned = work.path().join("tuned");
    let settings = ["--set", "epochs=4", "--set", "lr=3e-3", "--set", "ema-decay=0"];
    success(train_from(&start, "tiny", &table, &tuned).args(settings));
    let mut epochs = csv::Reader::from_path(tuned.join("run/epochs.csv")).unwrap();
    let losses: Vec<f64> = epochs.records().map(|r| r.unwrap()[2].parse().unwrap()).collect();
    assert!(losses[3] < 0.8 * losses[0], "{losses:?}");
    let bundle = Bundle::open(&tuned).unwrap();
    assert_eq!(bundle.manifest.string_style, Style::Verbose);
    let length = bundle.tokens("|1:Input@ax3x32x32+Relu").unwrap().len();
    assert!(length > 8, "not cut to the 7 tokens that the tokenizer asks for: {length}");

    // A run that hardly moves predicts as the evaluator does that it starts from, though its
    // labels, and so its transforms, are of other rows.
    let still = work.path().join("still");
    let settings = ["--set", "epochs=1", "--set", "lr=1e-9", "--set", "split.seed=5"];
    success(train_from(&tuned, "tiny", &table, &still).args(settings));
    for (a, b) in predicted(&tuned).into_iter().zip(predicted(&still)) {
        assert!((a - b).abs() < 1e-2 * a.abs(), "{a} {b}");
    }
    let mut other = train_from(&tuned, "small", &table, &work.path().join("none"));
    let error = failure(other.arg("--quiet"));
    assert!(error.contains("embed.weight has dimensions [1024, 32]"), "{error}");
}

#[test]
fn what_cannot_be_imported_is_named() {
    let work = tempfile::tempdir().unwrap();
    imported(work.path());
    let (from, out) = (work.path().join("checkpoint"), work.path().join("none"));
    let refused = |reason: &str| {
        let (code, _, error) = run(import(&from, &out).args(["--metric", "a"]));
        assert_eq!((code, error.lines().count()), (Some(1), 1), "{error}");
        assert!(error.starts_with("error: ") && error.contains(reason), "{error}");
        assert!(!out.join("evaluator.json").exists());
    };
    let config = read(&from.join("config.json"));
    let with = |key: &str, value: Value| {
        let mut other = config.clone();
        other[key] = value;
        std::fs::write(from.join("config.json"), other.to_string()).unwrap();
    };
    with("model_type", "bert".into());
    refused("model_type is bert, not t5");
    with("feed_forward_proj", "gated-silu".into());
    refused("feed_forward_proj gated-silu");
    with("num_layers", 2.into());
    refused("the checkpoint has no encoder.block.1.layer.0.SelfAttention.q.weight");
    with("d_model", 64.into());
    refused("shared.weight is (1024, 32); config.json makes it (1024, 64)");
    with("vocab_size", 100.into());
    refused("shared.weight is (1024, 32)");
    with("d_model", 32.into());
    std::fs::remove_file(from.join("tokenizer.json")).unwrap();
    refused("tokenizer.json: is missing");
    std::fs::remove_file(from.join("model.safetensors")).unwrap();
    refused("has neither model.safetensors nor pytorch_model.bin");
}
