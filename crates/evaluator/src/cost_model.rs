//! Cost models: latency and memory as non-negative sums of static costs.
//!
//! To first order, latency and memory are sums of what operators compute and move. A metric with
//! a cost model is predicted as `cost_model(costs) · ratio`; the encoder learns the ratio. Peak
//! memory is the larger of two sums: one for the creation of a session, when weights are copied
//! and packed, and one for its runs.

mod fit;

use crate::error::{Error, Result};
use nneval_graph::costs::{Terms, terms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fewest labels that a cost model is fitted to: three for each term that networks of many kinds
/// usually have.
const FEWEST_ROWS: usize = 135;
/// Share of the smallest fitted value below which none is given.
const FLOOR: f64 = 0.25;

/// `max(floor, Σ coefficient · term)`, or with a sum for the creation of a session
/// `max(floor, Σ coefficient · term, Σ creation · term)`, in the metric's unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostModel {
    /// Coefficients by the terms' names ([`terms::NAMES`]), none below 0; terms
    /// that are not named have 0.
    pub terms: BTreeMap<String, f64>,
    /// The same of a second sum; empty: there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub creation: BTreeMap<String, f64>,
    /// Least value, above 0.
    pub floor: f64,
}

impl CostModel {
    /// Fits non-negative coefficients to the logarithm of the ratio of value to
    /// label, by its absolute: least squares of the relative error, repeated with
    /// weights 1 / max(.05, |ln(value / label)|) (iteratively reweighted least
    /// squares, Holland & Welsch 1977), each by projected coordinate descent on the
    /// normal equations, which converges for non-negative least squares (Franc,
    /// Hlaváč & Navara 2005). With `two_phases` there are two sums, of weights and of
    /// everything; each is fitted to the rows where it is the larger, in turns, as a
    /// max-affine function is (Magnani & Boyd 2009).
    ///
    /// # Errors
    /// [`Error::CostModel`]: fewer labels than three a term, or one that is not positive.
    pub fn fit(rows: &[Terms], labels: &[f64], two_phases: bool) -> Result<Self> {
        let refuse = |reason: String| Error::CostModel(format!("a formula of costs: {reason}"));
        if rows.len() < FEWEST_ROWS || rows.len() != labels.len() {
            let n = labels.len();
            return Err(refuse(format!("needs at least {FEWEST_ROWS} labels, not {n}")));
        }
        if let Some(v) = labels.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            return Err(refuse(format!("needs positive labels, there is {v}")));
        }
        let [sum, creation] = match two_phases {
            true => fit::two_sums(rows, labels),
            false => [fit::sum(rows, labels, |_| true), [0.0; terms::NAMES.len()]],
        };
        let mut model = Self { terms: named(&sum), creation: named(&creation), floor: 0.0 };
        let least = rows.iter().map(|t| model.value(t)).fold(f64::INFINITY, f64::min);
        model.floor = FLOOR * least;
        match model.fault() {
            None => Ok(model),
            Some(_) => Err(refuse("the labels have nothing to do with the costs".to_owned())),
        }
    }

    /// The value for a network's terms, in the metric's unit.
    pub fn value(&self, terms: &Terms) -> f64 {
        let [sum, creation] = [&self.terms, &self.creation].map(|c| weighed(c, terms));
        sum.max(creation).max(self.floor)
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let good = |v: &f64| v.is_finite() && *v >= 0.0;
        let mut both = self.terms.iter().chain(&self.creation);
        match () {
            () if both.clone().any(|(n, _)| !terms::NAMES.contains(&n.as_str())) => {
                Some("a formula has a term that this version does not know")
            }
            () if !both.all(|(_, c)| good(c)) => Some("a formula has a coefficient below 0"),
            () if !(self.floor.is_finite() && self.floor > 0.0) => {
                Some("a formula has no floor above 0")
            }
            () => None,
        }
    }
}

/// Coefficients above 0 by name.
fn named(coefficients: &[f64]) -> BTreeMap<String, f64> {
    let named = terms::NAMES.iter().zip(coefficients).filter(|(_, c)| **c > 0.0);
    named.map(|(n, c)| ((*n).to_owned(), *c)).collect()
}

fn weighed(coefficients: &BTreeMap<String, f64>, Terms(t): &Terms) -> f64 {
    let named = terms::NAMES.iter().zip(t);
    named.map(|(n, x)| coefficients.get(*n).copied().unwrap_or(0.0) * x).sum()
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
        let formula = CostModel::fit(&rows, &labels, false).unwrap();
        for (row, label) in rows.iter().zip(&labels) {
            let value = formula.value(row);
            assert!((value / label - 1.0).abs() < 1e-3, "{value} {label}");
        }
        assert!(formula.terms.values().all(|c| *c > 0.0));
        assert!(formula.value(&Terms([0.0; terms::NAMES.len()])) > 0.0);
    }

    #[test]
    fn the_larger_of_two_sums_is_found_again() {
        let weights = terms::NAMES.iter().position(|n| *n == "weight_bytes").unwrap();
        let x = |i: usize, j: usize| ((i * (2 * j + 3) * 7919 + j * j * 104_729) % 1009) as f64;
        let row = |i: usize| Terms(std::array::from_fn(|j| if j == 0 { 1.0 } else { x(i, j) }));
        let rows: Vec<Terms> = (0..400).map(row).collect();
        let label = |Terms(t): &Terms| (30.0 + 0.04 * t[weights]).max(5.0 + 0.1 * t[2]);
        let labels: Vec<f64> = rows.iter().map(label).collect();
        let off = |two| {
            let formula = CostModel::fit(&rows, &labels, two).unwrap();
            let off = rows.iter().zip(&labels).map(|(r, y)| (formula.value(r) / y).ln().abs());
            off.sum::<f64>() / rows.len() as f64
        };
        assert!(off(true) < 0.02 && off(true) < 0.3 * off(false), "{} {}", off(true), off(false));
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let rows: Vec<Terms> = (0..40).map(terms).collect();
        for labels in [vec![0.0; 40], vec![f64::NAN; 40], vec![1.0; 3]] {
            assert!(CostModel::fit(&rows, &labels, false).is_err());
        }
    }

    #[test]
    fn formulas_from_files_are_checked() {
        let of = |json: &str| serde_json::from_str::<CostModel>(json).unwrap().fault();
        assert_eq!(of(r#"{"terms":{"constant":1.0},"floor":0.1}"#), None);
        assert!(of(r#"{"terms":{"wheels":1.0},"floor":0.1}"#).is_some());
        assert!(of(r#"{"terms":{},"creation":{"wheels":1.0},"floor":0.1}"#).is_some());
        assert!(of(r#"{"terms":{"constant":-1.0},"floor":0.1}"#).is_some());
        assert!(of(r#"{"terms":{"constant":1.0},"floor":0.0}"#).is_some());
    }
}
