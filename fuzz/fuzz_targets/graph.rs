//! Any bytes as a model, read as the program reads one: one budget for the
//! string, which parses back, and one for shapes, costs and inputs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nneval::costs::{self, Terms};
use nneval::graph::shape::Bindings;
use nneval::graph::{Limits, Model, budget};
use nneval::opstring::{of_model, parse, write};
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let (name, limits, none) = (Path::new("fuzz"), Limits::default(), Bindings::default());
    let read = || Model::from_bytes(data.to_vec().into(), name, &limits);
    let graph = budget::within(name, &limits, || of_model(&read()?));
    if let Ok(graph) = graph
        && let Ok(back) = parse(&write(&graph))
    {
        assert!(back == graph);
    }
    let _ = budget::within(name, &limits, || {
        let model = read()?;
        costs::of_model(&model, &none)?;
        Terms::at_default_sizes(&model, &none)
    });
});
