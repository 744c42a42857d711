//! Operation strings: what a network computes, in one line of ASCII.
//!
//! Operations stand in canonical order, numbered. Each has its type, the
//! attributes that change its computation, its output type where that is not
//! its input's, and the numbers of the operations it reads. Repeated blocks
//! stand once, with a count. The same computation has the same string, whatever
//! names and order an exporter gave it. A string parses back to the graph it was
//! written from. Grammar and spelling stand in `docs/operation-string.md`.
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
//! [`of_model`] gives the canonical graph of a model, whichever exporter wrote it
//! ([`canonical`]). [`build()`] makes the [`OpGraph`] as it stands in the file: `canonical_order` orders the
//! nodes; `attributes`, `constants` and `types` turn what they hold into typed
//! values. [`write()`] spells the graph; it leaves out weights that
//! `inferred_weights` finds again, and `fold` finds repeated blocks. [`parse()`]
//! goes back.

mod attr;
mod build;
pub(crate) mod fold;
mod graph;
mod inferred_weights;
mod literal;
mod memory;
mod parse;
mod permute;
pub(crate) mod reachability;
mod style;
mod tensor_type;
mod verbose;
mod write;

pub use attr::{Attr, Window};
pub(crate) use build::MAX_STRUCTURAL;
pub use build::build;
pub(crate) use build::of_known;
pub use graph::{Op, OpGraph, Operand};
pub use literal::{Constant, Float, Literal};
pub(crate) use memory::of_op as bytes;
pub use parse::{ParseLimits, parse, parse_within};
pub use permute::permute;
pub(crate) use permute::reorder;
pub use style::Style;
pub use tensor_type::{Dim, Formula, Operator, TensorType};
pub use verbose::write_verbose;
pub(crate) use write::{chained, items};
pub use write::{write, write_unfolded};

use crate::budget;
use crate::canonical;
use crate::error::Result;
use crate::model::{Limits, Model};
use crate::shape::{Bindings, Shapes};
use std::path::Path;

/// Version of the operation string. A bundle names the version it was trained on.
pub const VERSION: u32 = 2;

/// The canonical operation graph of a model, symbolic dimensions unbound.
///
/// # Errors
/// As [`build()`].
pub fn of_model(model: &Model) -> Result<OpGraph> {
    canonical::of_model(model, &Bindings::default())
}

/// The operation graph of a model as it stands in the file, which strings of version 1 spell.
///
/// # Errors
/// As [`build()`].
pub fn as_filed(model: &Model) -> Result<OpGraph> {
    build(model, &Shapes::infer(model, &Bindings::default()))
}

/// The operation string of the model file at `path`.
///
/// # Errors
/// As [`Model::open`] and [`build()`].
pub fn of_file(path: &Path, limits: &Limits) -> Result<String> {
    budget::within(path, limits, || Ok(write(&of_model(&Model::open(path, limits)?)?)))
}
