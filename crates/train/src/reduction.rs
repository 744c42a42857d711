//! Metrics that are predicted from a reduction of the networks, and their examples.

use crate::Examples;
use crate::error::Result;
use crate::network::DatasetNetwork;
use crate::tokens::TokenizerConfig;
use nneval_evaluator::{Metric, reductions};
use nneval_graph::opstring::{self, OpGraph};
use nneval_graph::reduce::Reduction;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A reduction, and the metrics that are predicted from it.
pub struct ReducedMetrics<'a> {
    reduction: Reduction,
    columns: Vec<usize>,
    tokens: &'a TokenizerConfig,
}

/// A target for each metric of a reduction.
type Targets = Vec<Option<f32>>;

/// A network, reduced.
struct Reduced {
    string: String,
    /// The graph, where it is another than the network's own.
    other: Option<OpGraph>,
}

/// Networks that are equal when they are reduced.
struct Common<'a> {
    graph: &'a OpGraph,
    /// Whether one of the networks is its own reduction.
    plain: bool,
    /// For each metric of the reduction the sum of the networks' targets, and how many.
    sums: Vec<(f32, f32)>,
}

impl Common<'_> {
    fn add(&mut self, targets: &[Option<f32>]) {
        for (sum, target) in self.sums.iter_mut().zip(targets) {
            *sum = target.map_or(*sum, |t| (sum.0 + t, sum.1 + 1.0));
        }
    }

    fn means(&self) -> Targets {
        self.sums.iter().map(|(sum, n)| (*n > 0.0).then(|| sum / n)).collect()
    }
}

impl<'a> ReducedMetrics<'a> {
    /// The reductions of `metrics`.
    pub fn all(metrics: &[Metric], tokens: &'a TokenizerConfig) -> Vec<Self> {
        let of = |reduction: Reduction| {
            let own = metrics.iter().enumerate().filter(|(_, m)| m.reduction == reduction);
            Self { reduction, columns: own.map(|(i, _)| i).collect(), tokens }
        };
        reductions(metrics).into_iter().map(of).collect()
    }

    /// Gives networks the mean target of all that have the same reduction: these differ by noise.
    /// Reductions that are no network of either part are added to the first.
    ///
    /// # Errors
    /// As [`TokenizerConfig::examples`].
    pub fn share_targets(&self, parts: &mut [(&[&OpGraph], &mut Examples); 2]) -> Result<()> {
        let [(first, _), (second, _)] = &*parts;
        let looks = [self.reduce(first), self.reduce(second)];
        let mut all: BTreeMap<&str, Common> = BTreeMap::new();
        for ((graphs, examples), looks) in parts.iter().zip(&looks) {
            self.gather(graphs, &examples.targets, looks, &mut all);
        }
        for ((_, examples), looks) in parts.iter_mut().zip(&looks) {
            for (targets, look) in examples.targets.iter_mut().zip(looks) {
                let common = all.get(look.string.as_str()).filter(|_| look.other.is_none());
                self.set(targets, common.map(Common::means).unwrap_or_default());
            }
        }
        let others = all.into_values().filter(|c| !c.plain);
        let others = others.map(|c| (c.graph.clone(), c.means())).collect();
        let [(_, first), _] = parts;
        self.add(others, first)
    }

    /// Adds networks to those of the same reduction.
    fn gather<'g>(
        &self,
        graphs: &[&'g OpGraph],
        targets: &[Targets],
        looks: &'g [Reduced],
        all: &mut BTreeMap<&'g str, Common<'g>>,
    ) {
        for ((graph, targets), look) in graphs.iter().zip(targets).zip(looks) {
            let common = all.entry(&look.string).or_insert_with(|| Common {
                graph: look.other.as_ref().unwrap_or(graph),
                plain: false,
                sums: vec![(0.0, 0.0); self.columns.len()],
            });
            common.plain |= look.other.is_none();
            common.add(&self.of(targets));
        }
    }

    /// Gives reductions that are other networks examples of their own.
    ///
    /// # Errors
    /// As [`TokenizerConfig::examples`].
    pub fn split_examples(&self, graphs: &[&OpGraph], examples: &mut Examples) -> Result<()> {
        let mut others = Vec::new();
        for (targets, look) in examples.targets.iter_mut().zip(self.reduce(graphs)) {
            if let Some(graph) = look.other {
                others.push((graph, self.of(targets)));
                self.set(targets, Vec::new());
            }
        }
        self.add(others, examples)
    }

    fn reduce(&self, graphs: &[&OpGraph]) -> Vec<Reduced> {
        let one = |g: &&OpGraph| {
            let other = self.reduction.reduce(g);
            Reduced { string: opstring::write(other.as_ref().unwrap_or(g)), other }
        };
        graphs.par_iter().map(one).collect()
    }

    /// The targets of the reduction's metrics.
    fn of(&self, targets: &[Option<f32>]) -> Targets {
        self.columns.iter().map(|&c| targets.get(c).copied().flatten()).collect()
    }

    /// Sets the targets of the reduction's metrics; those that are not given are unknown.
    fn set(&self, targets: &mut [Option<f32>], values: Targets) {
        let values = values.into_iter().chain(std::iter::repeat(None));
        for (&column, value) in self.columns.iter().zip(values) {
            if let Some(target) = targets.get_mut(column) {
                *target = value;
            }
        }
    }

    fn add(&self, others: Vec<(OpGraph, Targets)>, examples: &mut Examples) -> Result<()> {
        let (graphs, values): (Vec<OpGraph>, Vec<Targets>) = others.into_iter().unzip();
        let networks: Vec<DatasetNetwork> =
            graphs.into_par_iter().map(DatasetNetwork::from).collect();
        let networks: Vec<&DatasetNetwork> = networks.iter().collect();
        let added = self.tokens.examples(&networks, &mut |_| ())?;
        examples.tokens.extend(added.tokens);
        for values in values {
            let mut targets = vec![None; examples.names.len()];
            self.set(&mut targets, values);
            examples.targets.push(targets);
        }
        Ok(())
    }
}
