//! What the metrics that an evaluator knows say of a metric that it does not.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Fewest networks that outputs are compared over.
const FEWEST_NETWORKS: usize = 3;
/// Components whose variance is below this share of the largest are noise of
/// single precision.
const SMALLEST_SHARE: f64 = 1e-9;
/// Prior variance of the constant, in units of the standardised labels.
const CONSTANT_VARIANCE: f64 = 1.0;
/// Prior variance of the common feature's weight, whose expectation is 1.
const COMMON_VARIANCE: f64 = 0.25;

/// A Gaussian prior of a new metric, linear in the outputs for known metrics.
///
/// Each known metric, standardised over some reference networks (and its sign
/// turned where it opposes the others), is taken as a draw from a distribution
/// of metrics; the new one is a further draw. Its features are a constant, the
/// mean over the known metrics, and the principal components of their
/// deviations from it; a component's prior variance is what the known metrics
/// have of it. This is the empirical Bayes of Gaussian-process multi-task
/// learning (Schwaighofer, Tresp & Yu 2005, "Learning Gaussian Process Kernels
/// via Hierarchical Bayes").
#[derive(Debug, Clone)]
pub struct Prior {
    /// Features by known outputs.
    map: DMatrix<f64>,
    /// Constant part of each feature.
    offset: DVector<f64>,
    /// Prior variance of each feature's weight.
    pub(super) variance: DVector<f64>,
    /// Prior expectation of each feature's weight.
    pub(super) expected: DVector<f64>,
}

impl Prior {
    /// Learns the prior from the known metrics' outputs for reference networks,
    /// one row a network. Outputs that do not vary there are left out.
    ///
    /// # Errors
    /// [`Error::Training`]: fewer than 3 networks, or no output that varies.
    pub fn fit(reference: &[Vec<f64>]) -> Result<Self> {
        let width = reference.first().map_or(0, Vec::len);
        if reference.len() < FEWEST_NETWORKS || reference.iter().any(|r| r.len() != width) {
            return Err(Error::Training(format!(
                "adapting needs {FEWEST_NETWORKS} networks or more, not {}",
                reference.len()
            )));
        }
        let at = |i: usize, j: usize| reference.get(i).and_then(|r| r.get(j)).copied();
        let z = DMatrix::from_fn(reference.len(), width, |i, j| at(i, j).unwrap_or(0.0));
        let scale = Scale::fit(&z);
        if scale.count == 0.0 {
            return Err(Error::Training(
                "adapting: the evaluator's outputs do not vary over the networks".into(),
            ));
        }
        Ok(Self::of(&scale))
    }

    fn of(scale: &Scale) -> Self {
        let (c, ones) = (&scale.correlation, &scale.used);
        let common = ones / scale.count;
        let spread = (common.transpose() * c * &common).sum().max(f64::MIN_POSITIVE).sqrt();
        let deviation = DMatrix::from_diagonal(ones) - &common * ones.transpose();
        let eigen = SymmetricEigen::new(deviation.transpose() * c * &deviation);
        let largest = eigen.eigenvalues.max().max(0.0);
        let kept: Vec<usize> = (0..eigen.eigenvalues.len())
            .filter(|&k| eigen.eigenvalues.get(k).is_some_and(|l| *l > largest * SMALLEST_SHARE))
            .filter(|&k| eigen.eigenvalues.get(k).is_some_and(|l| *l > SMALLEST_SHARE))
            .collect();
        let mut columns = vec![DVector::zeros(ones.len()), common / spread];
        let mut variance = vec![CONSTANT_VARIANCE, COMMON_VARIANCE];
        for k in kept {
            let lambda = eigen.eigenvalues.get(k).copied().unwrap_or(1.0);
            columns.push(&deviation * eigen.eigenvectors.column(k) / lambda.sqrt());
            variance.push(lambda / scale.count);
        }
        let mut map = DMatrix::from_columns(&columns).transpose();
        for (mut column, factor) in map.column_iter_mut().zip(&scale.factor) {
            column *= *factor;
        }
        let mut offset = -(&map * &scale.mean);
        let mut expected = DVector::zeros(map.nrows());
        if let (Some(constant), Some(common)) = (offset.get_mut(0), expected.get_mut(1)) {
            (*constant, *common) = (1.0, 1.0);
        }
        Self { map, offset, variance: DVector::from_vec(variance), expected }
    }

    /// Features of a network with these outputs for the known metrics.
    pub fn features(&self, known: &[f64]) -> Vec<f64> {
        let width = self.map.ncols();
        let z = DVector::from_fn(width, |j, _| known.get(j).copied().unwrap_or(0.0));
        (&self.map * z + &self.offset).iter().copied().collect()
    }

    /// A weighted sum of the features as a constant and one factor for each
    /// known output.
    pub fn in_outputs(&self, weights: &[f64]) -> (f64, Vec<f64>) {
        let w = DVector::from_fn(self.map.nrows(), |j, _| weights.get(j).copied().unwrap_or(0.0));
        (w.dot(&self.offset), self.map.tr_mul(&w).iter().copied().collect())
    }
}

/// Standardisation of the known outputs, and their correlations after it.
struct Scale {
    mean: DVector<f64>,
    /// Sign over standard deviation; 0 for outputs that are left out.
    factor: DVector<f64>,
    /// 1 for outputs that vary, else 0.
    used: DVector<f64>,
    /// Number of those.
    count: f64,
    correlation: DMatrix<f64>,
}

impl Scale {
    fn fit(z: &DMatrix<f64>) -> Self {
        let n = z.nrows() as f64;
        let mean = z.row_mean().transpose();
        let centred = DMatrix::from_fn(z.nrows(), z.ncols(), |i, j| {
            z.get((i, j)).zip(mean.get(j)).map_or(0.0, |(v, m)| v - m)
        });
        let deviation = |j: usize| (centred.column(j).norm_squared() / n).sqrt();
        let inverse = |j: usize, _| match deviation(j) {
            sd if sd.is_finite() && sd > 1e-9 => 1.0 / sd,
            _ => 0.0,
        };
        let mut factor = DVector::from_fn(z.ncols(), inverse);
        let used = factor.map(|f| f64::from(u8::from(f > 0.0)));
        let mut correlation = centred.tr_mul(&centred) / n;
        scale_both(&mut correlation, &factor);
        let sign = correlation.column_sum().map(|s| if s < 0.0 { -1.0 } else { 1.0 });
        scale_both(&mut correlation, &sign);
        factor.component_mul_assign(&sign);
        Self { mean, factor, count: used.sum(), used, correlation }
    }
}

/// `m[i, j] · f[i] · f[j]`.
fn scale_both(m: &mut DMatrix<f64>, f: &DVector<f64>) {
    for (mut column, b) in m.column_iter_mut().zip(f) {
        column.component_mul_assign(f);
        column *= *b;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Outputs of six metrics that mix three hidden quantities; the fourth metric
    /// opposes the others and the last is constant.
    pub fn outputs(networks: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut row = || {
            let [a, b, c] = [(); 3].map(|()| rng.random_range(-1.0..1.0));
            vec![a + b, a + 0.5 * b, 2.0 * a + c, -3.0 * a, a + b + c, 7.0]
        };
        (0..networks).map(|_| row()).collect()
    }

    #[test]
    fn features_are_standardised_and_uncorrelated_with_variances_of_the_metrics() {
        let reference = outputs(400, 1);
        let prior = Prior::fit(&reference).unwrap();
        let rows: Vec<Vec<f64>> = reference.iter().map(|r| prior.features(r)).collect();
        assert_eq!(rows[0].len(), 5, "a constant, the mean, three components");
        let mean = |f: &dyn Fn(&[f64]) -> f64| rows.iter().map(|r| f(r)).sum::<f64>() / 400.0;
        assert!(rows.iter().all(|r| r[0] == 1.0));
        for j in 1..5 {
            assert!(mean(&|r| r[j]).abs() < 1e-9);
            assert!((mean(&|r| r[j] * r[j]) - 1.0).abs() < 1e-6);
        }
        assert!(mean(&|r| r[2] * r[3]).abs() < 1e-6);
        assert!(prior.variance.iter().all(|v| *v > 0.0));
    }

    #[test]
    fn a_sum_of_features_is_a_sum_of_outputs() {
        let reference = outputs(50, 2);
        let prior = Prior::fit(&reference).unwrap();
        let weights = [0.3, 1.0, -0.5, 0.2, 0.7];
        let (constant, factors) = prior.in_outputs(&weights);
        assert_eq!(factors[5], 0.0, "the constant output is left out");
        for r in &reference {
            let a: f64 = prior.features(r).iter().zip(weights).map(|(f, w)| f * w).sum();
            let b: f64 = constant + r.iter().zip(&factors).map(|(z, f)| z * f).sum::<f64>();
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn one_known_metric_is_enough_and_none_is_refused() {
        let one: Vec<Vec<f64>> = outputs(9, 3).iter().map(|r| vec![r[0]]).collect();
        assert_eq!(Prior::fit(&one).unwrap().features(&[0.5]).len(), 2);
        assert!(Prior::fit(&one[..2]).is_err());
        assert!(Prior::fit(&vec![vec![1.0]; 9]).is_err());
        assert!(Prior::fit(&vec![vec![]; 9]).is_err());
    }
}
