//! The operation string: what a network computes, in one line of ASCII.
//!
//! Operations in canonical order, numbered, each with its type, the attributes
//! that change its computation, its output shape where that is not its
//! input's, and the numbers of the operations it reads. Repeated blocks stand
//! once, with a count. The same computation, saved by another exporter with
//! other names and in another order, has the same string; a string parses back
//! to the graph it was written from. The grammar, the spellings and what is
//! left out stand in `docs/operation-string.md`.
//!
//! ```
//! use nneval_graph::opstring;
//! let s = "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32;4{|1<-1:Relu+Conv k3 p1+BatchNormalization|2<-1<1:Add}";
//! let graph = opstring::parse(s)?;
//! assert_eq!(graph.ops.len(), 2 + 4 * 4);
//! assert_eq!(graph.ops[5].kind, "Add");
//! assert_eq!(opstring::write(&graph), s);
//! # Ok::<(), nneval_graph::Error>(())
//! ```
//!
//! The way from a model to its string: `plan` orders the nodes, `canon` turns
//! them into an [`OpGraph`], with the spellings of `attributes`, `literal` and
//! `dims`; [`write()`] spells the graph, with `implied` weights left out and
//! blocks found by `fold`. [`parse()`] goes back.

mod attributes;
mod canon;
#[cfg(test)]
mod cell;
mod copies;
mod defaults;
mod dims;
pub mod features;
mod fold;
mod functions;
mod implied;
mod literal;
pub mod opgraph;
mod outline;
mod parse;
mod plan;
mod reach;
mod respell;
mod seed;
pub mod sizes;
mod style;
mod view;
mod write;

pub use canon::build;
pub use opgraph::{Op, OpGraph, Operand};
pub use outline::{Outline, OutlineBlock, OutlineNode, outline};
pub use parse::{ParseLimits, parse, parse_within};
pub use respell::respell;
pub use seed::write_seed_style;
pub use style::Style;
pub use view::View;
pub use write::{write, write_unfolded};

use crate::error::Result;
use crate::model::{Limits, Model};
use crate::shape::{Bindings, Shapes};
use std::path::Path;

/// Version of the operation string. A bundle names the version it was trained on.
pub const VERSION: u32 = 1;

/// The operation graph of a model, symbolic dimensions unbound.
///
/// # Errors
/// As [`build`].
pub fn of_model(model: &Model) -> Result<OpGraph> {
    build(model, &Shapes::infer(model, &Bindings::default()))
}

/// The operation string of the model file at `path`.
///
/// # Errors
/// As [`Model::open`] and [`build`].
pub fn of_file(path: &Path, limits: &Limits) -> Result<String> {
    Ok(write(&of_model(&Model::open(path, limits)?)?))
}
