//! Bundles that are refused, networks whose outputs are no numbers, and mutants of
//! bundles.

use crate::common;

use common::{FIXTURE, bundle, entries, failure, nneval_with_runtime, run, runtime, success};
use nneval::evaluator::{Bundle, Evaluator, Options};
use nneval::files::sha256;
use nneval::spaces::{general, to_bytes};
use onnx_protobuf::tensor_proto::DataLocation;
use onnx_protobuf::{Message, ModelProto, StringStringEntryProto, TensorProto};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const FILES: [&str; 3] = ["evaluator.json", "evaluator.onnx", "tokenizer.json"];

/// A copy of the trained bundle in `folder`, changed, with right checksums.
fn changed(folder: &Path, change: impl FnOnce(&mut Parts)) -> PathBuf {
    let mut parts = Parts::read(&bundle());
    change(&mut parts);
    let out = folder.join("evaluator");
    parts.write(&out);
    out
}

/// The content of a bundle.
#[derive(Clone)]
struct Parts {
    manifest: Vec<u8>,
    model: Vec<u8>,
    tokenizer: Vec<u8>,
}

impl Parts {
    fn read(dir: &Path) -> Self {
        let [manifest, model, tokenizer] = FILES.map(|name| std::fs::read(dir.join(name)).unwrap());
        Self { manifest, model, tokenizer }
    }

    fn json(&mut self, change: impl FnOnce(&mut Value)) {
        let mut manifest = serde_json::from_slice(&self.manifest).unwrap();
        change(&mut manifest);
        self.manifest = serde_json::to_vec(&manifest).unwrap();
    }

    fn onnx(&mut self, change: impl FnOnce(&mut ModelProto)) {
        let mut model = ModelProto::parse_from_bytes(&self.model).unwrap();
        change(&mut model);
        self.model = model.write_to_bytes().unwrap();
    }

    /// Writes the files; where the description is JSON still, with its checksums.
    fn write(&self, dir: &Path) {
        std::fs::create_dir_all(dir).unwrap();
        let mut manifest = self.manifest.clone();
        if let Ok(mut json) = serde_json::from_slice::<Value>(&manifest)
            && json.is_object()
        {
            json["files"] = json!({
                "evaluator.onnx": sha256(&self.model),
                "tokenizer.json": sha256(&self.tokenizer),
            });
            manifest = serde_json::to_vec(&json).unwrap();
        }
        for (name, bytes) in FILES.into_iter().zip([&manifest, &self.model, &self.tokenizer]) {
            std::fs::write(dir.join(name), bytes).unwrap();
        }
    }
}

fn evaluate(evaluator: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.args(["evaluate", FIXTURE, "--evaluator"]).arg(evaluator);
    command
}

/// Weight and bias of the head.
fn head(model: &mut ModelProto) -> [&mut TensorProto; 2] {
    let graph = model.graph.as_mut().unwrap();
    let gemm = graph.node.iter().find(|n| n.output.iter().any(|o| o == "metrics")).unwrap();
    let [weight, bias] = [gemm.input[1].clone(), gemm.input[2].clone()];
    let mut found = graph.initializer.iter_mut().filter(|t| t.name == weight || t.name == bias);
    let (a, b) = (found.next().unwrap(), found.next().unwrap());
    if a.name == weight { [a, b] } else { [b, a] }
}

/// The head with so many columns.
fn columns(model: &mut ModelProto, wanted: usize) {
    let [weight, bias] = head(model);
    let (rows, before) = (weight.dims[0] as usize, weight.dims[1] as usize);
    let cell = |row: usize, column: usize| (row * before + column.min(before - 1)) * 4;
    let old = weight.raw_data.clone();
    let cells = (0..rows).flat_map(|row| (0..wanted).map(move |column| (row, column)));
    weight.raw_data = cells.flat_map(|(r, c)| old[cell(r, c)..cell(r, c) + 4].to_vec()).collect();
    weight.dims[1] = wanted as i64;
    bias.raw_data.resize(wanted * 4, 0);
    bias.dims[0] = wanted as i64;
}

fn refused(evaluator: &Path, words: &str) {
    let stderr = failure(&mut evaluate(evaluator));
    assert!(stderr.contains("evaluator") && stderr.contains(words), "{words}: {stderr}");
}

#[test]
fn external_data_is_refused_wherever_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = changed(dir.path(), |parts| {
        parts.onnx(|model| {
            let [weight, _] = head(model);
            std::fs::write(dir.path().join("secret.bin"), &weight.raw_data).unwrap();
            weight.raw_data.clear();
            weight.data_location = DataLocation::EXTERNAL.into();
            let entry = |key: &str, value: &str| StringStringEntryProto {
                key: key.into(),
                value: value.into(),
                ..Default::default()
            };
            weight.external_data = vec![entry("location", "secret.bin")];
        });
    });
    let stderr = failure(evaluate(&evaluator).arg(FIXTURE).current_dir("."));
    assert!(stderr.contains("has external data"), "{stderr}");
}

#[test]
fn the_head_has_a_column_a_metric() {
    let dir = tempfile::tempdir().unwrap();
    for (columns_there, words) in [(1, "has 1 outputs for 2"), (3, "has 3 outputs for 2")] {
        let evaluator = changed(dir.path(), |parts| parts.onnx(|m| columns(m, columns_there)));
        refused(&evaluator, words);
    }
    let evaluator = changed(dir.path(), |parts| parts.onnx(|m| columns(m, 2)));
    assert_eq!(run(&mut evaluate(&evaluator)).0, Some(0));
}

#[test]
fn statistics_are_as_wide_as_the_embedding() {
    let dir = tempfile::tempdir().unwrap();
    let floats = |values: &[f32]| -> String {
        values.iter().flat_map(|v| v.to_le_bytes()).map(|b| format!("{b:02x}")).collect()
    };
    let narrow = |domain: &mut Value| {
        domain["mean"] = json!(floats(&[0.0; 3]));
        domain["factor"] = json!(floats(&[1.0, 0.0, 1.0, 0.0, 0.0, 1.0]));
        domain["centres"] = json!(floats(&[0.0; 3]));
    };
    let evaluator = changed(dir.path(), |parts| parts.json(|m| narrow(&mut m["domain"])));
    refused(&evaluator, "in-domain statistics are of width 3");
    let not_finite = |domain: &mut Value| {
        let mean = domain["mean"].as_str().unwrap().to_owned();
        domain["mean"] = json!(format!("0000c07f{}", &mean[8..]));
    };
    let evaluator = changed(dir.path(), |parts| parts.json(|m| not_finite(&mut m["domain"])));
    refused(&evaluator, "must be finite");
}

#[test]
fn outputs_that_are_no_numbers_are_errors_of_the_network() {
    let dir = tempfile::tempdir().unwrap();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let evaluator = changed(dir.path(), |parts| {
            parts.onnx(|model| {
                let [_, bias] = head(model);
                bias.raw_data.splice(0..4, bad.to_le_bytes());
            });
        });
        for format in ["table", "json", "csv", "jsonl"] {
            let (code, stdout, stderr) = run(evaluate(&evaluator).args(["--format", format]));
            assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
            assert!(stderr.contains("outputs are not finite"), "{stderr}");
            assert!(!stdout.contains("NaN") && !stdout.contains("inf,"), "{stdout}");
            assert!(format == "table" || stdout.contains("not finite"), "{stdout}");
        }
    }
}

#[test]
fn descriptions_that_make_no_sense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 4] = [
        (|m| m["metrics"][0]["range"] = json!([90, 10]), "range does not ascend"),
        (|m| m["metrics"][1]["name"] = m["metrics"][0]["name"].clone(), "one name"),
        (|m| m["window"] = json!(1u64 << 40), "no window"),
        (|m| m["metrics"][0]["transform"]["std"] = json!(0), "target transform"),
    ];
    for (change, words) in cases {
        let evaluator = changed(dir.path(), |parts| parts.json(change));
        refused(&evaluator, words);
    }
    let evaluator = changed(dir.path(), |_| ());
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    std::fs::write(evaluator.join("evaluator.onnx"), pointer).unwrap();
    refused(&evaluator, "git lfs pull");
}

#[test]
fn tokenizers_that_grow_text_are_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let with_normalizer = |normalizer: Value| {
        changed(dir.path(), |parts| {
            let mut tokenizer: Value = serde_json::from_slice(&parts.tokenizer).unwrap();
            tokenizer["normalizer"] = normalizer;
            parts.tokenizer = serde_json::to_vec(&tokenizer).unwrap();
        })
    };
    let replace =
        |a: &str, b: &str| json!({"type": "Replace", "pattern": {"String": a}, "content": b});
    let doubling = json!({"type": "Sequence", "normalizers": vec![replace("|", "||"); 40]});
    let evaluator = with_normalizer(doubling);
    let (code, _, stderr) = run(&mut evaluate(&evaluator));
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("its normalizer makes text"), "{stderr}");
    let evaluator = with_normalizer(replace("|", &"|".repeat(1000)));
    refused(&evaluator, "a step of its normalizer");
    let evaluator = with_normalizer(replace("é", "e"));
    assert_eq!(run(&mut evaluate(&evaluator)).0, Some(0), "others are used");
}

#[test]
fn the_log_of_the_runtime_stays_off_stderr() {
    let dir = tempfile::tempdir().unwrap();
    let evaluator = changed(dir.path(), |parts| {
        parts.onnx(|model| model.graph.as_mut().unwrap().node[0].op_type = "NoSuchOperator".into());
    });
    let stderr = failure(&mut evaluate(&evaluator));
    assert!(!stderr.contains('\u{1b}'), "{stderr}");
}

/// Mutants in a run of the suite; `NNEVAL_MUTANTS` names another number.
const MUTANTS: u64 = 200;

fn mutants() -> u64 {
    std::env::var("NNEVAL_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTANTS)
}

fn position(rng: &mut ChaCha8Rng, n: usize) -> usize {
    rng.random_range(0..n.max(1))
}

/// Other numbers for some of a JSON text.
fn renumbered(json: &mut Value, rng: &mut ChaCha8Rng, left: &mut u32) {
    match json {
        Value::Array(list) => list.iter_mut().for_each(|v| renumbered(v, rng, left)),
        Value::Object(members) => members.values_mut().for_each(|v| renumbered(v, rng, left)),
        Value::Number(_) if *left > 0 && rng.random_range(0..12) == 0 => {
            let usual =
                [json!(0), json!(-1), json!(1e308), json!(-1e308), json!(1u64 << 40), json!(0.5)];
            *json = usual[position(rng, usual.len())].clone();
            *left -= 1;
        }
        _ => {}
    }
}

fn damaged(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..4) {
        let at = position(rng, bytes.len());
        match rng.random_range(0..4) {
            0 => bytes.truncate(at),
            1 => bytes.iter_mut().skip(at).take(4).for_each(|b| *b = rng.random()),
            2 => {
                let end = bytes.len().min(at + position(rng, 99));
                let part = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = position(rng, bytes.len());
                bytes.splice(to..to, part);
            }
            _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << rng.random_range(0..8)),
        }
    }
}

fn mutant(original: &Parts, seed: u64) -> Parts {
    let rng = &mut ChaCha8Rng::seed_from_u64(20_261_201 ^ seed);
    let mut parts = original.clone();
    match rng.random_range(0..8) {
        0 => damaged(&mut parts.manifest, rng),
        1..4 => parts.json(|json| {
            let mut left = rng.random_range(1..4);
            renumbered(json, rng, &mut left);
        }),
        4 => damaged(&mut parts.tokenizer, rng),
        5 => damaged(&mut parts.model, rng),
        6 => parts.onnx(|model| {
            let [weight, bias] = head(model);
            damaged(&mut weight.raw_data, rng);
            bias.dims[0] = rng.random_range(0..9);
        }),
        _ => parts.onnx(|model| {
            let tensors = &mut model.graph.as_mut().unwrap().initializer;
            let at = position(rng, tensors.len());
            let bytes = &mut tensors[at].raw_data;
            let weird = [f32::NAN, f32::INFINITY, 1e38, -1e38, 0.0][position(rng, 5)];
            bytes.chunks_exact_mut(4).for_each(|c| c.copy_from_slice(&weird.to_le_bytes()));
        }),
    }
    parts
}

/// Each mutant is refused, or predicts numbers, or says that it cannot.
#[test]
fn mutants_of_bundles_are_refused_or_predict_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let (original, runtime) = (Parts::read(&bundle()), runtime());
    let (mut refused, mut failed) = (0, 0);
    for seed in 0..mutants() {
        let at = dir.path().join("mutant");
        mutant(&original, seed).write(&at);
        let options = Options::default();
        let Ok(loaded) =
            Bundle::open(&at).and_then(|b| Evaluator::from_bundle(b, &runtime, options))
        else {
            refused += 1;
            continue;
        };
        match loaded.evaluate_string("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32") {
            Ok(p) => {
                let finite = p.iter().all(|(_, e)| e.value.is_finite());
                assert!(finite && p.in_domain().is_none_or(f64::is_finite), "seed {seed}: {p:?}");
            }
            Err(_) => failed += 1,
        }
    }
    println!("{} mutants of bundles: {refused} refused, {failed} fail to predict", mutants());
    assert_eq!(entries(dir.path()), ["mutant"]);
}

/// An evaluator on strings of version 1 predicts what it did: on graphs as they stand in the
/// file, by the terms of that time.
#[test]
fn an_evaluator_of_string_version_1_predicts_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let lstm = dir.path().join("lstm.onnx");
    let network = general::network("lstm", 1, 0).unwrap();
    std::fs::write(&lstm, to_bytes(&network.model).unwrap()).unwrap();
    let of = |model: &Path| {
        let mut command = nneval_with_runtime();
        command.arg("evaluate").arg(model).args(["--format", "json", "--evaluator"]);
        let text = success(command.arg("fixtures/onnx_cpu_strings_1"));
        let rows: Value = serde_json::from_str(&text).unwrap();
        ["latency_ms", "peak_memory_mb"].map(|m| rows[0]["metrics"][m]["value"].as_f64().unwrap())
    };
    for (model, expected) in [
        (Path::new(FIXTURE), [3.450_599_974_972_075, 15.830_702_115_021_683]),
        (&lstm, [7.829_700_856_361_970_6, 17.257_572_497_554_495]),
    ] {
        for (found, expected) in of(model).into_iter().zip(expected) {
            assert!(
                (found / expected - 1.0).abs() < 1e-6,
                "{}: {found} {expected}",
                model.display()
            );
        }
    }
}
