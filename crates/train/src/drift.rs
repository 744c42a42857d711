//! Labels freed from the drift of the device that they were measured on.

use super::{Effort, Trees};
use crate::error::Result;
use nneval_regression::drift::drift;
use nneval_regression::{Facts, labelled};

/// Parts that labels are predicted in, each by trees fitted to the others.
const FOLDS: usize = 3;

/// `labels` less the drift ([`drift`]) of what trees on the networks' facts leave
/// unexplained, in the labels' unit. `order` says for each network when it was
/// measured: its row in a table of which other rows may not be known.
///
/// # Errors
/// As [`Trees::fit`]: too few labels.
pub fn without_drift(
    facts: &Facts,
    order: &[usize],
    labels: &[Option<f64>],
) -> Result<Vec<Option<f64>>> {
    let (mean, spread) = moments(labels);
    let standard: Vec<Option<f64>> =
        labels.iter().map(|l| l.map(|l| (l - mean) / spread)).collect();
    let expected = expected(facts, &standard)?;
    let mut residuals = vec![None; order.iter().max().map_or(0, |last| last + 1)];
    for ((place, label), p) in order.iter().zip(&standard).zip(expected) {
        if let Some(slot) = residuals.get_mut(*place) {
            *slot = label.map(|l| l - p);
        }
    }
    let drift = drift(&residuals);
    let less = |(label, place): (&Option<f64>, &usize)| {
        label.map(|l| l - drift.get(*place).copied().unwrap_or(0.0) * spread)
    };
    Ok(labels.iter().zip(order).map(less).collect())
}

/// What trees expect of each label that have not seen it.
fn expected(facts: &Facts, labels: &[Option<f64>]) -> Result<Vec<f64>> {
    let mut expected = vec![0.0; labels.len()];
    for fold in 0..FOLDS {
        let rows: Vec<usize> = (fold..labels.len()).step_by(FOLDS).collect();
        let others: Vec<Option<f64>> =
            labels.iter().enumerate().map(|(i, l)| l.filter(|_| i % FOLDS != fold)).collect();
        let trees = Trees::fit(facts, &others, Effort::Quick)?;
        for (row, p) in rows.iter().zip(trees.predict(&facts.select(&rows))) {
            if let Some(slot) = expected.get_mut(*row) {
                *slot = p;
            }
        }
    }
    Ok(expected)
}

/// Mean and standard deviation, the latter 1 where it is 0.
fn moments(labels: &[Option<f64>]) -> (f64, f64) {
    let (_, values) = labelled(labels);
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_over_the_table_is_taken_out() {
        let n = 1500usize;
        let fact = |i: usize| (i * 7 % 5) as f64;
        let wave = |i: usize| (i as f64 / 80.0).sin();
        let facts = Facts::from_rows((0..n).map(|i| vec![fact(i); 4]).collect());
        let labels: Vec<Option<f64>> =
            (0..n).map(|i| (i % 11 != 3).then(|| 10.0 * fact(i) + wave(2 * i))).collect();
        let order: Vec<usize> = (0..n).map(|i| 2 * i).collect();
        let clean = without_drift(&facts, &order, &labels).unwrap();
        let error = |l: &[Option<f64>]| -> f64 {
            let each =
                l.iter().enumerate().filter_map(|(i, l)| Some(((*l)? - 10.0 * fact(i)).powi(2)));
            each.sum::<f64>() / n as f64
        };
        assert!(error(&clean) < 0.3 * error(&labels), "{} {}", error(&clean), error(&labels));
        assert_eq!(clean[3], None);
        assert!(without_drift(&facts, &order, &vec![None; n]).is_err());
    }
}
