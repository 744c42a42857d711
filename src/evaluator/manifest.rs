//! `evaluator.json`: what a bundle predicts, and how it was made.

use crate::labels::{MetricSpec, TargetTransform};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the bundle's layout.
pub const FORMAT: u32 = 1;

/// The content of `evaluator.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version, [`FORMAT`].
    pub format: u32,
    /// Version of the operation string that the evaluator was trained on.
    pub string_version: u32,
    /// Name of the evaluator.
    pub name: String,
    /// Longest token sequence that is encoded in one piece.
    pub window: usize,
    /// Metrics in the order of the model's output columns.
    pub metrics: Vec<Metric>,
    /// How it was trained.
    pub training: Training,
    /// SHA-256 (hexadecimal) of each file of the bundle.
    pub files: BTreeMap<String, String>,
}

/// One predicted metric.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Metric {
    /// Name, unit and direction.
    #[serde(flatten)]
    pub spec: MetricSpec,
    /// From label units to the model's output and back.
    pub transform: TargetTransform,
    /// Smallest and largest label of the training rows. Predictions go beyond
    /// them by a twentieth of their distance at most.
    pub range: [f64; 2],
    /// Agreement with the validation labels, where there were any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub validation: Option<Validation>,
}

/// Share of the label range that predictions may go beyond it.
const MARGIN: f64 = 0.05;

impl Metric {
    /// A model output in the metric's unit: inside the label range the inverse
    /// transform, outside it the same bent towards the margin, so that the
    /// order of predictions stays.
    pub fn value(&self, output: f64) -> f64 {
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
