//! The operation string.
mod canon;
pub mod features;
mod fold;
mod implied;
pub mod opgraph;
mod respell;
mod spell;
mod write;
pub use canon::build;
pub use opgraph::{Op, OpGraph, Operand};
pub use respell::respell;
pub use write::write;

use crate::error::Result;
use crate::graph::Limits;
use crate::graph::Model;
use crate::graph::shape::{Bindings, Shapes};
use std::path::Path;

/// Version of the operation string. A bundle names the version it was trained on.
pub const VERSION: u32 = 1;

/// The operation graph of a model, symbolic dimensions unbound.
pub fn of_model(model: &Model) -> OpGraph {
    build(model, &Shapes::infer(model, &Bindings::default()))
}

/// The operation string of the model file at `path`.
///
/// # Errors
/// As [`Model::open`].
pub fn of_file(path: &Path, limits: &Limits) -> Result<String> {
    Ok(write(&of_model(&Model::open(path, limits)?)))
}
