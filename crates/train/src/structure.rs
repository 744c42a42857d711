//! Structural facts of networks as auxiliary targets.

use super::Examples;
use nneval_graph::opstring::{OpGraph, features};
use nneval_regression::Scale;
use rayon::prelude::*;

/// Mean and standard deviation of each fact over a set of networks.
#[derive(Debug, Clone, PartialEq)]
pub struct StructureScale(Scale);

impl StructureScale {
    /// The scale over all of `graphs`.
    pub fn fit<'g>(graphs: impl ParallelIterator<Item = &'g OpGraph>) -> Self {
        let facts: Vec<Vec<f64>> = graphs.map(features::structure).collect();
        Self(Scale::fit(&facts, features::NAMES.len()))
    }

    /// Appends the facts of `graphs`, standardised and times √`weight`, to the
    /// targets of `examples` (one graph a row). Facts that do not vary are left
    /// without a target.
    pub fn add(&self, graphs: &[OpGraph], weight: f32, examples: &mut Examples) {
        let standard = |g: &OpGraph| self.0.standard(&features::structure(g));
        let facts: Vec<Vec<Option<f64>>> = graphs.par_iter().map(standard).collect();
        for (targets, facts) in examples.targets.iter_mut().zip(facts) {
            targets.extend(facts.into_iter().map(|x| x.map(|x| x as f32 * weight.sqrt())));
        }
        examples.auxiliary = features::NAMES.len();
        examples.names.extend(features::NAMES.map(|n| format!("structure_{n}")));
    }
}
