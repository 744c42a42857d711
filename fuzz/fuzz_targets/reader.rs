//! Any bytes as a model: read, shapes, string, costs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nneval::graph::shape::Bindings;
use nneval::graph::{Limits, Model};
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let bytes = data.to_vec().into();
    if let Ok(model) = Model::from_bytes(bytes, Path::new("fuzz"), &Limits::default()) {
        let _ = nneval::opstring::of_model(&model).map(|g| nneval::opstring::write(&g));
        let _ = nneval::costs::of_model(&model, &Bindings::default());
    }
});
