//! Operator registry: one row an operator, with all that nneval knows of it.
//!
//! A row ([`Operator`]) holds the class of an operator, its shape and type
//! rules, its work, attribute defaults and structural inputs, the roles of its
//! weights, the kind of its cost, and what its inputs are fed when a model is
//! measured. Rows stand in one file a family, beside the functions that they
//! name. A new operator is one row there, and one line in `tests/operators.txt`.
//! Rules follow the ONNX specifications up to opset 28; where earlier versions
//! differ, the rule or the row says so.

#![deny(clippy::arithmetic_side_effects)]

mod arithmetic;
mod attention;
mod channels_last;
mod control;
mod einsum;
mod elementwise;
mod extent;
pub mod flops;
mod generate;
mod index;
mod kinds;
mod known;
mod layout;
mod legacy;
mod linear;
mod loss;
mod microsoft;
mod ml;
mod normalization;
mod op;
mod operator;
mod optimizer;
pub mod packed;
mod quantization;
mod recurrent;
mod reduce;
mod resize;
mod sequence;
mod signal;
mod text;
mod transposed;
mod typed;
mod vision;
mod window;

pub use kinds::{Class, CostKind, Demand, WeightRole};
pub use op::{Op, wrap};
pub use operator::Operator;
pub use typed::Typed;

use crate::model::Node;
use crate::symbolic::Shapes;
use flops::{Site, Work};
use operator::{microsoft, ml, onnx, row, training};
use std::sync::LazyLock;

/// All families.
const FAMILIES: &[&[Operator]] = &[
    attention::PREVIEW,
    attention::ROWS,
    channels_last::MICROSOFT,
    channels_last::NCHWC,
    channels_last::NHWC,
    control::ROWS,
    elementwise::ROWS,
    extent::ROWS,
    generate::ROWS,
    index::ROWS,
    layout::ROWS,
    legacy::ROWS,
    linear::ROWS,
    loss::ROWS,
    microsoft::attention::ROWS,
    microsoft::embedding::ROWS,
    microsoft::layers::ROWS,
    microsoft::linear::ROWS,
    microsoft::packed_attention::ROWS,
    microsoft::positions::ROWS,
    microsoft::projected_attention::ROWS,
    microsoft::quantized::ROWS,
    microsoft::state::ROWS,
    ml::ROWS,
    normalization::ROWS,
    optimizer::ROWS,
    quantization::ROWS,
    recurrent::ROWS,
    reduce::ROWS,
    resize::ROWS,
    sequence::ROWS,
    signal::ROWS,
    text::ROWS,
    vision::ROWS,
    window::ROWS,
];

/// All rows, by name, then by domain.
static TABLE: LazyLock<Vec<Operator>> = LazyLock::new(|| {
    let mut rows: Vec<Operator> = FAMILIES.concat();
    rows.sort_by_key(|o| (o.name, o.domain));
    rows
});

/// What is taken for granted of operators without a row, by domain and by how
/// their name begins; the first that fits counts.
static UNLISTED: &[Operator] = &[
    reduce::UNLISTED,
    onnx("Arg", Class::Reduction).cost(CostKind::Reduction),
    onnx("Global", Class::Reduction).cost(CostKind::Reduction),
    onnx("Gather", Class::LookUp),
    onnx("Random", Class::Random),
    onnx("", Class::Other),
    microsoft("", Class::Other),
    ml("", Class::Other),
    training("", Class::Other),
];

/// An operator of a domain that nneval does not know.
static UNKNOWN: Operator = row("*", "", Class::Other, |_, _| None);

/// The row of an operator: its meaning in its own domain. Operators without one
/// have the row of what their name begins with, else an empty one.
pub fn find(domain: &str, name: &str) -> &'static Operator {
    let table = &*TABLE;
    match table.binary_search_by(|o| (o.name, o.domain).cmp(&(name, domain))) {
        Ok(i) => table.get(i).unwrap_or(&UNKNOWN),
        Err(_) => unlisted(domain, name),
    }
}

/// The row that tells how an operator is used and what it costs: its own, else
/// that of an operator of the same name in another domain. What domains have in
/// common is the cost kind, the roles of weights and the demands on inputs.
pub fn usage(domain: &str, name: &str) -> &'static Operator {
    let table = &*TABLE;
    let from = table.partition_point(|o| o.name < name);
    let named = || table.iter().skip(from).take_while(|o| o.name == name);
    let found = named().find(|o| o.domain == domain).or_else(|| named().next());
    found.unwrap_or_else(|| unlisted("", name))
}

/// The work of `n`; `None` where it depends on data or is not known.
pub fn work(shapes: &Shapes, n: &Node) -> Option<Work> {
    (find(&n.domain, &n.op_type).work)(&Site { shapes, n })
}

/// Domain (empty for `ai.onnx`) and type of every operator that nneval knows,
/// sorted by type.
///
/// ```
/// assert!(nneval_graph::operators().any(|o| o == ("com.microsoft", "FusedMatMul")));
/// ```
pub fn operators() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|o| (o.domain, o.name))
}

/// All rows, by name, then by domain.
#[cfg(test)]
pub fn all() -> impl Iterator<Item = &'static Operator> {
    TABLE.iter()
}

fn unlisted(domain: &str, name: &str) -> &'static Operator {
    let fits = |o: &&Operator| o.domain == domain && name.starts_with(o.name);
    UNLISTED.iter().find(fits).unwrap_or(&UNKNOWN)
}

#[cfg(test)]
mod tests;
