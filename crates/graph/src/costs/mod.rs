//! Static costs of a model: what it stores, what it computes, what it moves.
//!
//! Everything is counted from the graph; nothing is run and weights are not
//! touched. Conventions:
//!
//! - **MACs** are multiply-accumulate pairs of matrix products, convolutions,
//!   attention and recurrent layers; adding a bias is none. **FLOPs** are twice
//!   the MACs plus the work of all other operators; the rule of each operator,
//!   with its ONNX version, stands in `ops/flops.rs`.
//! - **Parameters** are elements of constants that an operator uses as a weight,
//!   also by way of operators on constants alone (a cast, a slice, a weight
//!   standardisation). Those of a quantized network are those of the network before:
//!   a packed byte counts as the weights that it holds.
//! - **Buffers** are running statistics of BatchNormalization, scales and zero points
//!   of quantization, rotary and sine tables, attention masks, coordinates,
//!   blur filters. `tables` lists how these are told, by their place in the graph.
//! - **Constants** are all others: scalars of arithmetic, bounds, shapes, indices.
//! - A weight that several operators share counts once.
//! - Every operator reads all its inputs and writes all its outputs: nothing is
//!   done in place and nothing is fused. Operators on constants alone run once,
//!   when a model is loaded, and cost nothing here, whatever they compute.
//! - A run reads each weight once, in the bytes that it is stored in. Of a table the
//!   rows are read that are looked up.
//! - **Peak activation bytes**: the most bytes that graph inputs and operator
//!   outputs take at one time when operators run in the order of the file
//!   (sorted where the file is not). A value lives from the operator that makes
//!   it to the last that reads it; graph inputs from the start, graph outputs to
//!   the end.
//! - Of an `If` whose condition is not constant the branch with more FLOPs
//!   counts. `Loop` and `Scan` bodies count once an iteration where the number
//!   of iterations is known, else once, and the operator is listed as unknown.
//! - Model-local functions are inlined.

#![deny(clippy::arithmetic_side_effects)]

mod amount;
mod blocks;
mod liveness;
mod nodes;
mod tables;
mod tally;
pub mod terms;
mod weights;
mod weights_read;

pub use amount::Amount;
pub use nodes::{BlockCost, Breakdown, NodeCost, breakdown};
pub use terms::Terms;

use crate::budget;
use crate::error::Result;
use crate::model::{Dim, Model};
use crate::shape::{Bindings, Shapes};
use crate::symbolic::formula;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// Static costs of a model.
///
/// ```
/// use nneval_graph::costs;
/// use nneval_graph::model::{Limits, Model};
/// let model = Model::open("../../fixtures/nats_tss_9930.onnx", &Limits::default())?;
/// let costs = costs::of_one_sample(&model)?;
/// assert_eq!((costs.parameters, costs.macs.known()), (1_288_506, Some(184_730_240)));
/// # Ok::<(), nneval_graph::Error>(())
/// ```
///
/// Formulas are in the file's symbols; an unnamed
/// dimension of a graph input is called by its place, `images[0]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// Trainable numbers.
    pub parameters: u64,
    /// Stored numbers that training does not set by gradients.
    pub buffers: u64,
    /// Other numbers in constants.
    pub constants: u64,
    /// Bytes of all constants, external data included.
    pub weight_bytes: u64,
    /// Multiply-accumulate operations.
    pub macs: Amount,
    /// Arithmetic operations.
    pub flops: Amount,
    /// Bytes of activations that operators read.
    pub activation_bytes_read: Amount,
    /// Bytes of activations that operators write.
    pub activation_bytes_written: Amount,
    /// Bytes of constants that a run reads, each constant once.
    pub weight_bytes_read: Amount,
    /// Most bytes of activations alive at one time.
    pub peak_activation_bytes: Amount,
    /// FLOPs by byte moved (activations read and written, weights read); absent
    /// where either is a formula.
    pub arithmetic_intensity: Option<f64>,
    /// Operators on the longest path from an input to an output.
    pub depth: u64,
    /// By operator type, in order of names.
    pub operators: Vec<OperatorCost>,
    /// Operators whose cost is not in the totals, by type.
    pub unknown: Vec<Unknown>,
}

/// Costs of all operators of one type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatorCost {
    /// Type, after its domain and a dot where that is not `ai.onnx`.
    pub operator: String,
    /// How many there are, bodies of control flow included.
    pub count: u64,
    /// Multiply-accumulate operations.
    pub macs: Amount,
    /// Arithmetic operations.
    pub flops: Amount,
    /// Bytes of activations read.
    pub activation_bytes_read: Amount,
    /// Bytes of activations written.
    pub activation_bytes_written: Amount,
}

/// Operators whose cost depends on data or is not known to nneval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unknown {
    /// Type of the operators.
    pub operator: String,
    /// How many of them.
    pub count: u64,
    /// What of their cost is missing: `work`, `bytes`, or both.
    pub missing: String,
}

/// The costs of `model` with some dimensions bound.
///
/// # Errors
/// [`Error::Model`](crate::Error::Model) where functions cannot be inlined, or
/// where a binding names no input or does not fit it.
pub fn of_model(model: &Model, bindings: &Bindings) -> Result<Costs> {
    counted(model, bindings, |costs, _| costs)
}

/// What costs are counted on.
struct Counted<'a> {
    /// The model without functions.
    flat: &'a Model,
    shapes: &'a Shapes,
    stored: &'a weights::Stored,
}

/// What `of` makes of the costs and of what they were counted on.
fn counted<T>(
    model: &Model,
    bindings: &Bindings,
    of: impl FnOnce(Costs, Counted) -> T,
) -> Result<T> {
    budget::of_model(model, || budget::temporarily(|| within_budget(model, bindings, of)))
}

fn within_budget<T>(
    model: &Model,
    bindings: &Bindings,
    of: impl FnOnce(Costs, Counted) -> T,
) -> Result<T> {
    let flat = match model.functions.is_empty() {
        true => Cow::Borrowed(model),
        false => Cow::Owned(model.inlined()?),
    };
    bindings.check(&flat)?;
    let shapes = Shapes::infer(&flat, bindings);
    shapes.check(model)?;
    let stored = weights::count(&flat, &shapes);
    let costs = tally::Tally::of(&flat, &shapes, &stored).costs(&flat, &shapes, &stored);
    Ok(of(costs, Counted { flat: &flat, shapes: &shapes, stored: &stored }))
}

/// The costs of `model` for one sample: every symbol of its inputs is 1, and a
/// formula of symbols what it then is.
///
/// # Errors
/// As [`of_model`].
pub fn of_one_sample(model: &Model) -> Result<Costs> {
    let shapes = model.graph.inputs.iter().filter_map(|&i| model.value(i)?.ty.shape.as_ref());
    let mut dims = HashMap::new();
    for d in shapes.flatten() {
        if let Dim::Symbol(s) = d {
            let open = formula::open_symbols(s, &dims);
            dims.extend(open.into_iter().map(|s| (s, 1)));
        }
    }
    of_model(model, &Bindings { dims, ..Bindings::default() })
}
