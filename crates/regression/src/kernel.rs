//! The covariance that a Gaussian process assumes between networks, and its
//! choice by the marginal likelihood.
//!
//! Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006):
//! the Matérn kernel of smoothness 3/2 (eq. 4.17); length and noise chosen on a
//! grid by the marginal likelihood (section 5.4) with the signal's variance at
//! its maximum.

use super::Facts;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Lengths, in units of the root of the number of facts.
const LENGTHS: [f64; 7] = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
/// Variance of the noise relative to the signal's.
const NOISES: [f64; 7] = [0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];

/// A Matérn 3/2 kernel on the first facts of networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kernel {
    /// How many facts, from the first, it looks at.
    pub used: usize,
    /// Its length, in units of the root of that number.
    pub length: f64,
    /// Variance of the noise relative to the signal's.
    pub noise: f64,
    /// Variance of the signal.
    pub variance: f64,
}

impl Kernel {
    /// The kernel that explains `values`, of mean 0, at the rows `which` of
    /// `facts` best, and the logarithm of its marginal likelihood, up to a
    /// constant of the values' number. It looks at as many of the facts as one
    /// of `prefixes` says. `None` where nothing fits.
    pub fn fit(
        facts: &Facts,
        which: &[usize],
        values: &[f64],
        prefixes: &[usize],
    ) -> Option<(Self, f64)> {
        let y = DVector::from_column_slice(values);
        let lengths = |&used: &usize| LENGTHS.map(|l| (used, l));
        let grid: Vec<(usize, f64)> = prefixes.iter().flat_map(lengths).collect();
        let fits = grid.into_par_iter().flat_map_iter(|(used, length)| {
            let x = matrix(facts, which, used);
            let k = covariance(&x, &x, length);
            let fit =
                |noise: &f64| evidence(&k, &y, Self { used, length, noise: *noise, variance: 1.0 });
            NOISES.iter().filter_map(fit).collect::<Vec<_>>()
        });
        fits.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Correlation of the signals at two networks.
    pub fn between(&self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = a.iter().zip(b).take(self.used);
        matern(pairs.map(|(x, y)| (x - y).powi(2)).sum(), self.unit())
    }

    fn unit(&self) -> f64 {
        self.length * (self.used.max(1) as f64).sqrt()
    }
}

/// The kernel with the variance that explains `y` best.
fn evidence(k: &DMatrix<f64>, y: &DVector<f64>, kernel: Kernel) -> Option<(Kernel, f64)> {
    let n = y.len() as f64;
    let cholesky = (k + DMatrix::identity(y.len(), y.len()) * kernel.noise).cholesky()?;
    let alpha = cholesky.solve(y);
    let half_log_det: f64 = cholesky.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
    let variance = (y.dot(&alpha) / n).max(f64::MIN_POSITIVE);
    let evidence = -0.5 * n * variance.ln() - half_log_det;
    evidence.is_finite().then_some((Kernel { variance, ..kernel }, evidence))
}

/// The first `used` facts of the rows `which`.
pub(super) fn matrix(facts: &Facts, which: &[usize], used: usize) -> DMatrix<f64> {
    let at = |i: usize, j: usize| which.get(i).map_or(0.0, |&r| facts.at(r, j));
    DMatrix::from_fn(which.len(), used, at)
}

/// Correlations between the rows of `a` and of `b`.
pub(super) fn covariance(a: &DMatrix<f64>, b: &DMatrix<f64>, length: f64) -> DMatrix<f64> {
    let squares =
        |m: &DMatrix<f64>| -> Vec<f64> { m.row_iter().map(|r| r.norm_squared()).collect() };
    let (aa, bb) = (squares(a), squares(b));
    let unit = length * (a.ncols().max(1) as f64).sqrt();
    let mut k = a * b.transpose();
    for (mut column, b2) in k.column_iter_mut().zip(&bb) {
        for (value, a2) in column.iter_mut().zip(&aa) {
            *value = matern(a2 + b2 - 2.0 * *value, unit);
        }
    }
    k
}

/// Matérn 3/2 of a squared distance.
fn matern(square: f64, unit: f64) -> f64 {
    let d = (3.0 * square.max(0.0)).sqrt() / unit;
    (1.0 + d) * (-d).exp()
}
