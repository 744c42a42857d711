//! A formula of static costs that a metric is predicted as a multiple of.
//!
//! Latency and memory are, to first order, sums of what operators do and move. A
//! metric that has a formula is predicted as `formula(costs) · ratio`; the encoder
//! learns the ratio, which is a matter of operators, shapes and order.

use crate::costs::{Terms, terms};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fewest labels that a formula is fitted to.
const FEWEST_ROWS: usize = 3 * terms::NAMES.len();
/// Rounds of reweighting.
const ROUNDS: usize = 9;
/// Logarithm of the ratio below which errors count by their square.
const NEAR: f64 = 0.05;
/// Sweeps of the descent, at most.
const SWEEPS: usize = 20_000;
/// It ends when no coefficient changes by more than this share of the largest.
const PRECISION: f64 = 1e-9;
/// Share of the smallest fitted value below which none is given.
const FLOOR: f64 = 0.25;

/// `max(floor, Σ coefficient · term)`, in the metric's unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// Coefficients by the terms' names ([`terms::NAMES`]), none below 0; terms
    /// that are not named have 0.
    pub terms: BTreeMap<String, f64>,
    /// Least value, above 0.
    pub floor: f64,
}

impl Formula {
    /// Fits non-negative coefficients to the logarithm of the ratio of value to
    /// label, by its absolute: least squares of the relative error, repeated with
    /// weights 1 / max(.05, |ln(value / label)|) (iteratively reweighted least
    /// squares, Holland & Welsch 1977), each by projected coordinate descent on the
    /// normal equations, which converges for non-negative least squares (Franc,
    /// Hlaváč & Navara 2005).
    ///
    /// # Errors
    /// [`Error::Training`]: fewer labels than three a term, or one that is not positive.
    pub fn fit(rows: &[Terms], labels: &[f64]) -> Result<Self> {
        let refuse = |reason: String| Error::Training(format!("a formula of costs: {reason}"));
        if rows.len() < FEWEST_ROWS || rows.len() != labels.len() {
            let n = labels.len();
            return Err(refuse(format!("needs at least {FEWEST_ROWS} labels, not {n}")));
        }
        if let Some(v) = labels.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            return Err(refuse(format!("needs positive labels, there is {v}")));
        }
        let mut weights = vec![1.0; rows.len()];
        let mut formula = Self { terms: BTreeMap::new(), floor: 0.0 };
        for _ in 0..ROUNDS {
            let weighted = rows.iter().zip(labels).zip(&weights);
            let weighted = weighted.map(|((Terms(t), y), w)| (t.map(|x| w * x / y), *w));
            let coefficients = non_negative(&weighted.collect::<Vec<_>>());
            let named = terms::NAMES.iter().zip(coefficients).filter(|(_, c)| *c > 0.0);
            formula.terms = named.map(|(n, c)| ((*n).to_owned(), c)).collect();
            for ((w, row), label) in weights.iter_mut().zip(rows).zip(labels) {
                let off = (formula.value(row).max(f64::MIN_POSITIVE) / label).ln().abs();
                *w = off.max(NEAR).recip().sqrt();
            }
        }
        let least = rows.iter().map(|t| formula.value(t)).fold(f64::INFINITY, f64::min);
        formula.floor = FLOOR * least;
        match formula.fault() {
            None => Ok(formula),
            Some(_) => Err(refuse("the labels have nothing to do with the costs".to_owned())),
        }
    }

    /// The value for a network's terms, in the metric's unit.
    pub fn value(&self, Terms(t): &Terms) -> f64 {
        let named = terms::NAMES.iter().zip(t);
        let of = |(n, x): (&&str, &f64)| self.terms.get(*n).copied().unwrap_or(0.0) * x;
        named.map(of).sum::<f64>().max(self.floor)
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let good = |v: &f64| v.is_finite() && *v >= 0.0;
        match () {
            () if self.terms.keys().any(|n| !terms::NAMES.contains(&n.as_str())) => {
                Some("a formula has a term that this version does not know")
            }
            () if !self.terms.values().all(good) => Some("a formula has a coefficient below 0"),
            () if !(self.floor.is_finite() && self.floor > 0.0) => {
                Some("a formula has no floor above 0")
            }
            () => None,
        }
    }
}

/// Coefficients c ≥ 0 with the least Σ (c · row − target)².
fn non_negative<const N: usize>(rows: &[([f64; N], f64)]) -> [f64; N] {
    let norm: [f64; N] = std::array::from_fn(|j| {
        let sum: f64 = rows.iter().map(|(r, _)| r[j] * r[j]).sum();
        if sum > 0.0 { sum.sqrt() } else { 1.0 }
    });
    let dot = |i: usize, j: usize| -> f64 {
        rows.iter().map(|(r, _)| r[i] * r[j]).sum::<f64>() / (norm[i] * norm[j])
    };
    let gram: [[f64; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| dot(i, j)));
    let target: [f64; N] =
        std::array::from_fn(|j| rows.iter().map(|(r, y)| r[j] * y).sum::<f64>() / norm[j]);
    let mut c = [0.0; N];
    for _ in 0..SWEEPS {
        let mut most = 0.0f64;
        for j in 0..N {
            if gram[j][j] > 0.0 {
                let product: f64 = (0..N).map(|k| gram[j][k] * c[k]).sum();
                let next = (c[j] + (target[j] - product) / gram[j][j]).max(0.0);
                most = most.max((next - c[j]).abs());
                c[j] = next;
            }
        }
        if most <= PRECISION * c.iter().fold(0.0, |a: f64, x| a.max(*x)) {
            break;
        }
    }
    std::array::from_fn(|j| c[j] / norm[j])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(i: usize) -> Terms {
        let x = |j: usize| 1.0 + ((i * (2 * j + 3)) % 17) as f64;
        Terms(std::array::from_fn(|j| if j == 0 { 1.0 } else { x(j) * 10f64.powi(j as i32 % 4) }))
    }

    #[test]
    fn coefficients_are_found_again() {
        let rows: Vec<Terms> = (0..200).map(terms).collect();
        let label = |Terms(t): &Terms| 0.5 + 0.01 * t[2] + 3e-4 * t[7];
        let labels: Vec<f64> = rows.iter().map(label).collect();
        let formula = Formula::fit(&rows, &labels).unwrap();
        for (row, label) in rows.iter().zip(&labels) {
            let value = formula.value(row);
            assert!((value / label - 1.0).abs() < 1e-3, "{value} {label}");
        }
        assert!(formula.terms.values().all(|c| *c > 0.0));
        assert!(formula.value(&Terms([0.0; terms::NAMES.len()])) > 0.0);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let rows: Vec<Terms> = (0..40).map(terms).collect();
        for labels in [vec![0.0; 40], vec![f64::NAN; 40], vec![1.0; 3]] {
            assert!(Formula::fit(&rows, &labels).is_err());
        }
    }

    #[test]
    fn formulas_from_files_are_checked() {
        let of = |json: &str| serde_json::from_str::<Formula>(json).unwrap().fault();
        assert_eq!(of(r#"{"terms":{"constant":1.0},"floor":0.1}"#), None);
        assert!(of(r#"{"terms":{"wheels":1.0},"floor":0.1}"#).is_some());
        assert!(of(r#"{"terms":{"constant":-1.0},"floor":0.1}"#).is_some());
        assert!(of(r#"{"terms":{"constant":1.0},"floor":0.0}"#).is_some());
    }
}
