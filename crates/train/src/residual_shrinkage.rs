//! Shrinkage of the encoder's correction to a cost model, by the rule of one standard error.
//!
//! An encoder knows little of kinds of networks that it was not trained on. There the cost model
//! stands by itself. Outputs are standardised logarithms of ratios: a share of them is a geometric
//! mean of the cost model and its correction.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::progress::Observer;
use nneval_evaluator::{Encoding, Evaluator, Metric};
use std::collections::BTreeMap;

/// Factors are multiples of one by this.
const STEPS: u32 = 10;

/// For each metric the least factor on its outputs whose mean absolute error of the
/// logarithm on `rows` is within a standard error of the best factor's (the rule of
/// one standard error, Breiman et al. 1984), each class counted as one; 1 for
/// metrics without a cost model or labels. Classes are kinds of networks: a gain on
/// one or two of them is no reason to correct all others.
///
/// # Errors
/// As [`Dataset::encode`].
pub fn shrinkage_factors(
    evaluator: &Evaluator,
    dataset: &mut Dataset,
    rows: &[usize],
    observer: Observer,
) -> Result<Vec<f32>> {
    let metrics = &evaluator.manifest().metrics;
    if !metrics.iter().any(Metric::is_ratio) {
        return Ok(vec![1.0; metrics.len()]);
    }
    let encoded = dataset.encode(evaluator, rows, observer)?;
    let classes: Vec<Option<u64>> = rows.iter().map(|&r| dataset.table().class(r)).collect();
    let factor = |(i, metric): (usize, &Metric)| -> Result<f32> {
        if !metric.is_ratio() {
            return Ok(1.0);
        }
        let reported = dataset.labels(&metric.spec.name, rows)?;
        let errors = |factor: f64| {
            let one = |(e, label): (&Encoding, &Option<f64>)| {
                let value = e.scales.get(i)? * metric.value(factor * e.outputs.get(i)?);
                Some((value / (*label)?).ln().abs())
            };
            let errors = encoded.iter().zip(&reported).map(one);
            by_class(&classes, errors)
        };
        Ok(least_factor(errors) as f32)
    };
    metrics.iter().enumerate().map(factor).collect()
}

/// The mean of each class; rows without one are classes of their own.
pub fn by_class(classes: &[Option<u64>], errors: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
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

/// The rule of one standard error: that of the paired differences between a factor's
/// errors and the best factor's.
pub fn least_factor(errors: impl Fn(f64) -> Vec<f64>) -> f64 {
    let all: Vec<(f64, Vec<f64>)> = (0..=STEPS)
        .map(|k| f64::from(k) / f64::from(STEPS))
        .map(|factor| (factor, errors(factor)))
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
    all.iter().find(|(_, errors)| near(errors)).map_or(*best, |(factor, _)| *factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_on_all_classes_is_kept_and_one_on_a_single_class_is_not() {
        let all = |factor: f64| [1.0, 2.0, 3.0, 4.0].map(|e| e * (1.0 - factor)).to_vec();
        assert_eq!(least_factor(all), 1.0);
        let one = |factor: f64| vec![1.0, 2.0 + factor / 10.0, 3.0, 4.0 - factor];
        assert_eq!(least_factor(one), 0.0);
        assert_eq!(least_factor(|_| Vec::new()), 1.0);
    }

    #[test]
    fn rows_without_a_class_stand_for_themselves() {
        let classes = [Some(1), None, Some(1), None];
        let errors = [Some(1.0), Some(5.0), Some(3.0), None];
        assert_eq!(by_class(&classes, errors.into_iter()), [5.0, 2.0]);
    }
}
