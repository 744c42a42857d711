//! The encoding of a network: model outputs and embedding.

use super::manifest::Metric;

/// What the model gives for one network. Windows are averaged by their share of the tokens; the
/// head being linear, outputs are those of the averaged embedding.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Encoding {
    /// Model outputs, one for each metric, before the inverse transform; each from the reduction
    /// of the network that the metric has.
    pub outputs: Vec<f64>,
    /// The outputs from the unreduced network, whatever the metrics' reductions: those of
    /// `embedding`.
    pub unreduced_outputs: Vec<f64>,
    /// For each metric the factor of its value: 1, or what its
    /// [`CostModel`](crate::CostModel) gives, in its unit.
    pub scales: Vec<f64>,
    /// The encoder's state, averaged over tokens, \[d\].
    pub embedding: Vec<f64>,
    /// Tokens of the unreduced operation string.
    pub tokens: Vec<u32>,
    /// Windows that the string was encoded in.
    pub windows: usize,
}

impl Encoding {
    /// An encoding with these outputs, reduced or not, and scales of 1; without embedding and
    /// tokens.
    pub fn new(outputs: Vec<f64>) -> Self {
        Self {
            unreduced_outputs: outputs.clone(),
            scales: vec![1.0; outputs.len()],
            outputs,
            embedding: Vec::new(),
            tokens: Vec::new(),
            windows: 1,
        }
    }

    /// The prediction of `metric`, the evaluator's at `index`, in its unit.
    pub fn value(&self, index: usize, metric: &Metric) -> Option<f64> {
        Some(self.scales.get(index)? * metric.value(*self.outputs.get(index)?))
    }

    /// The interval around it; `None` where the evaluator was not calibrated.
    pub fn interval(&self, index: usize, metric: &Metric) -> Option<[f64; 2]> {
        let scale = self.scales.get(index)?;
        Some(metric.interval(*self.outputs.get(index)?)?.map(|end| scale * end))
    }
}
