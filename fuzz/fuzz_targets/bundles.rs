//! Any bytes as the three files of a bundle, apart by lines of `--`: description,
//! tokenizer, model. They are written with right checksums, and opened.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nneval::evaluator::Bundle;
use nneval::files::sha256;
use std::path::PathBuf;
use std::sync::OnceLock;

const BETWEEN: &[u8] = b"\n--\n";

/// Where this process writes its bundles.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("nneval-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for bundles");
    folder
}

/// What stands before and after the next mark.
fn cut(data: &[u8]) -> (&[u8], &[u8]) {
    match data.windows(BETWEEN.len()).position(|w| w == BETWEEN) {
        Some(at) => (&data[..at], &data[at + BETWEEN.len()..]),
        None => (data, &[]),
    }
}

fuzz_target!(|data: &[u8]| {
    let (manifest, rest) = cut(data);
    let (tokenizer, model) = cut(rest);
    let sums = [sha256(model), sha256(tokenizer)];
    // The first member of the description, so that the rest of it is anything.
    let files = format!(
        r#"{{"files":{{"evaluator.onnx":"{}","tokenizer.json":"{}"}},"#,
        sums[0], sums[1]
    );
    let manifest = match manifest.strip_prefix(b"{") {
        Some(members) => [files.as_bytes(), members].concat(),
        None => manifest.to_vec(),
    };
    let folder = FOLDER.get_or_init(folder);
    let parts = [("evaluator.json", &*manifest), ("tokenizer.json", tokenizer), ("evaluator.onnx", model)];
    for (name, bytes) in parts {
        std::fs::write(folder.join(name), bytes).expect("a file of a bundle");
    }
    if let Ok(bundle) = Bundle::open(folder) {
        let _ = bundle.tokens("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32");
        for metric in &bundle.manifest.metrics {
            assert!(metric.value(0.5).is_finite());
        }
    }
});
