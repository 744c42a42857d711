//! What a Gaussian process expects at fixed networks, as observations come in
//! one by one.
//!
//! Rasmussen and Williams (2006), algorithm 2.1, row by row: the rows of the
//! Cholesky factor `L` of the observations' covariance and of `L⁻¹K`, `K` that
//! between observations and points, do not depend on what was observed, and a
//! new observation adds one to each. So an observation costs time in proportion
//! to observations times points, and the result is the same to the bit however
//! it was reached.

use super::kernel::Kernel;
use rayon::prelude::*;

/// Points that a thread works on at a time.
const CHUNK: usize = 1024;
/// Least share of the signal's variance that is left at a point.
const LEAST_VARIANCE: f64 = 1e-12;

/// A Gaussian process at fixed points.
#[derive(Debug, Clone)]
pub struct Posterior {
    kernel: Kernel,
    points: Vec<Vec<f64>>,
    observed: Vec<Vec<f64>>,
    lower: Vec<Vec<f64>>,
    solved: Vec<Vec<f64>>,
}

impl Posterior {
    /// Nothing observed yet; `points` are facts.
    pub fn new(kernel: Kernel, points: Vec<Vec<f64>>) -> Self {
        Self { kernel, points, observed: Vec::new(), lower: Vec::new(), solved: Vec::new() }
    }

    /// Number of observations.
    pub fn observations(&self) -> usize {
        self.observed.len()
    }

    /// Adds an observation at a network with these facts.
    pub fn observe(&mut self, facts: &[f64]) {
        let row = self.factor(facts);
        let diagonal = row.last().copied().unwrap_or(1.0);
        let mut solved = vec![0.0; self.points.len()];
        solved.par_chunks_mut(CHUNK).zip(self.points.par_chunks(CHUNK)).enumerate().for_each(
            |(c, (out, points))| {
                for (value, point) in out.iter_mut().zip(points) {
                    *value = self.kernel.between(facts, point);
                }
                for (l, before) in row.iter().zip(&self.solved) {
                    let before = before.get(c * CHUNK..).unwrap_or_default();
                    out.iter_mut().zip(before).for_each(|(v, b)| *v -= l * b);
                }
                out.iter_mut().for_each(|v| *v /= diagonal);
            },
        );
        self.solved.push(solved);
        self.lower.push(row);
        self.observed.push(facts.to_vec());
    }

    /// Forgets all but the first `n` observations.
    pub fn truncate(&mut self, n: usize) {
        self.observed.truncate(n);
        self.lower.truncate(n);
        self.solved.truncate(n);
    }

    /// The next row of the Cholesky factor.
    fn factor(&self, facts: &[f64]) -> Vec<f64> {
        let mut row: Vec<f64> = Vec::with_capacity(self.lower.len() + 1);
        for (before, at) in self.lower.iter().zip(&self.observed) {
            let known = dot(&row, before);
            let diagonal = before.last().copied().unwrap_or(1.0);
            row.push((self.kernel.between(facts, at) - known) / diagonal);
        }
        let left = 1.0 + self.kernel.noise - dot(&row, &row);
        row.push(left.max(LEAST_VARIANCE).sqrt());
        row
    }

    /// What is expected at the network observed last by the `values` of those before
    /// it, as [`Posterior::mean`].
    pub fn mean_at_last(&self, values: &[f64]) -> f64 {
        let row = self.lower.last().map_or(&[][..], Vec::as_slice);
        dot(row, &self.weights(values))
    }

    /// What is expected at each point where `values`, of prior mean 0, were
    /// observed, one for each observation in order.
    pub fn mean(&self, values: &[f64]) -> Vec<f64> {
        let weights = self.weights(values);
        let mut mean = vec![0.0; self.points.len()];
        for (weight, solved) in weights.iter().zip(&self.solved) {
            mean.iter_mut().zip(solved).for_each(|(m, s)| *m += weight * s);
        }
        mean
    }

    fn weights(&self, values: &[f64]) -> Vec<f64> {
        let mut weights: Vec<f64> = Vec::with_capacity(values.len());
        for (row, value) in self.lower.iter().zip(values) {
            let diagonal = row.last().copied().unwrap_or(1.0);
            weights.push((value - dot(&weights, row)) / diagonal);
        }
        weights
    }

    /// Standard deviation of the signal at each point.
    pub fn deviation(&self) -> Vec<f64> {
        let mut left = vec![1.0; self.points.len()];
        for solved in &self.solved {
            left.iter_mut().zip(solved).for_each(|(v, s)| *v -= s * s);
        }
        let deviation = |v: f64| (v.max(LEAST_VARIANCE) * self.kernel.variance).sqrt();
        left.into_iter().map(deviation).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: Kernel = Kernel { used: 1, length: 1.0, noise: 0.1, variance: 4.0 };

    fn points() -> Vec<Vec<f64>> {
        [0.0, 0.3, 1.0, 9.0].map(|x| vec![x, 7.0 * x]).to_vec()
    }

    #[test]
    fn one_observation_by_hand() {
        let mut p = Posterior::new(KERNEL, points());
        assert_eq!((p.mean(&[]), p.deviation()), (vec![0.0; 4], vec![2.0; 4]));
        p.observe(&[0.0, 0.0]);
        for (i, (mean, deviation)) in p.mean(&[3.0]).into_iter().zip(p.deviation()).enumerate() {
            let d = 3f64.sqrt() * points()[i][0];
            let k = (1.0 + d) * (-d).exp();
            assert!((mean - 3.0 * k / 1.1).abs() < 1e-12, "{i} {mean}");
            assert!((deviation.powi(2) - 4.0 * (1.0 - k * k / 1.1)).abs() < 1e-12, "{i}");
        }
    }

    #[test]
    fn what_was_forgotten_leaves_no_trace() {
        let mut p = Posterior::new(KERNEL, points());
        for x in [0.1, 0.9, 0.9, 4.0] {
            p.observe(&[x, 0.0]);
        }
        let (mean, deviation) = (p.mean(&[1.0, 2.0, 3.0, 4.0]), p.deviation());
        p.truncate(2);
        for x in [0.9, 4.0] {
            p.observe(&[x, 0.0]);
        }
        assert_eq!((p.mean(&[1.0, 2.0, 3.0, 4.0]), p.deviation()), (mean.clone(), deviation));
        let more = p.mean(&[1.0, 2.0, 3.0, 5.0]);
        assert!(more[3] > mean[3] && (more[0] - mean[0]).abs() < 0.2, "{more:?} {mean:?}");
        assert_eq!(p.observations(), 4);
    }
}
