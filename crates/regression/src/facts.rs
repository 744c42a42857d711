//! Facts of networks as the input of regressions.

use crate::error::{Error, Result};
use nneval_graph::opstring::{OpGraph, features};
use rayon::prelude::*;

/// Facts below this spread are the same for all networks and are not scaled up.
const LEAST_SPREAD: f64 = 1e-6;

/// Mean and standard deviation of each fact over a set of networks.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale(Vec<(f64, f64)>);

impl Scale {
    /// The scale over all `rows`, one a network, each of `width` facts.
    pub fn fit(rows: &[Vec<f64>], width: usize) -> Self {
        let scale = |i: usize| {
            let column = rows.iter().filter_map(|f| f.get(i).copied());
            let n = rows.len().max(1) as f64;
            let mean = column.clone().sum::<f64>() / n;
            let variance = column.map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            (mean, variance.sqrt())
        };
        Self((0..width).map(scale).collect())
    }

    /// The facts of one network, standardised; `None` for those that do not vary.
    pub fn standard(&self, row: &[f64]) -> Vec<Option<f64>> {
        let pairs = row.iter().zip(&self.0);
        pairs.map(|(x, &(mean, sd))| (sd > LEAST_SPREAD).then(|| (x - mean) / sd)).collect()
    }
}

/// Facts of networks, standardised; as many of each.
#[derive(Debug, Clone)]
pub struct Facts(Vec<Vec<f64>>);

impl Facts {
    /// The structural facts ([`features::structure`]) of each part, minus the
    /// mean and over the standard deviation that they have over all parts; facts
    /// that do not vary are 0.
    pub fn of(parts: &[&[OpGraph]]) -> Vec<Self> {
        Self::by(parts, features::structure)
    }

    /// As [`Facts::of`], with the facts of segments
    /// ([`features::structure_and_segments`]).
    pub fn with_segments(parts: &[&[OpGraph]]) -> Vec<Self> {
        Self::by(parts, features::structure_and_segments)
    }

    fn by(parts: &[&[OpGraph]], facts: impl Fn(&OpGraph) -> Vec<f64> + Sync + Send) -> Vec<Self> {
        let every: Vec<&OpGraph> = parts.iter().flat_map(|part| part.iter()).collect();
        let rows: Vec<Vec<f64>> = every.into_par_iter().map(facts).collect();
        let scale = Scale::fit(&rows, rows.first().map_or(0, Vec::len));
        let row =
            |r: &Vec<f64>| scale.standard(r).into_iter().map(Option::unwrap_or_default).collect();
        let mut all = rows.iter().map(row);
        parts.iter().map(|part| Self(all.by_ref().take(part.len()).collect())).collect()
    }

    /// Number of networks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many facts there are of each network.
    pub fn width(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// The networks `rows`.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self(rows.iter().filter_map(|&i| self.0.get(i).cloned()).collect())
    }

    /// Fact `j` of network `i`; 0 where there is none.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.0.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0.0)
    }

    /// Facts that are standardised already.
    pub fn from_rows(rows: Vec<Vec<f64>>) -> Self {
        Self(rows)
    }
}

/// As [`labelled`], for a model (`who`, plural) that needs `fewest` labels.
///
/// # Errors
/// [`Error::Training`]: there are fewer.
pub fn labelled_enough(
    labels: &[Option<f64>],
    fewest: usize,
    who: &str,
) -> Result<(Vec<usize>, Vec<f64>)> {
    let (rows, values) = labelled(labels);
    if values.len() < fewest {
        let n = values.len();
        return Err(Error::Training(format!(
            "{who} need at least {fewest} labelled rows, not {n}"
        )));
    }
    Ok((rows, values))
}

/// The rows that have a label, and those labels.
pub fn labelled(labels: &[Option<f64>]) -> (Vec<usize>, Vec<f64>) {
    labels.iter().enumerate().filter_map(|(i, label)| Some((i, (*label)?))).unzip()
}
