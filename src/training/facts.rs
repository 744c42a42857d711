//! Structural facts of networks as the input of teachers.

use super::StructureScale;
use crate::opstring::OpGraph;
use rayon::prelude::*;

/// Facts of networks, standardised.
#[derive(Debug, Clone)]
pub struct Facts(Vec<Vec<f64>>);

impl Facts {
    /// The facts of each part, minus the mean and over the standard deviation
    /// that they have over all parts; facts that do not vary are 0.
    pub fn of(parts: &[&[OpGraph]]) -> Vec<Self> {
        let every: Vec<&OpGraph> = parts.iter().flat_map(|part| part.iter()).collect();
        let scale = StructureScale::fit(every.into_par_iter());
        let row = |g| scale.standard(g).into_iter().map(Option::unwrap_or_default).collect();
        parts.iter().map(|part| Self(part.par_iter().map(row).collect())).collect()
    }

    /// Number of networks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fact `j` of network `i`; 0 where there is none.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.0.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0.0)
    }

    #[cfg(test)]
    pub(super) fn from_rows(rows: Vec<Vec<f64>>) -> Self {
        Self(rows)
    }
}

/// The rows that have a label, and those labels.
pub(super) fn labelled(labels: &[Option<f64>]) -> (Vec<usize>, Vec<f64>) {
    labels.iter().enumerate().filter_map(|(i, label)| Some((i, (*label)?))).unzip()
}
