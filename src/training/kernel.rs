//! Gaussian-process regression on the structural facts of networks: a teacher
//! for when there are few labels.
//!
//! Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006):
//! algorithm 2.1, the Matérn kernel of smoothness 3/2 (eq. 4.17), and length
//! and noise chosen on a grid by the marginal likelihood (section 5.4) with the
//! signal's variance at its maximum.

use super::facts::{Facts, labelled};
use crate::error::{Error, Result};
use crate::opstring::features::{LIVE, NAMES};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

/// Most labelled networks: time grows with the cube of their number.
const MOST_ROWS: usize = 2000;
/// Lengths, in units of the root of the number of facts.
const LENGTHS: [f64; 7] = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
/// Variance of the noise relative to the signal's.
const NOISES: [f64; 7] = [0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
/// Fewest labels that a fit makes sense with.
const FEWEST_ROWS: usize = 3;

/// A fitted Gaussian process.
#[derive(Debug, Clone)]
pub struct Kernel {
    x: DMatrix<f64>,
    alpha: DVector<f64>,
    mean: f64,
    used: usize,
    length: f64,
}

struct Fit {
    evidence: f64,
    kernel: Kernel,
}

impl Kernel {
    /// Fits `labels` of the networks with `facts`, rows without a label left
    /// out. Whether only facts of live paths or all are used, length and noise
    /// are what explains the labels best.
    ///
    /// # Errors
    /// [`Error::Training`]: fewer than 3 or more than 2,000 labels.
    pub fn fit(facts: &Facts, labels: &[Option<f64>]) -> Result<Self> {
        let (rows, values) = labelled(labels);
        if !(FEWEST_ROWS..=MOST_ROWS).contains(&values.len()) {
            return Err(Error::Training(format!(
                "a kernel teacher needs {FEWEST_ROWS} to {MOST_ROWS} labelled rows, not {}",
                values.len()
            )));
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let y = DVector::from_iterator(values.len(), values.iter().map(|v| v - mean));
        let grid: Vec<(usize, f64)> =
            [LIVE, NAMES.len()].into_iter().flat_map(|used| LENGTHS.map(|l| (used, l))).collect();
        let fits = grid.into_par_iter().flat_map_iter(|(used, length)| {
            let x = matrix(facts, &rows, used);
            let k = covariance(&x, &x, length);
            let fits: Vec<Fit> =
                NOISES.iter().filter_map(|&noise| solve(&x, &k, &y, mean, length, noise)).collect();
            fits
        });
        let best = fits.max_by(|a, b| a.evidence.total_cmp(&b.evidence));
        best.map(|f| f.kernel)
            .ok_or_else(|| Error::Training("the kernel teacher found no fit".into()))
    }

    /// Expected labels of networks.
    pub fn predict(&self, facts: &Facts) -> Vec<f64> {
        let all: Vec<usize> = (0..facts.len()).collect();
        let chunk = |rows: &[usize]| -> Vec<f64> {
            let k = covariance(&matrix(facts, rows, self.used), &self.x, self.length);
            (k * &self.alpha).iter().map(|z| z + self.mean).collect()
        };
        all.par_chunks(256).flat_map_iter(chunk).collect()
    }
}

/// The first `used` facts of the rows `which`.
fn matrix(facts: &Facts, which: &[usize], used: usize) -> DMatrix<f64> {
    let at = |i: usize, j: usize| which.get(i).map_or(0.0, |&r| facts.at(r, j));
    DMatrix::from_fn(which.len(), used, at)
}

fn solve(
    x: &DMatrix<f64>,
    k: &DMatrix<f64>,
    y: &DVector<f64>,
    mean: f64,
    length: f64,
    noise: f64,
) -> Option<Fit> {
    let n = y.len() as f64;
    let noisy = k + DMatrix::identity(y.len(), y.len()) * noise;
    let cholesky = noisy.cholesky()?;
    let alpha = cholesky.solve(y);
    let half_log_det: f64 = cholesky.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
    let variance = (y.dot(&alpha) / n).max(f64::MIN_POSITIVE);
    let evidence = -0.5 * n * variance.ln() - half_log_det;
    let kernel = Kernel { x: x.clone(), alpha, mean, used: x.ncols(), length };
    evidence.is_finite().then_some(Fit { evidence, kernel })
}

/// Matérn 3/2 between the rows of `a` and of `b`.
fn covariance(a: &DMatrix<f64>, b: &DMatrix<f64>, length: f64) -> DMatrix<f64> {
    let squares =
        |m: &DMatrix<f64>| -> Vec<f64> { m.row_iter().map(|r| r.norm_squared()).collect() };
    let (aa, bb) = (squares(a), squares(b));
    let unit = length * (a.ncols().max(1) as f64).sqrt();
    let mut k = a * b.transpose();
    for (mut column, b2) in k.column_iter_mut().zip(&bb) {
        for (value, a2) in column.iter_mut().zip(&aa) {
            let d = (3.0 * (a2 + b2 - 2.0 * *value).max(0.0)).sqrt() / unit;
            *value = (1.0 + d) * (-d).exp();
        }
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(n: usize, shift: f64) -> Facts {
        let row = |i: usize| {
            let x = i as f64 / n as f64 * 6.0 + shift;
            (0..NAMES.len()).map(|j| if j == 0 { x } else { 0.0 }).collect()
        };
        Facts::from_rows((0..n).map(row).collect())
    }

    #[test]
    fn a_smooth_function_is_learnt() {
        let (train, test) = (facts(60, 0.0), facts(50, 0.03));
        let labels: Vec<Option<f64>> = (0..60).map(|r| Some(train.at(r, 0).sin() + 5.0)).collect();
        let kernel = Kernel::fit(&train, &labels).unwrap();
        for (r, p) in kernel.predict(&test).into_iter().enumerate() {
            let x = test.at(r, 0);
            assert!((p - x.sin() - 5.0).abs() < 0.05, "{x} {p}");
        }
    }

    #[test]
    fn too_few_and_too_many_labels_are_refused() {
        let few = facts(2, 0.0);
        assert!(Kernel::fit(&few, &[Some(1.0), Some(2.0)]).is_err());
        let many = facts(2001, 0.0);
        let reason = Kernel::fit(&many, &vec![Some(1.0); 2001]).unwrap_err().to_string();
        assert!(reason.contains("2000"), "{reason}");
    }
}
