//! Settings of a search and its history of measured candidates.

use serde::{Deserialize, Serialize};

/// How candidates are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Uniformly.
    Random,
    /// Regularised evolution.
    Evolution,
    /// NSGA-II.
    Nsga2,
    /// Bayesian optimisation.
    Bayesian,
}

/// How a search goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How candidates are chosen.
    pub algorithm: Algorithm,
    /// Seed of everything random.
    pub seed: u64,
    /// Candidates that will be measured. Where it covers a finite space, all
    /// are measured in their order, whatever the algorithm.
    pub budget: usize,
    /// Members of the population.
    pub population: usize,
    /// Members drawn in a tournament of regularised evolution.
    pub tournament: usize,
}

impl Default for Settings {
    /// Real et al. (2019): a population of 100, tournaments of 25.
    fn default() -> Self {
        Self { algorithm: Algorithm::Nsga2, seed: 0, budget: 1000, population: 100, tournament: 25 }
    }
}

/// A measured architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its text.
    pub key: String,
    /// A value for each column of the problem; `None` where unknown.
    pub values: Vec<Option<f64>>,
    /// For each column the ends of the value's interval; empty where no value
    /// has one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub intervals: Vec<Option<[f64; 2]>>,
    /// Why it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Whether an evaluator has seen no networks like it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub flagged: bool,
    /// Whether a value was told from outside.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub told: bool,
}

impl Candidate {
    /// Whether there is a value, or `None`, for each of so many columns.
    pub(crate) fn has_width(&self, width: usize) -> bool {
        self.values.len() == width && [0, width].contains(&self.intervals.len())
    }

    /// Ends of the interval of the value in a column.
    pub fn interval(&self, column: usize) -> Option<[f64; 2]> {
        self.intervals.get(column).copied().flatten()
    }
}
