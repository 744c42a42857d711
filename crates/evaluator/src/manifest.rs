//! `evaluator.json`: what a bundle predicts, and how it was made.

use super::cost_model::CostModel;
use super::design_model::{DesignMetric, DesignModel};
use super::interval::Interval;
use super::ood::Domain;
use crate::error::Result;
use nneval_graph::costs::Terms;
use nneval_graph::opstring::{Style, VERSION};
use nneval_graph::reduce::Reduction;
use nneval_tables::labels::{DiscreteValues, MetricSpec, TargetTransform, TransformKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the bundle's layout that is written. 1 and 2 are read as well: 1 has no reductions,
/// 2 names them `view`.
pub const FORMAT: u32 = 3;

/// The content of `evaluator.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
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
    /// What design models of metrics share, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub design: Option<DesignModel>,
    /// In-domain statistics; bundles made before there were any have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub domain: Option<Domain>,
    /// SHA-256 (hexadecimal) of each file of the bundle.
    pub files: BTreeMap<String, String>,
}

/// One predicted metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Metric {
    /// Name, unit and direction.
    #[serde(flatten)]
    pub spec: MetricSpec,
    /// Where there is one, `transform`, `range`, `levels` and `interval` are about
    /// the ratio of the label to what this gives.
    #[serde(rename = "formula", skip_serializing_if = "Option::is_none", default)]
    pub cost_model: Option<CostModel>,
    /// As `cost_model`: a model of the network's design.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub design: Option<DesignMetric>,
    /// What is removed of a network before it is predicted from; bundles that name no
    /// reduction have [`Reduction::None`].
    #[serde(default, alias = "view", skip_serializing_if = "Reduction::is_none")]
    pub reduction: Reduction,
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
    pub levels: Option<DiscreteValues>,
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
    /// A metric of that transform and label range, and nothing else.
    pub fn new(spec: MetricSpec, transform: TargetTransform, range: [f64; 2]) -> Self {
        Self {
            spec,
            cost_model: None,
            design: None,
            reduction: Reduction::None,
            transform,
            range,
            untrained: false,
            levels: None,
            validation: None,
            interval: None,
        }
    }

    /// A metric that is described by the labels of the training rows.
    ///
    /// # Errors
    /// As [`TargetTransform::fit`].
    pub fn fit(spec: MetricSpec, labels: &[f64]) -> Result<Self> {
        Self::fit_as(spec, TransformKind::Auto, labels)
    }

    /// A metric that is predicted as a multiple of a cost model,
    /// fitted to the training rows; the ratio as its logarithm, an output of 0 a
    /// ratio of 1.
    ///
    /// # Errors
    /// As [`CostModel::fit`] and [`TargetTransform::fit`].
    pub fn fit_ratio(spec: MetricSpec, costs: &[Terms], labels: &[f64]) -> Result<Self> {
        let model = CostModel::fit(costs, labels, spec.is_memory())?;
        let ratios = costs.iter().zip(labels).map(|(t, y)| y / model.value(t));
        let metric = Self::fit_as(spec, TransformKind::Log, &ratios.collect::<Vec<_>>())?;
        let transform = metric.transform.centred_on(1.0);
        Ok(Self { cost_model: Some(model), transform, ..metric })
    }

    /// A metric that is predicted as a multiple of a design model. `ratios`: labels of training
    /// rows by what it gives for them; an output of 0 is a ratio of 1.
    ///
    /// # Errors
    /// As [`TargetTransform::fit`].
    pub fn fit_design(spec: MetricSpec, model: DesignMetric, ratios: &[f64]) -> Result<Self> {
        let metric = Self::fit_as(spec, TransformKind::Log, ratios)?;
        let transform = metric.transform.centred_on(1.0);
        Ok(Self { design: Some(model), transform, ..metric })
    }

    /// Whether it is predicted as a multiple of a cost model or a design model.
    pub fn is_ratio(&self) -> bool {
        self.cost_model.is_some() || self.design.is_some()
    }

    /// As [`Metric::fit`], with a transform of the given kind.
    ///
    /// # Errors
    /// As [`TargetTransform::fit`].
    pub fn fit_as(spec: MetricSpec, kind: TransformKind, labels: &[f64]) -> Result<Self> {
        let transform = TargetTransform::fit(kind, labels)?;
        let lo = labels.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = labels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let levels = DiscreteValues::fit(labels);
        Ok(Self { levels, ..Self::new(spec, transform, [lo, hi]) })
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

/// The reductions that `metrics` are predicted from, [`Reduction::None`] left out, ascending.
pub fn reductions(metrics: &[Metric]) -> Vec<Reduction> {
    let mut all: Vec<Reduction> = metrics.iter().map(|m| m.reduction).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|reduction| !reduction.is_none());
    all
}

impl Manifest {
    /// The description of a new bundle, without in-domain statistics.
    pub fn new(
        name: impl Into<String>,
        window: usize,
        metrics: Vec<Metric>,
        training: Training,
    ) -> Self {
        Self {
            format: FORMAT,
            string_version: VERSION,
            string_style: Style::default(),
            name: name.into(),
            window,
            metrics,
            training,
            design: None,
            domain: None,
            files: BTreeMap::new(),
        }
    }

    /// The model's outputs that a prediction needs.
    pub(super) fn outputs(&self) -> &'static [&'static str] {
        match self.domain {
            Some(_) => &["metrics", "pooled"],
            None => &["metrics"],
        }
    }

    /// What is wrong with the metrics or the calibration, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let levels = self.metrics.iter().find_map(|m| m.levels.as_ref()?.fault());
        let interval = || self.metrics.iter().find_map(|m| m.interval.as_ref()?.fault());
        let cost_model = || self.metrics.iter().find_map(|m| m.cost_model.as_ref()?.fault());
        let design = || {
            let networks = self.design.as_ref().map_or(0, DesignModel::networks);
            let shared = || self.design.as_ref()?.fault();
            shared()
                .or_else(|| self.metrics.iter().find_map(|m| m.design.as_ref()?.fault(networks)))
        };
        let range = || {
            let bad =
                |m: &&Metric| !(m.range.iter().all(|x| x.is_finite()) && m.range[0] <= m.range[1]);
            self.metrics.iter().find(bad).map(|_| "a metric's range does not ascend")
        };
        let names: BTreeSet<&str> = self.metrics.iter().map(|m| m.spec.name.as_str()).collect();
        let repeated = || (names.len() < self.metrics.len()).then_some("two metrics have one name");
        levels
            .or_else(range)
            .or_else(repeated)
            .or_else(cost_model)
            .or_else(design)
            .or_else(interval)
            .or_else(|| self.domain.as_ref().and_then(|d| d.fault(d.width())))
    }
}

/// Agreement on validation classes, which training has not seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Training {
    /// Label table.
    pub labels: String,
    /// Processor that the labels were measured on, where the table says so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub processor: String,
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
    /// The command that made it, of evaluators made before there were recipes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
}
