//! What is known of networks before anything is measured: facts of their
//! graphs and, as a prior, predictions.

use super::super::measure::Measure;
use super::super::space::SearchSpace;
use super::warp::Warp;
use crate::error::Result;
use nneval_graph::opstring::{self, features, sizes};
use nneval_regression::Scale;
use rayon::prelude::*;
use std::collections::HashMap;

/// How many of a network's facts, from the first, a model may look at: those of
/// live paths, all of its wiring, sizes as well.
pub const PREFIXES: [usize; 3] =
    [features::LIVE, features::NAMES.len(), features::NAMES.len() + sizes::COUNT];

/// A network's facts, and what is predicted in each column.
#[derive(Debug, Clone)]
pub struct Row {
    facts: Vec<f64>,
    predicted: Vec<Option<f64>>,
}

/// Networks by key; `None` for those that cannot be read.
#[derive(Debug, Default)]
pub struct Networks(HashMap<String, Option<Row>>);

impl Networks {
    /// Reads the networks that are not known yet.
    pub fn see<S: SearchSpace>(&mut self, space: &S, prior: Option<&Measure>, keys: &[String]) {
        let new: Vec<String> = keys.iter().filter(|k| !self.0.contains_key(*k)).cloned().collect();
        let facts: Vec<Option<Vec<f64>>> =
            new.par_iter().map(|key| facts(space, key).ok()).collect();
        let mut predicted = prior.map(|m| m.values(space, &new)).unwrap_or_default().into_iter();
        for (key, facts) in new.into_iter().zip(facts) {
            let measured = predicted.next().and_then(Result::ok);
            let predicted = measured.map(|m| m.values).unwrap_or_default();
            self.0.insert(key, facts.map(|facts| Row { facts, predicted }));
        }
    }

    /// Forgets all but the networks that `keep` names.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|key, _| keep(key));
    }

    /// A network that can be read.
    pub fn row(&self, key: &str) -> Option<&Row> {
        self.0.get(key)?.as_ref()
    }
}

fn facts<S: SearchSpace>(space: &S, key: &str) -> Result<Vec<f64>> {
    let graph = opstring::of_model(&space.model(&space.parse(key)?)?)?;
    let mut facts = features::structure(&graph);
    facts.extend(sizes::sizes(&graph));
    Ok(facts)
}

/// What facts and predictions are compared with: those of a fixed part of the
/// space.
#[derive(Debug)]
pub struct Frame {
    scale: Scale,
    /// Columns modelled, and the scale of what is predicted in each.
    warps: Vec<(usize, Option<Warp>)>,
}

impl Frame {
    /// Of the networks `keys`, for models of `columns`.
    pub fn new(networks: &Networks, keys: &[String], columns: &[usize]) -> Self {
        let rows: Vec<&Row> = keys.iter().filter_map(|k| networks.row(k)).collect();
        let facts: Vec<Vec<f64>> = rows.iter().map(|r| r.facts.clone()).collect();
        let warp = |&column: &usize| {
            let all = rows.iter().filter_map(|r| r.predicted.get(column).copied().flatten());
            let all: Vec<f64> = all.filter(|v| v.is_finite()).collect();
            (column, (!all.is_empty()).then(|| Warp::new(all)))
        };
        Self {
            scale: Scale::fit(&facts, features::NAMES.len() + sizes::COUNT),
            warps: columns.iter().map(warp).collect(),
        }
    }

    /// A network as models see it.
    pub fn point(&self, row: &Row) -> Point {
        let facts = self.scale.standard(&row.facts).into_iter().map(Option::unwrap_or_default);
        let prior = |(column, warp): &(usize, Option<Warp>)| {
            let value = row.predicted.get(*column).copied().flatten();
            warp.as_ref().zip(value).map_or(0.0, |(w, v)| w.of(v))
        };
        Point { facts: facts.collect(), prior: self.warps.iter().map(prior).collect() }
    }

    /// Whether the `i`th column modelled is predicted.
    pub fn has_prior(&self, i: usize) -> bool {
        self.warps.get(i).is_some_and(|w| w.1.is_some())
    }
}

/// A network as models see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its facts, standardised.
    pub facts: Vec<f64>,
    /// For each column modelled its predicted value's rank as a logit; 0 where there is
    /// none.
    pub prior: Vec<f64>,
}

/// Networks that may be asked for. Those that models cannot tell apart share a
/// point.
#[derive(Debug, Default)]
pub struct Pool {
    keys: Vec<(String, usize)>,
    points: Vec<Point>,
}

impl Pool {
    /// The networks `keys`, without those that cannot be read.
    pub fn new<'k>(
        networks: &Networks,
        frame: &Frame,
        keys: impl Iterator<Item = &'k String>,
    ) -> Self {
        let mut pool = Self::default();
        let mut numbers: HashMap<Vec<u64>, usize> = HashMap::new();
        for key in keys {
            let Some(row) = networks.row(key) else { continue };
            let point = frame.point(row);
            let bits = point.facts.iter().chain(&point.prior).map(|x| x.to_bits()).collect();
            let number = *numbers.entry(bits).or_insert(pool.points.len());
            if number == pool.points.len() {
                pool.points.push(point);
            }
            pool.keys.push((key.clone(), number));
        }
        pool
    }

    /// The points.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// For each point the first of its networks that is `free`.
    pub fn free(&self, free: impl Fn(&str) -> bool) -> Vec<Option<&str>> {
        let mut first: Vec<Option<&str>> = vec![None; self.points.len()];
        for (key, number) in &self.keys {
            if let Some(slot) = first.get_mut(*number)
                && slot.is_none()
                && free(key)
            {
                *slot = Some(key);
            }
        }
        first
    }
}
