//! Fit of design models: formulas of time, and a process of classes on facts of the designs.

mod formula;

use crate::error::{Error, Result};
use nalgebra::DMatrix;
use nneval_evaluator::{DesignKind, DesignMetric, DesignModel, Fact, Metric, design_of, kernel};
use nneval_graph::features::{DESIGN_VERSION, Design};
use nneval_graph::opstring::OpGraph;
use nneval_regression::ClassProcess;
use nneval_tables::labels::MetricSpec;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Length of the kernel, in standard deviations of a fact.
const LENGTH: f64 = 2.0;
/// Share of a class's own covariance that does not depend on the facts.
const OFFSET: f64 = 0.5;
/// Facts that tell the size of a network.
const SIZES: [&str; 4] = ["macs", "parameters", "elements", "resolution"];
/// Facts below this spread are left out.
const LEAST_SPREAD: f64 = 1e-6;
/// Share of the smallest value of a formula below which none is given.
const FLOOR: f64 = 0.25;

/// Networks that design models are fitted to.
pub struct DesignFit {
    designs: Vec<Design>,
    classes: Vec<u64>,
    /// What the metrics share.
    pub shared: DesignModel,
    similar: DMatrix<f64>,
    own: DMatrix<f64>,
}

impl DesignFit {
    /// Facts and covariances of the networks with `graphs`, each of a class.
    pub fn new(graphs: &[&OpGraph], classes: Vec<u64>) -> Self {
        let designs: Vec<Design> = graphs.par_iter().map(|g| design_of(g)).collect();
        let mut shared = DesignModel {
            version: DESIGN_VERSION,
            facts: scales(&designs),
            points: Vec::new(),
            length: LENGTH,
            forms: forms(&designs),
            ranges: ranges(&designs),
        };
        let points: Vec<Vec<f64>> = designs.par_iter().map(|d| shared.point(d)).collect();
        shared.points = points.iter().flatten().map(|x| *x as f32).collect();
        let width = shared.facts.len().max(1);
        let square = |i: usize, j: usize| {
            let both = [i, j].map(|at| shared.points.chunks(width).nth(at).unwrap_or_default());
            let pairs = both[0].iter().zip(both[1]);
            pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / width as f64
        };
        let n = designs.len();
        let squares = DMatrix::from_fn(n, n, square);
        let similar = squares.map(|d| kernel(d, LENGTH));
        let near = squares.map(|d| OFFSET + (1.0 - OFFSET) * kernel(d, LENGTH / 2.0));
        let same = |i: usize, j: usize| f64::from(u8::from(classes.get(i) == classes.get(j)));
        let own = near.component_mul(&DMatrix::from_fn(n, n, same));
        Self { designs, classes, shared, similar, own }
    }

    /// The metric of `labels`, one a network where known, and what its design model gives for
    /// each network when its class is left out of the process.
    ///
    /// # Errors
    /// [`Error::Regression`] for too few labels or no fit, or as [`Metric::fit_design`].
    pub fn metric(&self, spec: MetricSpec, labels: &[Option<f64>]) -> Result<(Metric, Vec<f64>)> {
        let kind = match spec.higher_is_better {
            _ if spec.is_accuracy() => DesignKind::Accuracy,
            Some(true) => DesignKind::Rate,
            _ => DesignKind::Time,
        };
        let known = || labels.iter().enumerate().filter_map(|(i, y)| Some((i, (*y)?)));
        let mut model = self.formula(kind, &known().collect::<Vec<_>>())?;
        let formulas: Vec<f64> = self.terms().map(|t| model.formula(&t)).collect();
        let formula = |i: usize| formulas.get(i).copied().unwrap_or(1.0);
        let wanted = known().map(|(i, y)| Some((i, model.wanted(formula(i), y)?)));
        let wanted = wanted.collect::<Option<Vec<(usize, f64)>>>();
        let (rows, values): (Vec<usize>, Vec<f64>) = wanted
            .ok_or_else(|| Error::Data(format!("{}: a label has no logarithm", spec.name)))?
            .into_iter()
            .unzip();
        let part = |m: &DMatrix<f64>| m.select_rows(&rows).select_columns(&rows);
        let classes: Vec<u64> = rows.iter().filter_map(|&i| self.classes.get(i).copied()).collect();
        let process = ClassProcess::fit(&part(&self.similar), &part(&self.own), &values, &classes)?;
        model.mean = process.mean;
        for (row, weight) in rows.iter().zip(&process.weights) {
            if let Some(slot) = model.weights.get_mut(*row) {
                *slot = *weight as f32;
            }
        }
        let mut expected = vec![f64::NAN; labels.len()];
        for (row, held_out) in rows.iter().zip(&process.held_out) {
            if let Some(slot) = expected.get_mut(*row) {
                *slot = model.combined(formula(*row), *held_out);
            }
        }
        let ratios: Vec<f64> = known().filter_map(|(i, y)| Some(y / expected.get(i)?)).collect();
        Ok((Metric::fit_design(spec, model, &ratios)?, expected))
    }

    fn terms(&self) -> impl Iterator<Item = BTreeMap<String, f64>> {
        self.designs.iter().map(|d| d.terms.iter().cloned().collect())
    }

    /// A model of a formula alone.
    fn formula(&self, kind: DesignKind, known: &[(usize, f64)]) -> Result<DesignMetric> {
        let mut model = DesignMetric {
            kind,
            terms: BTreeMap::new(),
            floor: 1.0,
            mean: 0.0,
            weights: vec![0.0; self.designs.len()],
        };
        if kind == DesignKind::Accuracy {
            return Ok(model);
        }
        let time = |y: f64| if kind == DesignKind::Rate { 1.0 / y } else { y };
        let designs = known.iter().filter_map(|(i, y)| Some((self.designs.get(*i)?, time(*y))));
        let (rows, times): (Vec<Vec<f64>>, Vec<f64>) =
            designs.map(|(d, y)| (d.terms.iter().map(|t| t.1).collect(), y)).unzip();
        if !times.iter().all(|t| t.is_finite() && *t > 0.0) {
            return Err(Error::Data("a design model needs labels above 0".into()));
        }
        let names = self.designs.first().map_or(&[][..], |d| d.terms.as_slice());
        let found = formula::fit(&rows, &times);
        let above = names.iter().zip(&found).filter(|(_, c)| **c > 0.0);
        model.terms = above.map(|((name, _), c)| (name.clone(), *c)).collect();
        let value = |row: &Vec<f64>| row.iter().zip(&found).map(|(x, c)| x * c).sum::<f64>();
        let least = rows.iter().map(value).fold(f64::INFINITY, f64::min);
        model.floor = (FLOOR * least).max(f64::MIN_POSITIVE);
        Ok(model)
    }
}

/// The forms of the networks, each once.
fn forms(designs: &[Design]) -> Vec<String> {
    designs.iter().map(|d| d.form.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Least and largest values of sizes.
fn ranges(designs: &[Design]) -> BTreeMap<String, [f64; 2]> {
    let mut ranges: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    let facts = designs.iter().flat_map(|d| &d.facts);
    for (name, x) in facts.filter(|(name, _)| SIZES.contains(&name.as_str())) {
        let [lo, hi] = ranges.entry(name.clone()).or_insert([*x, *x]);
        (*lo, *hi) = (lo.min(*x), hi.max(*x));
    }
    ranges
}

/// Mean and deviation of the facts that vary.
fn scales(designs: &[Design]) -> Vec<Fact> {
    let names = designs.first().map_or(&[][..], |d| d.facts.as_slice());
    let n = designs.len().max(1) as f64;
    let scale = |(at, (name, _)): (usize, &(String, f64))| {
        let column = || designs.iter().filter_map(|d| Some(d.facts.get(at)?.1));
        let mean = column().sum::<f64>() / n;
        let deviation = (column().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        (deviation > LEAST_SPREAD).then(|| Fact { name: name.clone(), mean, deviation })
    };
    names.iter().enumerate().filter_map(scale).collect()
}
