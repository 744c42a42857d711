//! Knowledge distillation: soft targets from evaluators and from regressions on structural facts.
//!
//! Each kind of teacher predicts every metric of every network in model units. The kinds are
//! stacked: their weights are chosen, metric by metric, on the validation labels.

mod evaluators;
#[cfg(feature = "gbdt")]
mod gbdt;
#[cfg(not(feature = "gbdt"))]
#[path = "no_gbdt.rs"]
mod gbdt;
mod gp;
mod pairwise_ridge;
mod stacking;

pub use evaluators::open_teachers;
pub use gbdt::{Budget, GradientBoostedTrees};
pub use pairwise_ridge::PairwiseRidge;
pub use stacking::{mix, stacking_weights};

use crate::Examples;
use crate::error::{Error, Result};
use crate::network::{DatasetNetwork, graphs};
use nneval_evaluator::{Evaluator, Metric};
use nneval_graph::opstring::OpGraph;
use nneval_regression::Facts;
use rayon::prelude::*;

/// One value in model units for each network, metric by metric.
pub type Columns = Vec<Vec<f64>>;
/// Labels in model units, metric by metric.
pub type Labels = [Vec<Option<f64>>];

/// A teacher that is fitted to the labels of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Gradient-boosted trees.
    Gbdt,
    /// Ridge regression on pairs of operations; with [`Kind::Gbdt`] also trees on what it leaves.
    PairwiseRidge,
    /// A Gaussian process, of at most 2,000 labels.
    Gp,
}

impl Kind {
    /// Names in recipes.
    pub const NAMES: [&'static str; 3] = ["gbdt", "pairwise-ridge", "gp"];

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|n| *n == name)?;
        [Self::Gbdt, Self::PairwiseRidge, Self::Gp].get(at).copied()
    }
}

/// Teachers of a run.
#[derive(Debug, Default)]
pub struct Teachers {
    /// Evaluators, whose mean is one kind of teacher.
    pub evaluators: Vec<Evaluator>,
    /// Kinds that are fitted to the labels.
    pub fitted: Vec<Kind>,
}

/// Networks that teachers predict for.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Those with labels to train on.
    pub train: &'a [&'a DatasetNetwork],
    /// Those without.
    pub unlabelled: &'a [&'a DatasetNetwork],
    /// Validation networks.
    pub valid: &'a [&'a DatasetNetwork],
}

/// The graphs of [`Parts`].
struct PartGraphs<'a>([Vec<&'a OpGraph>; 3]);

impl<'a> Parts<'a> {
    fn graphs(&self) -> PartGraphs<'a> {
        PartGraphs([graphs(self.train), graphs(self.unlabelled), graphs(self.valid)])
    }
}

impl PartGraphs<'_> {
    fn list(&self) -> [&[&OpGraph]; 3] {
        self.0.each_ref().map(Vec::as_slice)
    }
}

impl Teachers {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.evaluators.is_empty() && self.fitted.is_empty()
    }

    fn has(&self, kind: Kind) -> bool {
        self.fitted.contains(&kind)
    }

    /// What the stacked teachers predict for the training and the unlabelled networks, in model
    /// units; `None` without teachers. Models are fitted to `labels` of the training networks,
    /// weights chosen by `reported` labels of the validation networks.
    ///
    /// # Errors
    /// [`Error::Teacher`] for too few labels, or a teacher that does not predict a metric.
    pub fn soft_targets(
        &self,
        metrics: &[Metric],
        parts: &Parts,
        [labels, reported]: [&Labels; 2],
    ) -> Result<Option<[Columns; 2]>> {
        if self.is_empty() {
            return Ok(None);
        }
        let kinds = self.predictions(metrics, parts, labels)?;
        let weights = |m: usize| {
            let predicted: Vec<&[f64]> = kinds.iter().map(|[.., valid]| column(valid, m)).collect();
            stacking_weights(&predicted, reported.get(m).map_or(&[], Vec::as_slice))
        };
        let weights: Vec<Vec<f64>> = (0..metrics.len()).map(weights).collect();
        let stacked = |of: fn(&[Columns; 3]) -> &Columns| -> Columns {
            let one = |(m, weights): (usize, &Vec<f64>)| {
                let predicted: Vec<&[f64]> = kinds.iter().map(|k| column(of(k), m)).collect();
                mix(&predicted, weights)
            };
            weights.iter().enumerate().map(one).collect()
        };
        Ok(Some([stacked(|[train, ..]| train), stacked(|[_, unlabelled, _]| unlabelled)]))
    }

    /// What each kind predicts for the networks of each part.
    fn predictions(
        &self,
        metrics: &[Metric],
        parts: &Parts,
        labels: &Labels,
    ) -> Result<Vec<[Columns; 3]>> {
        let mut kinds = Vec::new();
        if !self.evaluators.is_empty() {
            kinds.push(evaluators::predict(&self.evaluators, metrics, parts)?);
        }
        let graphs = parts.graphs();
        if self.has(Kind::Gp) {
            kinds.push(gp::predict(labels, &graphs)?);
        }
        if self.has(Kind::Gbdt) || self.has(Kind::PairwiseRidge) {
            kinds.extend(self.by_segments(labels, &graphs)?);
        }
        Ok(kinds)
    }

    /// Models on structural facts and those of segments.
    fn by_segments(&self, labels: &Labels, parts: &PartGraphs) -> Result<Vec<[Columns; 3]>> {
        let mut kinds = Vec::new();
        let facts = three(Facts::with_segments(&parts.list()))?;
        let trees = |labels: &Labels| {
            let fit = |f: &Facts, l: &[Option<f64>]| GradientBoostedTrees::fit(f, l, Budget::Full);
            fitted(&facts, labels, fit, GradientBoostedTrees::predict)
        };
        if self.has(Kind::Gbdt) {
            kinds.push(trees(labels)?);
        }
        if self.has(Kind::PairwiseRidge) {
            let pairs = fitted(&facts, labels, PairwiseRidge::fit, PairwiseRidge::predict)?;
            let [train, ..] = &pairs;
            let rest =
                self.has(Kind::Gbdt).then(|| trees(&residuals(labels, train))).transpose()?;
            let both = rest.map(|rest| sums(&pairs, &rest));
            kinds.push(pairs);
            kinds.extend(both);
        }
        Ok(kinds)
    }
}

/// Brings what teachers predict into the targets of `examples`, which are labels times the roots
/// of `weights`. `share` is that of the teachers in a target that has a label; without a label
/// the target is the teachers' alone.
pub fn apply(taught: &[Vec<f64>], weights: &[f32], share: f64, examples: &mut Examples) {
    for (m, (column, w)) in taught.iter().zip(weights).enumerate() {
        for (targets, z) in examples.targets.iter_mut().zip(column) {
            if let Some(target) = targets.get_mut(m) {
                *target = blended(*target, (*z as f32) * w.sqrt(), share as f32);
            }
        }
    }
}

fn blended(label: Option<f32>, taught: f32, share: f32) -> Option<f32> {
    match label {
        _ if !taught.is_finite() => label,
        Some(own) => Some(own * (1.0 - share) + taught * share),
        None => Some(taught),
    }
}

/// What each of `fits` predicts for the networks of each part.
fn predictions<T>(
    facts: &[Facts; 3],
    fits: &[T],
    predict: impl Fn(&T, &Facts) -> Vec<f64>,
) -> [Columns; 3] {
    facts.each_ref().map(|f| fits.iter().map(|fit| predict(fit, f)).collect())
}

/// What models predict that are fitted, side by side, to `labels` of the first part's networks.
fn fitted<T: Send>(
    facts: &[Facts; 3],
    labels: &Labels,
    fit: impl Fn(&Facts, &[Option<f64>]) -> Result<T> + Sync,
    predict: impl Fn(&T, &Facts) -> Vec<f64>,
) -> Result<[Columns; 3]> {
    let [train, ..] = facts;
    let fits = labels.par_iter().map(|l| fit(train, l)).collect::<Result<Vec<_>>>()?;
    Ok(predictions(facts, &fits, predict))
}

/// What `predicted` leaves of `labels`.
fn residuals(labels: &Labels, predicted: &Columns) -> Vec<Vec<Option<f64>>> {
    let one = |(l, p): (&Option<f64>, &f64)| l.map(|l| l - p);
    let metric = |(l, p): (&Vec<Option<f64>>, &Vec<f64>)| l.iter().zip(p).map(one).collect();
    labels.iter().zip(predicted).map(metric).collect()
}

/// Sums, part by part.
fn sums(a: &[Columns; 3], b: &[Columns; 3]) -> [Columns; 3] {
    let metric = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    let part = |(a, b): (&Columns, &Columns)| a.iter().zip(b).map(metric).collect();
    let ([a0, a1, a2], [b0, b1, b2]) = (a, b);
    [part((a0, b0)), part((a1, b1)), part((a2, b2))]
}

fn three(facts: Vec<Facts>) -> Result<[Facts; 3]> {
    facts.try_into().map_err(|_| Error::Teacher("teachers have no networks".into()))
}

fn column(columns: &[Vec<f64>], m: usize) -> &[f64] {
    columns.get(m).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
