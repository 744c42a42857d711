//! Each stage from an ONNX file to predictions, and all of them together.
//!
//! The stages that need ONNX Runtime are left out where none is installed
//! (`nneval runtime --install`).

mod rates;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use nneval::evaluator::{
    Bundle, Encoder, Evaluator, FORMAT, Manifest, Metric, Options, Training, weights,
};
use nneval::graph::{Limits, Model};
use nneval::labels::{MetricSpec, TargetTransform, TransformKind};
use nneval::opstring;
use nneval::runtime::{Runtime, locate};
use nneval::spaces::{ModelOptions, Space, TssArch, to_bytes};
use nneval::tokenizer::Tokenizer;
use nneval::training::TrainingGraphs;
use rates::rates;
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// Networks of the benchmark of the whole path.
const NETWORKS: usize = 500;
const FIXTURE: &str = "fixtures/nats_tss_9930.onnx";

fn vocabulary() -> Tokenizer {
    Tokenizer::open(Path::new("models/tokenizer.json")).expect("the shipped vocabulary")
}

fn runtime() -> Option<Runtime> {
    let located = locate(None).expect("a readable cache");
    if located.is_none() {
        println!("skipped: no ONNX Runtime; `nneval runtime --install` fetches it");
    }
    located.map(|l| Runtime::load(&l).expect("a working ONNX Runtime"))
}

/// The encoder of a size with random parameters, as ONNX bytes.
fn model(size: &str) -> Vec<u8> {
    let graphs = TrainingGraphs::open(&Path::new("models/graphs").join(size)).expect("graphs");
    let parameters = graphs.info.parameters(&graphs.info.initial(1), 1);
    weights::embed(&graphs.encoder, parameters, &["metrics", "pooled"]).expect("an encoder")
}

/// An evaluator of one metric with random parameters.
fn untrained() -> Bundle {
    let metric = Metric {
        spec: MetricSpec::from_column("accuracy_pct"),
        formula: None,
        transform: TargetTransform::fit(TransformKind::Identity, &[60.0, 90.0]).expect("a fit"),
        range: [0.0, 100.0],
        view: opstring::View::Whole,
        untrained: true,
        levels: None,
        validation: None,
        interval: None,
    };
    let training = Training {
        labels: String::new(),
        space: String::new(),
        dataset: String::new(),
        rows: 0,
        seed: 1,
        classes: Vec::new(),
        validation_classes: Vec::new(),
        command: String::new(),
    };
    let manifest = Manifest {
        format: FORMAT,
        string_version: opstring::VERSION,
        string_style: opstring::Style::V1,
        name: "untrained".into(),
        window: 512,
        metrics: vec![metric],
        training,
        domain: None,
        files: Default::default(),
    };
    Bundle { manifest, tokenizer: vocabulary(), model: model("medium") }
}

fn read(c: &mut Criterion) {
    let limits = Limits::default();
    let mut group = c.benchmark_group("read");
    rates(&mut group, BenchmarkId::from_parameter("TSS file"), 1, fixture_tokens(), || {
        Model::open(black_box(Path::new(FIXTURE)), &limits).expect("a model")
    });
    group.finish();
}

/// Tokens of the fixture's operation string.
fn fixture_tokens() -> usize {
    let string = opstring::of_file(FIXTURE.as_ref(), &Limits::default()).expect("a string");
    vocabulary().encode(&string).expect("tokens").len()
}

fn string(c: &mut Criterion) {
    let mut group = c.benchmark_group("string");
    let limits = Limits::default();
    rates(&mut group, BenchmarkId::from_parameter("TSS file"), 1, fixture_tokens(), || {
        opstring::of_file(black_box(FIXTURE.as_ref()), &limits).expect("a string")
    });
    let options = ModelOptions::default();
    let arch = "64:64:64:64:64";
    let of_arch = || nneval::spaces::of_arch(Space::NatsSss, black_box(arch), &options);
    let tokens = vocabulary().encode(&of_arch().expect("a string")).expect("tokens").len();
    rates(&mut group, BenchmarkId::from_parameter("SSS architecture"), 1, tokens, of_arch);
    group.finish();
}

fn tokenize(c: &mut Criterion) {
    let string = opstring::of_file(FIXTURE.as_ref(), &Limits::default()).expect("a string");
    let tokenizer = vocabulary();
    let mut group = c.benchmark_group("tokenize");
    rates(&mut group, BenchmarkId::from_parameter("TSS string"), 1, fixture_tokens(), || {
        tokenizer.encode(black_box(&string)).expect("tokens")
    });
    group.finish();
}

fn encode(c: &mut Criterion) {
    let Some(runtime) = runtime() else { return };
    let mut group = c.benchmark_group("encode");
    group.sample_size(10);
    for size in ["tiny", "medium"] {
        let encoder =
            Encoder::new(&runtime, &model(size), Options::default(), 512).expect("a valid encoder");
        for length in [16, 32, 64, 128, 256, 512] {
            let tokens = |row: u32| (0..length).map(|i| 3 + (7 * i + row) % 100).collect();
            let batch: Vec<Vec<u32>> = (0..128).map(tokens).collect();
            let all = batch.iter().map(Vec::len).sum();
            rates(&mut group, BenchmarkId::new(size, length), batch.len(), all, || {
                encoder.run(black_box(&batch), &["metrics"]).expect("rows")
            });
        }
    }
    group.finish();
}

/// Distinct TSS networks as files.
fn files(folder: &Path) -> Vec<PathBuf> {
    let options = ModelOptions::default();
    let write = |(i, arch): (usize, TssArch)| {
        let path = folder.join(format!("{i}.onnx"));
        let bytes = to_bytes(&arch.model(&options).expect("a model")).expect("bytes");
        std::fs::write(&path, bytes).expect("a writable folder");
        path
    };
    TssArch::all()
        .step_by(TssArch::COUNT / NETWORKS)
        .take(NETWORKS)
        .enumerate()
        .map(write)
        .collect()
}

fn whole_path(c: &mut Criterion) {
    let Some(runtime) = runtime() else { return };
    let shipped = Bundle::open(Path::new("models/nats-tss"));
    let bundle = shipped.unwrap_or_else(|_| untrained());
    println!("evaluator: {}", bundle.manifest.name);
    // Nothing is kept, so that each call encodes all.
    let options = Options { cache_bytes: 0, ..Default::default() };
    let evaluator = Evaluator::from_bundle(bundle, &runtime, options).expect("an evaluator");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = files(folder.path());
    let evaluate = || {
        let results = evaluator.evaluate_files(&files, &Limits::default());
        assert!(results.iter().all(Result::is_ok));
        results
    };
    let tokens = evaluate().iter().flatten().map(|p| p.tokens).sum();
    let mut group = c.benchmark_group("evaluate");
    group.sample_size(10);
    rates(&mut group, BenchmarkId::from_parameter("TSS files"), files.len(), tokens, evaluate);
    group.finish();
}

criterion_group!(benches, read, string, tokenize, encode, whole_path);
criterion_main!(benches);
