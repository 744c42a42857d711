//! The operation string.
mod canon;
mod fold;
mod implied;
pub mod opgraph;
mod spell;
mod write;
pub use canon::build;
pub use opgraph::{Op, OpGraph, Operand};
pub use write::write;

use crate::graph::{
    Limits, Model,
    shape::{Bindings, Shapes},
};

/// The operation string of a model.
pub fn of_model(model: &Model) -> String {
    write(&build(model, &Shapes::infer(model, &Bindings::default())))
}
/// Opens.
pub fn of_file(path: &std::path::Path) -> crate::Result<String> {
    Ok(of_model(&Model::open(path, &Limits::default())?))
}
