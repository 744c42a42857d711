//! Operation graphs of NATS-Bench cells, for tests.

use super::{OpGraph, of_model};
use crate::model::{Limits, Model};
use nneval_spaces::{ModelOptions, Space};
use std::path::Path;

/// The operation graph of a cell of NATS-Bench's topology space.
pub fn graph(arch: &str) -> OpGraph {
    let space: Space = "nats-tss".parse().unwrap();
    let bytes = space.onnx_bytes(arch, &ModelOptions::default()).unwrap();
    let model = Model::from_bytes(bytes.into(), Path::new(arch), &Limits::default()).unwrap();
    of_model(&model).unwrap()
}
