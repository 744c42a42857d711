//! Predictions: the value and interval of each metric, and how familiar the network is.

use std::ops::Index;
use std::sync::Arc;

/// Predicted metrics of one network.
///
/// ```no_run
/// # fn show(prediction: nneval_evaluator::Prediction) {
/// let accuracy = &prediction["cifar10_test_acc_pct"];
/// println!("{} {:?} {:?}", accuracy.value, accuracy.interval, prediction.in_domain());
/// for (name, estimate) in prediction.iter() {
///     println!("{name}: {}", estimate.value);
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    pub(super) names: Arc<[String]>,
    pub(super) estimates: Vec<Estimate>,
    pub(super) in_domain: Option<f64>,
    pub(super) flagged: Option<bool>,
    pub(super) tokens: usize,
    pub(super) windows: usize,
}

/// The prediction of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The value, in the metric's unit.
    pub value: f64,
    /// Lower and upper end of the interval ([`LEVEL`](crate::LEVEL)), in the metric's unit; `None`
    /// where the evaluator has no calibration for the metric, or the network is flagged.
    pub interval: Option<[f64; 2]>,
}

impl Prediction {
    /// The estimate of the metric called `name`; `None` where the evaluator predicts no such
    /// metric.
    pub fn get(&self, name: &str) -> Option<&Estimate> {
        self.estimates.get(self.names.iter().position(|n| n == name)?)
    }

    /// One estimate a metric, in the evaluator's order.
    pub fn estimates(&self) -> &[Estimate] {
        &self.estimates
    }

    /// Names and estimates of the metrics, in the evaluator's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Estimate)> {
        self.names.iter().map(String::as_str).zip(&self.estimates)
    }

    /// The in-domain score, 0 to 1: the share of networks like the training networks that lie at
    /// least as far out. `None` where the evaluator has no statistics.
    pub fn in_domain(&self) -> Option<f64> {
        self.in_domain
    }

    /// Whether the network is outside of what the evaluator was trained on. One in a hundred
    /// networks that are inside is flagged. `None` where the evaluator has no statistics.
    pub fn flagged(&self) -> Option<bool> {
        self.flagged
    }

    /// Tokens of the operation string.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Windows that the string was encoded in; more than one for strings longer than the
    /// evaluator's window.
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// The prediction times the scales of its metrics.
    pub(super) fn scaled(mut self, scales: &[f64]) -> Self {
        for (estimate, scale) in self.estimates.iter_mut().zip(scales) {
            estimate.value *= scale;
            estimate.interval.iter_mut().flatten().for_each(|end| *end *= scale);
        }
        self
    }

    /// The prediction for a network outside of what the evaluator was trained on.
    pub(super) fn outside(mut self) -> Self {
        self.estimates.iter_mut().for_each(|e| e.interval = None);
        Self { in_domain: Some(0.0), flagged: Some(true), ..self }
    }

    /// Memory of the numbers.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.estimates.as_slice())
    }
}

impl Index<&str> for Prediction {
    type Output = Estimate;

    /// The estimate of a metric.
    ///
    /// # Panics
    /// Where the evaluator predicts no such metric; [`Prediction::get`] does not.
    fn index(&self, name: &str) -> &Estimate {
        match self.get(name) {
            Some(estimate) => estimate,
            None => panic!("no metric is called {name:?}; there are {:?}", self.names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction() -> Prediction {
        let estimate = |value| Estimate { value, interval: Some([value - 1.0, value + 1.0]) };
        Prediction {
            names: ["accuracy", "latency"].map(String::from).into(),
            estimates: vec![estimate(90.0), Estimate { value: 2.0, interval: None }],
            in_domain: Some(0.5),
            flagged: Some(false),
            tokens: 9,
            windows: 1,
        }
    }

    #[test]
    fn values_are_found_by_name() {
        let p = prediction();
        assert_eq!(p["accuracy"].interval, Some([89.0, 91.0]));
        assert_eq!(p["latency"].value, 2.0);
        assert_eq!(p.get("energy"), None);
        assert_eq!(p.iter().map(|(n, _)| n).collect::<Vec<_>>(), ["accuracy", "latency"]);
    }

    #[test]
    #[should_panic(expected = "no metric is called \"energy\"")]
    fn an_unknown_name_panics_in_brackets() {
        let _ = prediction()["energy"];
    }

    #[test]
    fn scales_apply_to_values_and_intervals() {
        let p = prediction().scaled(&[2.0, 3.0]);
        assert_eq!((p["accuracy"].value, p["latency"].value), (180.0, 6.0));
        assert_eq!(p["accuracy"].interval, Some([178.0, 182.0]));
    }
}
