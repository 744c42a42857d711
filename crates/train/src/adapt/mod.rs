//! A new metric from a few labels: its column of the head is a weighted sum of
//! the columns that the evaluator has.

mod design;
mod few_labels;
mod fit;
mod known;
mod new_metrics;
mod prior;
mod run;
mod sample;
mod suggest;

pub use design::worth_measuring;
pub use few_labels::FewLabels;
pub use fit::{FEWEST_LABELS, Fitted, MOST_LABELS};
pub use known::{common_reduction, kept_metrics, known_metrics, known_outputs};
pub use new_metrics::new_metrics;
pub use prior::Prior;
pub use run::{AdaptOptions, AdaptedEvaluator, adapt, networks_beside};
pub use sample::sample_keys;
pub use suggest::{SuggestOptions, suggest, suggestions};

use crate::error::Result;
use nneval_evaluator::Metric;
use nneval_evaluator::weights::HeadColumn;
use nneval_evaluator::{Calibrated, Interval};
use nneval_graph::reduce::Reduction;
use nneval_tables::labels::{MetricSpec, TransformKind};
use nneval_tables::statistics as stats;

/// Beyond what is predicted for the reference networks, predictions may go on by
/// this share of the distance between their ends.
const MARGIN: f64 = 0.5;

/// A labelled network: its outputs for the known metrics, its label and class.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// One output for each known metric.
    pub known: Vec<f64>,
    /// Label, in the metric's unit.
    pub label: f64,
    /// Class of the network.
    pub class: u64,
}

/// A metric made of known metrics.
#[derive(Debug, Clone)]
pub struct Adapted {
    /// Name, transform, range, interval.
    pub metric: Metric,
    /// Constant part of the output.
    pub constant: f64,
    /// Factor of each known metric's output.
    pub factors: Vec<f64>,
    /// Labels it was made from.
    pub labels: usize,
    /// Spearman's ρ between each label and what the others predict for it.
    pub rho: Option<f64>,
    /// Mean absolute error of the same, in the metric's unit.
    pub error: Option<f64>,
}

impl Adapted {
    /// Makes the metric `spec` of known ones. `reference` are the outputs of
    /// the known metrics for networks like those that will be predicted; the
    /// range of predictions is taken from them. These outputs and the labelled ones are
    /// of the networks' `reduction`, and so is the metric.
    ///
    /// # Errors
    /// As [`Fitted::fit`].
    pub fn fit(
        spec: MetricSpec,
        prior: &Prior,
        reference: &[Vec<f64>],
        labelled: &[Labelled],
        reduction: Reduction,
    ) -> Result<Self> {
        let features: Vec<Vec<f64>> = labelled.iter().map(|l| prior.features(&l.known)).collect();
        let labels: Vec<f64> = labelled.iter().map(|l| l.label).collect();
        let fitted = Fitted::fit(prior, &features, &labels)?;
        let (constant, factors) = prior.in_outputs(&fitted.weights);
        let output =
            |known: &[f64]| constant + known.iter().zip(&factors).map(|(z, f)| z * f).sum::<f64>();
        let outputs = reference.iter().map(|r| output(r));
        let range = range(&fitted, outputs, &labels);
        let transform = fitted.transform.clone();
        let mut metric = Metric::new(spec, transform, range);
        metric.reduction = reduction;
        metric.interval = interval(&metric, &fitted, labelled);
        let predicted: Vec<f64> = fitted.left_out.iter().map(|z| metric.value(*z)).collect();
        Ok(Self {
            metric,
            constant,
            factors,
            labels: labels.len(),
            rho: stats::spearman_rho(&labels, &predicted),
            error: stats::mean_absolute_error(&labels, &predicted),
        })
    }

    /// The head's column for this metric, given those of the known metrics.
    pub fn column(&self, known: &[&HeadColumn]) -> HeadColumn {
        let width = known.first().map_or(0, |c| c.weights.len());
        let mut weights = vec![0.0f64; width];
        let mut bias = self.constant;
        for (column, factor) in known.iter().zip(&self.factors) {
            weights.iter_mut().zip(&column.weights).for_each(|(w, c)| *w += factor * f64::from(*c));
            bias += factor * f64::from(column.bias);
        }
        HeadColumn { weights: weights.into_iter().map(|w| w as f32).collect(), bias: bias as f32 }
    }
}

/// Ends of what is predicted or labelled, moved apart by the margin in the space
/// of outputs. Where all labels are positive no prediction falls below 0.
fn range(fitted: &Fitted, outputs: impl Iterator<Item = f64>, labels: &[f64]) -> [f64; 2] {
    let transform = &fitted.transform;
    let targets = labels.iter().filter_map(|v| transform.apply(*v));
    let (lo, hi) = outputs
        .chain(targets)
        .filter(|z| z.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), z| (lo.min(z), hi.max(z)));
    let margin = (hi - lo) * MARGIN;
    let [lo, hi] = [transform.invert(lo - margin), transform.invert(hi + margin)];
    let least = labels.iter().copied().fold(f64::INFINITY, f64::min);
    match transform.kind() {
        TransformKind::Identity if least > 0.0 => [lo.max(Metric::lowest(hi)).min(least), hi],
        _ => [lo, hi],
    }
}

/// Interval from what each label is predicted as by the others; `None` for fewer
/// than nine classes.
fn interval(metric: &Metric, fitted: &Fitted, labelled: &[Labelled]) -> Option<Interval> {
    let row = |(l, output): (&Labelled, &f64)| {
        Some(Calibrated {
            output: *output,
            wanted: metric.wanted(l.label, *output)?,
            class: l.class,
        })
    };
    let rows: Vec<Calibrated> = labelled.iter().zip(&fitted.left_out).filter_map(row).collect();
    Interval::fit(&rows)
}

#[cfg(test)]
mod tests {
    use super::prior::tests::outputs;
    use super::*;

    fn labelled(reference: &[Vec<f64>], n: usize) -> Vec<Labelled> {
        let one = |(i, r): (usize, &Vec<f64>)| Labelled {
            known: r.clone(),
            label: 5.0 + r[0] + 0.3 * r[4],
            class: i as u64,
        };
        reference.iter().take(n).enumerate().map(one).collect()
    }

    #[test]
    fn a_column_predicts_what_the_fit_predicts_and_nothing_is_clipped() {
        let reference = outputs(300, 1);
        let prior = Prior::fit(&reference).unwrap();
        let spec = MetricSpec::from_column("new_lat_ms");
        let adapted =
            Adapted::fit(spec, &prior, &reference, &labelled(&reference, 10), Reduction::None)
                .unwrap();
        assert_eq!((adapted.labels, adapted.metric.spec.unit.as_str()), (10, "ms"));
        assert!(adapted.rho.unwrap() > 0.9 && adapted.error.unwrap() < 0.3);
        assert!(adapted.metric.interval.is_some());
        let known: Vec<HeadColumn> =
            (0..6u8).map(|j| HeadColumn { weights: vec![f32::from(j), 1.0], bias: 0.5 }).collect();
        let column = adapted.column(&known.iter().collect::<Vec<_>>());
        let outputs: Vec<f64> = (0..6).map(|j| f64::from(j) * 0.3 + 0.2 + 0.5).collect();
        let direct = adapted.constant
            + outputs.iter().zip(&adapted.factors).map(|(z, f)| z * f).sum::<f64>();
        let folded = f64::from(column.weights[0]) * 0.3
            + f64::from(column.weights[1]) * 0.2
            + f64::from(column.bias);
        assert!((direct - folded).abs() < 1e-4, "{direct} {folded}");
        for r in labelled(&reference, 300) {
            let z = adapted.constant
                + r.known.iter().zip(&adapted.factors).map(|(z, f)| z * f).sum::<f64>();
            let exact = adapted.metric.transform.invert(z);
            assert!((adapted.metric.value(z) - exact).abs() < 1e-9);
            assert!((exact - r.label).abs() < 0.3, "{exact} {}", r.label);
        }
        assert!(adapted.metric.value(-100.0) >= 0.0);
    }

    #[test]
    fn few_labels_make_no_interval() {
        let reference = outputs(300, 2);
        let prior = Prior::fit(&reference).unwrap();
        let spec = MetricSpec::from_column("new_lat_ms");
        let adapted =
            Adapted::fit(spec, &prior, &reference, &labelled(&reference, 5), Reduction::None)
                .unwrap();
        assert!(adapted.metric.interval.is_none() && adapted.metric.levels.is_none());
    }
}
