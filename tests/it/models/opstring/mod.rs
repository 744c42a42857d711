//! The operation string: canonical, complete, reversible.

use crate::common;

mod canonical;
mod distinct;
mod exporters;
mod functions;
mod random;
mod round_trip;
mod scale;
mod spelling;

use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model};
use nneval::opstring::{self, OpGraph};
use onnx_protobuf::ModelProto;
use std::path::Path;

/// The operation graph of a model in memory, as it stands in the file.
fn graph_of(m: &ModelProto) -> nneval::Result<OpGraph> {
    let file = Path::new("model");
    let model = Model::from_bytes(common::onnx::bytes(m).into(), file, &Limits::default())?;
    Ok(opstring::build(&model, &Shapes::infer(&model, &Bindings::default()))?)
}

/// The string of a model in memory as it stands in the file; it must parse back.
fn string_of(m: &ModelProto) -> String {
    let g = graph_of(m).expect("the model has an operation graph");
    let s = opstring::write(&g);
    let back = opstring::parse(&s).unwrap_or_else(|e| panic!("{e}\n{s}"));
    assert!(back == g, "{s}");
    s
}
