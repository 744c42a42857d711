//! Gaussian-process regression on the structural facts of networks: a teacher
//! for when there are few labels.
//!
//! Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006),
//! algorithm 2.1.

use super::facts::{Facts, labelled};
use super::kernel::{Kernel, covariance, matrix};
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};
use nneval_graph::opstring::features::{LIVE, NAMES};
use rayon::prelude::*;

/// Most labelled networks: time grows with the cube of their number.
const MOST_ROWS: usize = 2000;
/// Fewest labels that a fit makes sense with.
const FEWEST_ROWS: usize = 3;

/// A fitted Gaussian process.
#[derive(Debug, Clone)]
pub struct GaussianProcess {
    x: DMatrix<f64>,
    alpha: DVector<f64>,
    mean: f64,
    kernel: Kernel,
}

impl GaussianProcess {
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
        let y: Vec<f64> = values.iter().map(|v| v - mean).collect();
        let none = || Error::Training("the kernel teacher found no fit".into());
        let (kernel, _) = Kernel::fit(facts, &rows, &y, &[LIVE, NAMES.len()]).ok_or_else(none)?;
        let x = matrix(facts, &rows, kernel.used);
        let noise = DMatrix::identity(y.len(), y.len()) * kernel.noise;
        let cholesky = (covariance(&x, &x, kernel.length) + noise).cholesky().ok_or_else(none)?;
        let alpha = cholesky.solve(&DVector::from_vec(y));
        Ok(Self { x, alpha, mean, kernel })
    }

    /// Expected labels of networks.
    pub fn predict(&self, facts: &Facts) -> Vec<f64> {
        let all: Vec<usize> = (0..facts.len()).collect();
        let chunk = |rows: &[usize]| -> Vec<f64> {
            let points = matrix(facts, rows, self.kernel.used);
            let k = covariance(&points, &self.x, self.kernel.length);
            (k * &self.alpha).iter().map(|z| z + self.mean).collect()
        };
        all.par_chunks(256).flat_map_iter(chunk).collect()
    }
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
        let process = GaussianProcess::fit(&train, &labels).unwrap();
        for (r, p) in process.predict(&test).into_iter().enumerate() {
            let x = test.at(r, 0);
            assert!((p - x.sin() - 5.0).abs() < 0.05, "{x} {p}");
        }
    }

    #[test]
    fn too_few_and_too_many_labels_are_refused() {
        let few = facts(2, 0.0);
        assert!(GaussianProcess::fit(&few, &[Some(1.0), Some(2.0)]).is_err());
        let many = facts(2001, 0.0);
        let reason = GaussianProcess::fit(&many, &vec![Some(1.0); 2001]).unwrap_err().to_string();
        assert!(reason.contains("2000"), "{reason}");
    }
}
