//! Any bytes as a model, and its string through the tokenizer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nneval::graph::{Limits, Model};
use nneval::tokenizer::Tokenizer;
use std::path::Path;
use std::sync::OnceLock;

static TOKENIZER: OnceLock<Tokenizer> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let json = include_bytes!("../../models/tokenizer.json");
    let tokenizer = TOKENIZER.get_or_init(|| Tokenizer::from_bytes(json).expect("the shipped tokenizer"));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = tokenizer.encode(text);
    }
    let bytes = data.to_vec().into();
    if let Ok(model) = Model::from_bytes(bytes, Path::new("fuzz"), &Limits::default()) {
        let Ok(graph) = nneval::opstring::of_model(&model) else { return };
        let string = nneval::opstring::write(&graph);
        let _ = tokenizer.encode(&string);
    }
});
