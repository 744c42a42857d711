//! How much of what an encoder says a formula of costs is off by is kept.
//!
//! Of networks of kinds that it was not trained on an encoder knows little, and a
//! formula stands by itself. Outputs are standardised logarithms of ratios, so a
//! share of them is a geometric mean of the formula and its correction.

use super::encoding;
use nneval::evaluator::{Encoded, Evaluator, Metric};
use nneval::labels::LabelTable;
use nneval::training::Source;
use std::collections::BTreeMap;

/// Shares are multiples of one by this.
const STEPS: u32 = 10;

/// For each metric the least share of its outputs whose mean absolute error of the
/// logarithm on `rows` is within a standard error of the best share's (the rule of
/// one standard error, Breiman et al. 1984), each class counted as one; 1 for
/// metrics without a formula or labels. Classes are kinds of networks: a gain on
/// one or two of them is no reason to correct all others.
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
    let classes: Vec<Option<u64>> = rows.iter().map(|&r| table.class(r)).collect();
    let share = |(i, metric): (usize, &Metric)| -> anyhow::Result<f32> {
        if metric.cost_model.is_none() {
            return Ok(1.0);
        }
        let reported = table.gather(&metric.spec.name, rows)?;
        let errors = |share: f64| {
            let one = |(e, label): (&Encoded, &Option<f64>)| {
                let value = e.scales.get(i)? * metric.value(share * e.outputs.get(i)?);
                Some((value / (*label)?).ln().abs())
            };
            let errors = encoded.iter().zip(&reported).map(one);
            by_class(&classes, errors)
        };
        Ok(least_share(errors) as f32)
    };
    metrics.iter().enumerate().map(share).collect()
}

/// The mean of each class; rows without one are classes of their own.
fn by_class(classes: &[Option<u64>], errors: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let mut sums: BTreeMap<(Option<u64>, usize), (f64, f64)> = BTreeMap::new();
    for (i, (class, error)) in classes.iter().zip(errors).enumerate() {
        if let Some(error) = error {
            let row = if class.is_some() { 0 } else { i };
            let sum = sums.entry((*class, row)).or_default();
            *sum = (sum.0 + error, sum.1 + 1.0);
        }
    }
    sums.into_values().map(|(sum, n)| sum / n).collect()
}

/// The rule of one standard error: that of the paired differences between a share's
/// errors and the best share's.
fn least_share(errors: impl Fn(f64) -> Vec<f64>) -> f64 {
    let all: Vec<(f64, Vec<f64>)> = (0..=STEPS)
        .map(|k| f64::from(k) / f64::from(STEPS))
        .map(|share| (share, errors(share)))
        .collect();
    let mean = |e: &[f64]| e.iter().sum::<f64>() / e.len().max(1) as f64;
    let best = all.iter().rev().min_by(|a, b| mean(&a.1).total_cmp(&mean(&b.1)));
    let Some((best, least)) = best else { return 1.0 };
    let near = |errors: &[f64]| {
        let gaps: Vec<f64> = errors.iter().zip(least).map(|(a, b)| a - b).collect();
        let gap = mean(&gaps);
        let squares = gaps.iter().map(|g| (g - gap).powi(2)).sum::<f64>();
        let n = gaps.len() as f64;
        gap <= (squares / (n * (n - 1.0).max(1.0))).sqrt()
    };
    all.iter().find(|(_, errors)| near(errors)).map_or(*best, |(share, _)| *share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_on_all_classes_is_kept_and_one_on_a_single_class_is_not() {
        let all = |share: f64| [1.0, 2.0, 3.0, 4.0].map(|e| e * (1.0 - share)).to_vec();
        assert_eq!(least_share(all), 1.0);
        let one = |share: f64| vec![1.0, 2.0 + share / 10.0, 3.0, 4.0 - share];
        assert_eq!(least_share(one), 0.0);
        assert_eq!(least_share(|_| Vec::new()), 1.0);
    }

    #[test]
    fn rows_without_a_class_stand_for_themselves() {
        let classes = [Some(1), None, Some(1), None];
        let errors = [Some(1.0), Some(5.0), Some(3.0), None];
        assert_eq!(by_class(&classes, errors.into_iter()), [5.0, 2.0]);
    }
}
