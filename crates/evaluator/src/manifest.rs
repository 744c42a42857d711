//! `evaluator.json`: what a bundle predicts, and how it was made.

use super::domain::Domain;
use super::formula::Formula;
use super::interval::Interval;
use crate::error::Result;
use nneval_graph::costs::Terms;
use nneval_graph::opstring::{Style, View};
use nneval_tables::labels::{Levels, MetricSpec, TargetTransform, TransformKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the bundle's layout that is written. 1 is read as well: it has no views.
pub const FORMAT: u32 = 2;

/// The content of `evaluator.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version, up to [`FORMAT`].
    pub format: u32,
    /// Version of the operation string that the evaluator was trained on.
    pub string_version: u32,
    /// Spelling of the operation string that its tokens are of; bundles that
    /// name none have [`Style::V1`].
    #[serde(default, skip_serializing_if = "Style::is_default")]
    pub string_style: Style,
    /// Name of the evaluator.
    pub name: String,
    /// Longest token sequence that is encoded in one piece.
    pub window: usize,
    /// Metrics in the order of the model's output columns.
    pub metrics: Vec<Metric>,
    /// How it was trained.
    pub training: Training,
    /// In-domain statistics; bundles made before there were any have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub domain: Option<Domain>,
    /// SHA-256 (hexadecimal) of each file of the bundle.
    pub files: BTreeMap<String, String>,
}

/// One predicted metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Metric {
    /// Name, unit and direction.
    #[serde(flatten)]
    pub spec: MetricSpec,
    /// Where there is one, `transform`, `range`, `levels` and `interval` are about
    /// the ratio of the label to what this gives.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub formula: Option<Formula>,
    /// What of a network it is predicted from; bundles that name no view have
    /// [`View::Whole`].
    #[serde(default, skip_serializing_if = "View::is_whole")]
    pub view: View,
    /// From label units to the model's output and back.
    pub transform: TargetTransform,
    /// Smallest and largest label of the training rows. Predictions go beyond
    /// them by a twentieth of their distance at most.
    pub range: [f64; 2],
    /// Whether its column of the head is random: predictions then mean nothing,
    /// until a training run starts from the evaluator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untrained: bool,
    /// The values that the labels take, where these are few.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub levels: Option<Levels>,
    /// Agreement with the validation labels, where there were any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub validation: Option<Validation>,
    /// Calibration of intervals, where there were labels enough.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval: Option<Interval>,
}

/// Share of the label range that predictions may go beyond it.
const MARGIN: f64 = 0.05;

impl Metric {
    /// A metric that is described by the labels of the training rows.
    ///
    /// # Errors
    /// As [`TargetTransform::fit`].
    pub fn fit(spec: MetricSpec, labels: &[f64]) -> Result<Self> {
        Self::fit_as(spec, TransformKind::Auto, labels)
    }

    /// A metric that is predicted as a multiple of a formula of static costs,
    /// fitted to the training rows; the ratio as its logarithm, an output of 0 a
    /// ratio of 1.
    ///
    /// # Errors
    /// As [`Formula::fit`] and [`TargetTransform::fit`].
    pub fn fit_ratio(spec: MetricSpec, costs: &[Terms], labels: &[f64]) -> Result<Self> {
        let formula = Formula::fit(costs, labels, spec.is_memory())?;
        let ratios = costs.iter().zip(labels).map(|(t, y)| y / formula.value(t));
        let metric = Self::fit_as(spec, TransformKind::Log, &ratios.collect::<Vec<_>>())?;
        let transform = metric.transform.centred_on(1.0);
        Ok(Self { formula: Some(formula), transform, ..metric })
    }

    fn fit_as(spec: MetricSpec, kind: TransformKind, labels: &[f64]) -> Result<Self> {
        let transform = TargetTransform::fit(kind, labels)?;
        let lo = labels.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = labels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let levels = Levels::fit(labels);
        Ok(Self {
            spec,
            formula: None,
            view: View::Whole,
            transform,
            range: [lo, hi],
            untrained: false,
            levels,
            validation: None,
            interval: None,
        })
    }

    /// The lowest lower end of a range up to `hi` whose margin stays above 0.
    pub fn lowest(hi: f64) -> f64 {
        hi * MARGIN / (1.0 + MARGIN)
    }

    /// A model output in the metric's unit, at one of its levels where it has
    /// such.
    pub fn value(&self, output: f64) -> f64 {
        let v = self.smooth(output);
        self.levels.as_ref().map_or(v, |levels| levels.nearest(v))
    }

    /// A model output in the metric's unit: inside the label range the inverse
    /// transform, outside it the same bent towards the margin, so that the
    /// order of predictions stays.
    pub fn smooth(&self, output: f64) -> f64 {
        let v = self.transform.invert(output);
        let [lo, hi] = self.range;
        let margin = ((hi - lo) * MARGIN).max(f64::MIN_POSITIVE);
        let bend = |over: f64| margin * -(-over / margin).exp_m1();
        match v {
            v if v < lo => lo - bend(lo - v),
            v if v > hi => hi + bend(v - hi),
            v => v,
        }
    }

    /// The output that [`Metric::smooth`] turns into `label`; infinite for a
    /// label that no output gives, `None` for one that has no target.
    pub fn output(&self, label: f64) -> Option<f64> {
        let [lo, hi] = self.range;
        let margin = ((hi - lo) * MARGIN).max(f64::MIN_POSITIVE);
        let unbend = |over: f64| -margin * (-over / margin).ln_1p();
        let beyond = |v: f64| self.transform.apply(v);
        match label {
            v if v.is_nan() => None,
            v if v < lo - margin => Some(f64::NEG_INFINITY),
            v if v > hi + margin => Some(f64::INFINITY),
            v if v < lo => beyond(lo - unbend(lo - v)).or(Some(f64::NEG_INFINITY)),
            v if v > hi => beyond(hi + unbend(v - hi)).or(Some(f64::INFINITY)),
            v => self.transform.apply(v),
        }
    }

    /// What an interval around `output` must reach to hold `label`: the output
    /// that gives the label or, where the metric has levels, the nearest output
    /// that is brought to it. As [`Metric::output`] otherwise.
    pub fn wanted(&self, label: f64, output: f64) -> Option<f64> {
        let exact = self.output(label)?;
        let Some(levels) = &self.levels else { return Some(exact) };
        let [lo, hi] = levels.cell(label);
        let lo = if lo.is_finite() { self.output(lo)? } else { f64::NEG_INFINITY };
        let hi = if hi.is_finite() { self.output(hi)? } else { f64::INFINITY };
        Some(output.max(lo.min(exact)).min(hi.max(exact)))
    }

    /// Lower and upper end of the interval around an output, in the metric's
    /// unit, at levels as [`Metric::value`]; `None` where the evaluator was not
    /// calibrated.
    pub fn interval(&self, output: f64) -> Option<[f64; 2]> {
        let ends = self.interval.as_ref()?.around(output);
        Some(ends.map(|z| self.value(z)))
    }
}

/// The views that `metrics` are predicted from, [`View::Whole`] left out, ascending.
pub fn views(metrics: &[Metric]) -> Vec<View> {
    let mut views: Vec<View> = metrics.iter().map(|m| m.view).collect();
    views.sort_unstable();
    views.dedup();
    views.retain(|view| !view.is_whole());
    views
}

impl Manifest {
    /// What is wrong with the calibration, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let levels = self.metrics.iter().find_map(|m| m.levels.as_ref()?.fault());
        let interval = || self.metrics.iter().find_map(|m| m.interval.as_ref()?.fault());
        let formula = || self.metrics.iter().find_map(|m| m.formula.as_ref()?.fault());
        levels
            .or_else(formula)
            .or_else(interval)
            .or_else(|| self.domain.as_ref().and_then(|d| d.fault(d.width())))
    }
}

/// Agreement on validation classes, which training has not seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Validation {
    /// Validation rows with a label.
    pub rows: usize,
    /// Kendall's τ-b.
    pub tau: Option<f64>,
    /// Spearman's ρ.
    pub rho: Option<f64>,
    /// Mean absolute error in the metric's unit.
    pub mae: Option<f64>,
}

/// How an evaluator was trained.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Training {
    /// Label table.
    pub labels: String,
    /// Search space or model folder.
    pub space: String,
    /// Dataset of the search space's networks.
    pub dataset: String,
    /// Rows trained on.
    pub rows: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Classes of those rows, ascending; scores leave them out.
    pub classes: Vec<u64>,
    /// Classes that settings and epoch were chosen by, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_classes: Vec<u64>,
    /// The command that reproduces it.
    pub command: String,
}
