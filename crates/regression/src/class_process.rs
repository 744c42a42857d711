//! Gaussian process with effects of classes: a mixed model for classes that were not seen.
//!
//! Networks of one class (a family) share what their facts do not say. An ordinary process takes
//! that for an effect of the facts. Here the covariance of a class with itself has a part of its
//! own (random effects, Laird & Ware 1982), which expectations for other classes leave out.

use crate::error::{Error, Result};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use std::collections::BTreeMap;

/// Variances of the classes' own part, relative to the shared part's.
const OWN: [f64; 4] = [0.0, 0.3, 1.0, 3.0];
/// Variances of the noise.
const NOISES: [f64; 2] = [0.03, 0.1];
/// Fewest labels that a fit makes sense with.
const FEWEST_ROWS: usize = 50;

/// A fitted process: the expectation at a network of another class is `mean + Σ weight · k`,
/// `k` the shared covariances with the networks that it was fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassProcess {
    /// Mean, by generalised least squares.
    pub mean: f64,
    /// One weight a network.
    pub weights: Vec<f64>,
    /// What is expected at each of the networks by those of other classes.
    pub held_out: Vec<f64>,
}

impl ClassProcess {
    /// Fits `values` of networks with the covariances `shared`, in classes whose networks have
    /// the covariances `own` beside. The variances are those of the largest likelihood.
    ///
    /// # Errors
    /// [`Error::Rows`]: fewer than 50 values, or not one a row. [`Error::NoFit`].
    pub fn fit(
        shared: &DMatrix<f64>,
        own: &DMatrix<f64>,
        values: &[f64],
        classes: &[u64],
    ) -> Result<Self> {
        let n = values.len();
        if n < FEWEST_ROWS || shared.nrows() != n || own.nrows() != n || classes.len() != n {
            let reason = format!("a process of classes needs at least {FEWEST_ROWS} labelled rows");
            return Err(Error::Rows { labelled: n, reason });
        }
        let y = DVector::from_column_slice(values);
        let grid = OWN.into_iter().flat_map(|own| NOISES.map(|noise| (own, noise)));
        let solved = grid.filter_map(|(scale, noise)| {
            let covariance = shared + own * scale + DMatrix::identity(n, n) * noise;
            Solved::of(covariance.cholesky()?, &y)
        });
        let best = solved.max_by(|a, b| a.evidence.total_cmp(&b.evidence));
        let best = best.ok_or_else(|| Error::NoFit("a process of classes found no fit".into()))?;
        let held_out = held_out(&best, values, classes);
        Ok(Self { mean: best.mean, weights: best.alpha.iter().copied().collect(), held_out })
    }
}

struct Solved {
    factor: Cholesky<f64, Dyn>,
    mean: f64,
    alpha: DVector<f64>,
    evidence: f64,
}

impl Solved {
    /// The mean, the weights and the likelihood with its variance at the maximum.
    fn of(factor: Cholesky<f64, Dyn>, y: &DVector<f64>) -> Option<Self> {
        let n = y.len();
        let ones = factor.solve(&DVector::from_element(n, 1.0));
        let mean = ones.dot(y) / ones.sum();
        let centred = y.map(|v| v - mean);
        let alpha = factor.solve(&centred);
        let variance = (centred.dot(&alpha) / n as f64).max(f64::MIN_POSITIVE);
        let half_log_det: f64 = factor.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
        let evidence = -0.5 * n as f64 * variance.ln() - half_log_det;
        evidence.is_finite().then_some(Self { factor, mean, alpha, evidence })
    }
}

/// Expectations by other classes, in closed form (Rasmussen & Williams 2006, section 5.4.2, a
/// class at a time).
fn held_out(solved: &Solved, values: &[f64], classes: &[u64]) -> Vec<f64> {
    let inverse = solved.factor.inverse();
    let mut members: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (i, class) in classes.iter().enumerate() {
        members.entry(*class).or_default().push(i);
    }
    let mut out = values.to_vec();
    for rows in members.values() {
        let block = inverse.select_rows(rows).select_columns(rows);
        let alpha = solved.alpha.select_rows(rows);
        let Some(block) = block.cholesky() else { continue };
        for (row, residual) in rows.iter().zip(block.solve(&alpha).iter()) {
            if let Some(value) = out.get_mut(*row) {
                *value -= residual;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four networks a class; the value is a slope of the fact and an offset of the class.
    fn classes(offset: f64) -> (Vec<f64>, Vec<u64>, Vec<f64>) {
        let x: Vec<f64> = (0..120).map(|i| f64::from(i * 37 % 120) / 30.0).collect();
        let class: Vec<u64> = (0..120).map(|i| i / 4).collect();
        let own = |c: u64| offset * ((c * 7 % 5) as f64 - 2.0);
        let y = x.iter().zip(&class).map(|(x, c)| x.sin() + own(*c)).collect();
        (x, class, y)
    }

    fn covariances(x: &[f64], classes: &[u64]) -> [DMatrix<f64>; 2] {
        let n = x.len();
        let shared = DMatrix::from_fn(n, n, |i, j| (-(x[i] - x[j]).powi(2)).exp());
        let own = DMatrix::from_fn(n, n, |i, j| f64::from(u8::from(classes[i] == classes[j])));
        [shared, own]
    }

    #[test]
    fn offsets_of_classes_do_not_become_effects_of_facts() {
        let (x, class, y) = classes(0.5);
        let [shared, own] = covariances(&x, &class);
        let fit = ClassProcess::fit(&shared, &own, &y, &class).unwrap();
        for at in [0.3, 1.0, 2.0, 3.0f64] {
            let k = x.iter().map(|x| (-(x - at).powi(2)).exp());
            let value = fit.mean + k.zip(&fit.weights).map(|(k, w)| k * w).sum::<f64>();
            assert!((value - at.sin()).abs() < 0.35, "{at} {value}");
        }
    }

    #[test]
    fn expectations_by_other_classes_are_those_of_a_fit_without_the_class() {
        let (x, class, y) = classes(0.0);
        let [shared, own] = covariances(&x, &class);
        let fit = ClassProcess::fit(&shared, &own, &y, &class).unwrap();
        for (held, y) in fit.held_out.iter().zip(&y) {
            assert!((held - y).abs() < 0.2, "{held} {y}");
        }
        assert!(fit.held_out.iter().zip(&y).any(|(held, y)| (held - y).abs() > 1e-6));
        assert!(ClassProcess::fit(&shared, &own, &y[..9], &class[..9]).is_err());
    }
}
