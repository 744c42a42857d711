//! How much of what an encoder says a formula of costs is off by is kept.
//!
//! Of networks of kinds that it was not trained on an encoder knows little, and a
//! formula stands by itself. Outputs are standardised logarithms of ratios, so a
//! share of them is a geometric mean of the formula and its correction.

use super::encoding;
use nneval::evaluator::{Encoded, Evaluator, Metric};
use nneval::labels::LabelTable;
use nneval::training::Source;

/// Shares are multiples of one by this.
const STEPS: u32 = 10;

/// For each metric the share of its outputs with the least mean absolute error of
/// the logarithm on `rows`; 1 for metrics without a formula or labels.
pub fn shares(
    evaluator: &Evaluator,
    source: &Source,
    table: &LabelTable,
    rows: &[usize],
) -> anyhow::Result<Vec<f32>> {
    let metrics = &evaluator.manifest().metrics;
    if !evaluator.needs_costs() {
        return Ok(vec![1.0; metrics.len()]);
    }
    let encoded = encoding::rows(evaluator, source, table, rows)?;
    let share = |(i, metric): (usize, &Metric)| -> anyhow::Result<f32> {
        if metric.formula.is_none() {
            return Ok(1.0);
        }
        let reported = table.gather(&metric.spec.name, rows)?;
        let error = |share: f64| mean_error(metric, i, &encoded, &reported, share);
        let all = (0..=STEPS).rev().map(|k| f64::from(k) / f64::from(STEPS));
        let best = all.min_by(|a, b| error(*a).total_cmp(&error(*b)));
        Ok(best.unwrap_or(1.0) as f32)
    };
    metrics.iter().enumerate().map(share).collect()
}

fn mean_error(
    metric: &Metric,
    index: usize,
    encoded: &[Encoded],
    reported: &[Option<f64>],
    share: f64,
) -> f64 {
    let one = |(e, label): (&Encoded, &Option<f64>)| {
        let value = e.scales.get(index)? * metric.value(share * e.outputs.get(index)?);
        Some((value / (*label)?).ln().abs())
    };
    let errors: Vec<f64> = encoded.iter().zip(reported).filter_map(one).collect();
    errors.iter().sum::<f64>() / errors.len().max(1) as f64
}
