//! Feature matrices of networks, standardised.

use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis, s};
use nneval_graph::features;
use nneval_graph::opstring::OpGraph;
use rayon::prelude::*;
use std::borrow::Borrow;

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

/// Feature matrix of networks, \[networks, features\], standardised.
#[derive(Debug, Clone)]
pub struct Facts(Array2<f64>);

impl Facts {
    /// The structural facts ([`features::structure`]) of each part, minus the
    /// mean and over the standard deviation that they have over all parts; facts
    /// that do not vary are 0.
    pub fn of<G: Borrow<OpGraph> + Sync>(parts: &[&[G]]) -> Vec<Self> {
        Self::by(parts, features::structure)
    }

    /// As [`Facts::of`], with the facts of segments
    /// ([`features::structure_and_segments`]).
    pub fn with_segments<G: Borrow<OpGraph> + Sync>(parts: &[&[G]]) -> Vec<Self> {
        Self::by(parts, features::structure_and_segments)
    }

    fn by<G: Borrow<OpGraph> + Sync>(
        parts: &[&[G]],
        facts: impl Fn(&OpGraph) -> Vec<f64> + Sync + Send,
    ) -> Vec<Self> {
        let every: Vec<&OpGraph> =
            parts.iter().flat_map(|part| part.iter().map(G::borrow)).collect();
        let rows: Vec<Vec<f64>> = every.into_par_iter().map(facts).collect();
        let scale = Scale::fit(&rows, rows.first().map_or(0, Vec::len));
        let row = |r: &Vec<f64>| -> Vec<f64> {
            scale.standard(r).into_iter().map(Option::unwrap_or_default).collect()
        };
        let all = Self::from_rows(rows.iter().map(row).collect());
        let mut start = 0;
        let mut part = |len: usize| {
            let first = start;
            start += len;
            Self(all.0.slice(s![first..start, ..]).to_owned())
        };
        parts.iter().map(|p| part(p.len())).collect()
    }

    /// Number of networks.
    pub fn len(&self) -> usize {
        self.0.nrows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of features of each network.
    pub fn width(&self) -> usize {
        self.0.ncols()
    }

    /// The networks `rows`.
    pub fn select(&self, rows: &[usize]) -> Self {
        let inside: Vec<usize> = rows.iter().copied().filter(|&i| i < self.len()).collect();
        Self(self.0.select(Axis(0), &inside))
    }

    /// Feature `j` of network `i`; 0 where there is none.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.0.get((i, j)).copied().unwrap_or(0.0)
    }

    /// The matrix.
    pub fn view(&self) -> ArrayView2<'_, f64> {
        self.0.view()
    }

    /// A matrix that is standardised already.
    pub fn from_array(matrix: Array2<f64>) -> Self {
        Self(matrix)
    }

    /// Rows that are standardised already. The first gives the width; what others lack is 0.
    pub fn from_rows(rows: Vec<Vec<f64>>) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        let at = |(i, j): (usize, usize)| rows.get(i).and_then(|r| r.get(j)).copied();
        Self(Array2::from_shape_fn((rows.len(), width), |place| at(place).unwrap_or(0.0)))
    }
}

/// As [`labelled`], for a model (`who`, plural) that needs `fewest` labels.
///
/// # Errors
/// [`Error::Rows`]: there are fewer.
pub fn labelled_enough(
    labels: &[Option<f64>],
    fewest: usize,
    who: &str,
) -> Result<(Vec<usize>, Vec<f64>)> {
    let (rows, values) = labelled(labels);
    if values.len() < fewest {
        let labelled = values.len();
        let reason = format!("{who} need at least {fewest} labelled rows, not {labelled}");
        return Err(Error::Rows { labelled, reason });
    }
    Ok((rows, values))
}

/// The rows that have a label, and those labels.
pub fn labelled(labels: &[Option<f64>]) -> (Vec<usize>, Vec<f64>) {
    labels.iter().enumerate().filter_map(|(i, label)| Some((i, (*label)?))).unzip()
}
