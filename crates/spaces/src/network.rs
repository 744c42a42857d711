//! Models, operation graphs and operation strings of architecture strings.

use crate::error::Result;
use crate::options::ModelOptions;
use crate::space::Space;
use nneval_graph::opstring::{self, OpGraph};
use nneval_graph::{Limits, Model};
use std::path::Path;

/// The model of an architecture of a search space, read back from its ONNX bytes.
///
/// # Errors
/// [`Error::Architecture`](crate::Error::Architecture).
pub fn model_of_arch(space: Space, arch: &str, options: &ModelOptions) -> Result<Model> {
    let bytes = space.onnx_bytes(arch, options)?;
    Ok(Model::from_bytes(bytes.into(), Path::new(arch), &Limits::default())?)
}

/// The operation graph of an architecture of a search space.
///
/// # Errors
/// [`Error::Architecture`](crate::Error::Architecture).
pub fn graph_of_arch(space: Space, arch: &str, options: &ModelOptions) -> Result<OpGraph> {
    Ok(opstring::of_model(&model_of_arch(space, arch, options)?)?)
}

/// The operation string of an architecture of a search space.
///
/// # Errors
/// [`Error::Architecture`](crate::Error::Architecture).
pub fn of_arch(space: Space, arch: &str, options: &ModelOptions) -> Result<String> {
    graph_of_arch(space, arch, options).map(|g| opstring::write(&g))
}
