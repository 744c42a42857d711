//! Device drift in labels that were measured one after another: other load,
//! another clock, heat.
//!
//! On a drifting device the residual of one measurement predicts that of the
//! next. The drift at a measurement is a weighted sum of Gaussian-weighted means
//! of its neighbours' residuals (kernel smoothing, Nadaraya 1964 and Watson
//! 1964, leave-one-out). The weights are those that explain the residuals best.

use nalgebra::{Matrix3, Vector3};
use nneval_tables::statistics::quantile;

/// Standard deviations of the Gaussian weights, in measurements.
const WIDTHS: [f64; 3] = [2.0, 10.0, 40.0];
/// Weights are cut off beyond this many standard deviations.
const REACH: f64 = 4.0;
/// Weight of a residual of 0 in each mean, which steadies it where neighbours
/// are few.
const PRIOR: f64 = 0.5;
/// Residuals count as no more than this many times their median size.
const OUTLIER: f64 = 5.0;
/// Ridge, as a share of the means' summed squares.
const RIDGE: f64 = 0.01;
/// Where less than this share of the residuals' squares is explained there is no
/// drift.
const LEAST: f64 = 0.02;

/// The drift at each of a row of measurements, from their residuals in the order
/// in which they were measured (`None`: unknown, drift 0 there), in the
/// residuals' unit. All 0 where it explains less than 2 % of their squares.
pub fn drift(residuals: &[Option<f64>]) -> Vec<f64> {
    let residuals = without_outliers(residuals);
    let means = WIDTHS.map(|width| neighbours(&residuals, width));
    let means_at =
        |i: usize| Vector3::from(means.each_ref().map(|m| m.get(i).copied().unwrap_or(0.0)));
    let known = || residuals.iter().enumerate().filter_map(|(i, r)| Some((means_at(i), (*r)?)));
    let Some(weights) = weights(known()) else { return vec![0.0; residuals.len()] };
    let square = |f: fn(f64, f64) -> f64| -> f64 {
        known().map(|(x, r)| f(r, weights.dot(&x)).powi(2)).sum()
    };
    if square(|r, d| r - d) > (1.0 - LEAST) * square(|r, _| r) {
        return vec![0.0; residuals.len()];
    }
    let drift = |(i, r): (usize, &Option<f64>)| r.map_or(0.0, |_| weights.dot(&means_at(i)));
    residuals.iter().enumerate().map(drift).collect()
}

fn without_outliers(residuals: &[Option<f64>]) -> Vec<Option<f64>> {
    let finite = |r: &Option<f64>| r.filter(|r| r.is_finite());
    let mut sizes: Vec<f64> = residuals.iter().filter_map(finite).map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    let most = OUTLIER * quantile(&sizes, 0.5).unwrap_or(0.0);
    residuals.iter().map(|r| finite(r).map(|r| r.clamp(-most, most))).collect()
}

/// For each place the weighted mean of the residuals around it.
fn neighbours(residuals: &[Option<f64>], width: f64) -> Vec<f64> {
    let reach = (REACH * width) as usize;
    let mean = |i: usize| {
        let (mut sum, mut weight) = (0.0, PRIOR);
        let from = i.saturating_sub(reach);
        for (j, r) in residuals.iter().enumerate().skip(from).take(i - from + reach + 1) {
            if let (Some(r), true) = (r, i != j) {
                let k = (-0.5 * (i.abs_diff(j) as f64 / width).powi(2)).exp();
                sum += k * r;
                weight += k;
            }
        }
        sum / weight
    };
    (0..residuals.len()).map(mean).collect()
}

/// Ridge regression of residuals on three means.
fn weights(rows: impl Iterator<Item = (Vector3<f64>, f64)>) -> Option<Vector3<f64>> {
    let (mut xx, mut xy) = (Matrix3::zeros(), Vector3::zeros());
    for (x, r) in rows {
        xx += x * x.transpose();
        xy += x * r;
    }
    let ridge = Matrix3::identity() * (RIDGE * xx.trace() / 3.0);
    (xx + ridge).cholesky().map(|c| c.solve(&xy))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform in [-1, 1), the same each time.
    fn noise(n: usize) -> Vec<f64> {
        let step = |s: &mut u64| {
            *s = s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Some((*s >> 33) as f64 / (1u64 << 30) as f64 - 1.0)
        };
        std::iter::successors(Some(7u64), |s| Some(s + 1))
            .scan(7, move |s, _| step(s))
            .take(n)
            .collect()
    }

    #[test]
    fn a_slow_wave_is_found_among_noise() {
        let wave: Vec<f64> = (0..3000).map(|i| (f64::from(i) / 60.0).sin()).collect();
        let mut residuals: Vec<Option<f64>> =
            wave.iter().zip(noise(3000)).map(|(w, n)| Some(w + n)).collect();
        residuals[100] = None;
        residuals[200] = Some(1e9);
        let found = drift(&residuals);
        let error = |d: &[f64]| -> f64 {
            let pairs = wave.iter().zip(d).enumerate().filter(|(i, _)| *i != 100);
            pairs.map(|(_, (w, d))| (w - d).powi(2)).sum::<f64>() / 3000.0
        };
        assert!(error(&found) < 0.05 && error(&vec![0.0; 3000]) > 0.4, "{}", error(&found));
        assert_eq!(found[100], 0.0);
    }

    #[test]
    fn there_is_none_in_noise() {
        let residuals: Vec<Option<f64>> = noise(3000).into_iter().map(Some).collect();
        assert!(drift(&residuals).iter().all(|d| *d == 0.0));
        for odd in [vec![], vec![None; 4], vec![Some(0.0); 9], vec![Some(f64::NAN); 9]] {
            assert!(drift(&odd).iter().all(|d| *d == 0.0) && drift(&odd).len() == odd.len());
        }
    }
}
