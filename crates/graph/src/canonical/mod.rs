//! Canonical graphs: one spelling of a computation, whichever exporter wrote it.
//!
//! Exporters decompose, fold and order operations each in their own way.
//! [`canonicalize`] rewrites an operation graph until no rule applies. Each rule
//! states what it takes for the same: only graphs of one function become equal,
//! for some values of their weights. Values of weights are no part of a graph,
//! so a missing bias is a bias of zeros. Spellings are those of the networks of
//! NATS-Bench, which stay as they are.

mod activation;
mod attention;
mod batch;
mod bodies;
mod conditional;
mod constants;
mod convolution;
mod einsum;
pub(crate) mod float;
mod folded;
mod identity;
mod inputs;
mod layout;
mod linear;
mod net;
mod normalization;
mod pool;
mod single;
mod slices;
mod symbols;

use crate::budget;
use crate::error::Result;
use crate::model::Model;
use crate::opstring::{self, OpGraph, of_known, reorder};
use crate::shape::{Bindings, Shapes};
use net::{Net, Rule};

/// Rounds of rewriting; a graph that still changes stays as it is then.
const ROUNDS: usize = 8;

/// Rules in the order in which they are tried on an operation.
const RULES: &[Rule] = &[
    conditional::branch,
    constants::fold,
    identity::nothing,
    identity::plainer,
    identity::arithmetic,
    slices::split,
    slices::slices,
    layout::transpositions,
    layout::reshape,
    layout::joined_transposition,
    layout::joined_product,
    layout::concatenation,
    layout::resampling,
    einsum::product,
    slices::position,
    layout::expand,
    pool::reduction,
    pool::global,
    convolution::automatic,
    convolution::zeros_before,
    convolution::bias_after,
    linear::gemm,
    linear::matrix_product,
    linear::after,
    linear::joined,
    linear::point,
    activation::product,
    activation::other,
    normalization::batch,
    normalization::divided,
    normalization::layer,
    normalization::affine,
    normalization::groups,
    normalization::group,
    normalization::norm,
    attention::attention,
];

/// The canonical graph of `model` under `bindings`.
///
/// # Errors
/// As [`build()`](crate::opstring::build()).
pub fn of_model(model: &Model, bindings: &Bindings) -> Result<OpGraph> {
    budget::of_model(model, || of_file(model, bindings))
}

/// As [`of_model`], at the sizes of `bindings`: a batch of fixed size keeps it.
///
/// # Errors
/// As [`of_model`].
pub(crate) fn at_sizes(model: &Model, bindings: &Bindings) -> Result<OpGraph> {
    budget::of_model(model, || {
        let flat = flattened(model);
        let model = flat.as_ref().unwrap_or(model);
        let shapes = Shapes::infer(model, bindings);
        Ok(rewritten(of_known(model, &shapes)?, |_| None))
    })
}

/// The model without functions, where it has some that can be inlined.
fn flattened(model: &Model) -> Option<Model> {
    match model.functions.is_empty() {
        true => None,
        false => model.expanded().ok().map(|(flat, _)| flat),
    }
}

fn of_file(model: &Model, bindings: &Bindings) -> Result<OpGraph> {
    let flat = flattened(model);
    let model = flat.as_ref().unwrap_or(model);
    let shapes = Shapes::infer(model, bindings);
    let g = canonicalize(of_known(model, &shapes)?);
    match single::leaves_arithmetic(&g) {
        true => Ok(single::of_model(model, bindings).unwrap_or(g)),
        false => Ok(g),
    }
}

/// The canonical graph of the computation of `g`.
pub fn canonicalize(g: OpGraph) -> OpGraph {
    rewritten(g, batch::open)
}

/// `g`, rewritten until no rule applies; `open` finds its batch.
fn rewritten(g: OpGraph, open: Opening) -> OpGraph {
    let mut g = inputs::as_weights(&g).unwrap_or(g);
    g = bodies::rewrite(g, RULES);
    for _ in 0..ROUNDS {
        let before = bytes(&g);
        let (next, changed) = budget::temporarily(|| round(&g, open));
        // A graph takes the place of the one before.
        let more = next.as_ref().map_or(0, bytes).saturating_sub(before);
        if let Some(next) = next {
            g = next;
        }
        if !changed || budget::memory(more).is_none() {
            break;
        }
    }
    if let Some(spelled) = folded::spell(&g) {
        g = spelled;
    }
    symbols::renumber(g)
}

/// Finds the batch of a graph and makes it a symbol.
type Opening = fn(&OpGraph) -> Option<OpGraph>;

/// The graph after one round of rewriting, where it is another, and whether it is.
fn round(g: &OpGraph, open: Opening) -> (Option<OpGraph>, bool) {
    let (next, changed) = Net::rewrite(g, RULES);
    let next = changed.then(|| reorder(&next));
    // The copies that are made of it.
    let copied = bytes(next.as_ref().unwrap_or(g)).saturating_mul(2);
    if budget::memory(copied).is_none() {
        return (None, false);
    }
    let opened = open(next.as_ref().unwrap_or(g));
    let any = changed || opened.is_some();
    (opened.or(next), any)
}

/// Memory that a graph takes, about, without bodies.
fn bytes(g: &OpGraph) -> usize {
    g.ops.iter().map(opstring::bytes).fold(0, usize::saturating_add)
}
