//! The format of bundles: those of today load, and are written as they are.

use nneval_evaluator::{Bundle, shipped};
use nneval_files::sha256;
use std::path::Path;

/// Bundles at the bytes of commit 6bca739, whose descriptions name string version 1.
const BUNDLES: [(&str, [(&str, &str); 3]); 2] = [
    (
        "nats-sss",
        [
            ("evaluator.json", "a230324be2cc9440fb6481f8dbf1340c47227ba7197713e2cde8684b0040355c"),
            ("evaluator.onnx", "85e061cb2e9dd16b90bf18d294dea06346900adcf2e7e252550c297057927f40"),
            ("tokenizer.json", "949569693accaa9eecd24d322bf0436b8e33fa86552397f5096bb8eadd3b94c8"),
        ],
    ),
    (
        "nats-tss-cpu",
        [
            ("evaluator.json", "88b816f56c4702a189c1f6f241fe51ebab212166a0689dcd73c4511828e67197"),
            ("evaluator.onnx", "c46b7796baa05f33fd670ed0752a7ce2709e3151380afb9ed158e645c1ddad65"),
            ("tokenizer.json", "f53aab0d69067ca916276bb64d81beeba350c7bfe59fd9b778e23d0ae0962ce6"),
        ],
    ),
];

#[test]
fn bundles_of_today_load_and_are_saved_byte_for_byte() {
    for (name, files) in BUNDLES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
        let out = tempfile::tempdir().unwrap();
        Bundle::open(&folder).unwrap().save(out.path()).unwrap();
        for (file, sum) in files {
            let [before, after] =
                [&folder, out.path()].map(|f: &Path| std::fs::read(f.join(file)).unwrap());
            assert_eq!(
                sha256(&of_version_1(&before, file)),
                sum,
                "{name}/{file} is not the file of that commit"
            );
            assert!(before == after, "{name}/{file} is written otherwise");
        }
    }
}

/// The file with string version 1: strings of these spaces are the same in both versions.
fn of_version_1(bytes: &[u8], file: &str) -> Vec<u8> {
    match file {
        "evaluator.json" => {
            let text = std::str::from_utf8(bytes).unwrap();
            text.replace("\"string_version\": 2", "\"string_version\": 1").into_bytes()
        }
        _ => bytes.to_vec(),
    }
}

/// What every name in a description means is fixed.
#[test]
fn a_description_of_today_has_its_names() {
    for (name, has_cost_model, has_interval) in
        [("nats-tss-cpu", false, true), ("onnx-cpu", true, true)]
    {
        let bundle = Bundle::open(&shipped::find(name).unwrap()).unwrap();
        let latency = &bundle.manifest.metrics[0];
        assert_eq!(latency.cost_model.is_some(), has_cost_model, "{name}");
        assert_eq!(latency.interval.is_some(), has_interval, "{name}");
        assert!(bundle.manifest.domain.is_some(), "{name}");
        assert!(latency.validation.as_ref().unwrap().tau.unwrap() > 0.8, "{name}");
    }
}

#[test]
fn an_altered_or_missing_file_is_refused_by_name() {
    let folder = shipped::find("nats-sss").unwrap();
    let copy = tempfile::tempdir().unwrap();
    for file in ["evaluator.json", "evaluator.onnx", "tokenizer.json"] {
        std::fs::copy(folder.join(file), copy.path().join(file)).unwrap();
    }
    assert!(Bundle::open(copy.path()).is_ok());
    let model = copy.path().join("evaluator.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    bytes.push(0);
    std::fs::write(&model, bytes).unwrap();
    let altered = Bundle::open(copy.path()).unwrap_err();
    assert_eq!(altered.kind(), nneval_evaluator::ErrorKind::Bundle);
    assert!(altered.to_string().contains("evaluator.onnx is altered"), "{altered}");
    std::fs::remove_file(&model).unwrap();
    let missing = Bundle::open(copy.path()).unwrap_err().to_string();
    assert!(missing.contains("evaluator.onnx is missing"), "{missing}");
}
