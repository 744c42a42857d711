//! Errors of predictions: mean absolute, root mean square, median relative.

use super::pairs::{check, finite};
use super::quantile::quantile;

/// Mean absolute error, in the unit of the values. Needs one value.
pub fn mean_absolute_error(reported: &[f64], predicted: &[f64]) -> Option<f64> {
    check(reported, predicted, 1)?;
    let sum: f64 = reported.iter().zip(predicted).map(|(r, p)| (p - r).abs()).sum();
    finite(sum / reported.len() as f64)
}

/// Root of the mean squared error, in the unit of the values. Needs one value.
pub fn root_mean_square_error(reported: &[f64], predicted: &[f64]) -> Option<f64> {
    check(reported, predicted, 1)?;
    let sum: f64 = reported.iter().zip(predicted).map(|(r, p)| (p - r) * (p - r)).sum();
    finite((sum / reported.len() as f64).sqrt())
}

/// Median of |predicted - reported| / |reported| over the rows whose reported
/// value is not 0. Needs one such row.
pub fn median_relative_error(reported: &[f64], predicted: &[f64]) -> Option<f64> {
    check(reported, predicted, 1)?;
    let rows = reported.iter().zip(predicted).filter(|(r, _)| **r != 0.0);
    let mut errors: Vec<f64> = rows.map(|(r, p)| ((p - r) / r).abs()).collect();
    errors.sort_by(f64::total_cmp);
    finite(quantile(&errors, 0.5)?)
}
