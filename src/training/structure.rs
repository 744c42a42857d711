//! Structural facts of networks as auxiliary targets.

use super::Examples;
use crate::opstring::{OpGraph, features};
use rayon::prelude::*;

/// Facts below this spread are the same for all networks and are not scaled up.
const LEAST_SPREAD: f64 = 1e-6;

/// Mean and standard deviation of each fact over a set of networks.
#[derive(Debug, Clone, PartialEq)]
pub struct StructureScale(Vec<(f64, f64)>);

impl StructureScale {
    /// The scale over all of `graphs`.
    pub fn fit<'g>(graphs: impl ParallelIterator<Item = &'g OpGraph>) -> Self {
        let facts: Vec<Vec<f64>> = graphs.map(features::structure).collect();
        let scale = |i: usize| {
            let column = facts.iter().filter_map(|f| f.get(i).copied());
            let n = facts.len().max(1) as f64;
            let mean = column.clone().sum::<f64>() / n;
            let variance = column.map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            (mean, variance.sqrt())
        };
        Self((0..features::NAMES.len()).map(scale).collect())
    }

    /// The facts of one network, standardised; `None` for those that do not vary.
    pub fn standard(&self, graph: &OpGraph) -> Vec<Option<f64>> {
        let facts = features::structure(graph);
        let pairs = facts.iter().zip(&self.0);
        pairs.map(|(x, &(mean, sd))| (sd > LEAST_SPREAD).then(|| (x - mean) / sd)).collect()
    }

    /// Appends the facts of `graphs`, standardised and times √`weight`, to the
    /// targets of `examples` (one graph a row). Facts that do not vary are left
    /// without a target.
    pub fn add(&self, graphs: &[OpGraph], weight: f32, examples: &mut Examples) {
        let facts: Vec<Vec<Option<f64>>> = graphs.par_iter().map(|g| self.standard(g)).collect();
        for (targets, facts) in examples.targets.iter_mut().zip(facts) {
            targets.extend(facts.into_iter().map(|x| x.map(|x| x as f32 * weight.sqrt())));
        }
        examples.auxiliary = features::NAMES.len();
        examples.names.extend(features::NAMES.map(|n| format!("structure_{n}")));
    }
}
