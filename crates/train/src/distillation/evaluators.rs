//! Finished evaluators as teachers.

use super::{Columns, Parts};
use crate::error::{Error, Result};
use crate::network::DatasetNetwork;
use nneval_evaluator::{Bundle, Evaluator, Metric, Network, Options};
use nneval_runtime::Runtime;
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Opens evaluators as teachers; none may know a class that is held out.
///
/// # Errors
/// [`Error::Teacher`] for one that does, or whose metrics are multiples of cost models;
/// [`Error::Evaluator`] for one that cannot be opened.
pub fn open_teachers(
    folders: &[PathBuf],
    runtime: &Runtime,
    held_out: &[u64],
) -> Result<Vec<Evaluator>> {
    let held: HashSet<u64> = held_out.iter().copied().collect();
    let open = |dir: &PathBuf| {
        let bundle = Bundle::open(dir)?;
        check(&bundle, &held, dir)?;
        Ok(Evaluator::from_bundle(bundle, runtime, Options::default())?)
    };
    folders.iter().map(open).collect()
}

fn check(bundle: &Bundle, held: &HashSet<u64>, dir: &Path) -> Result<()> {
    let refuse = |reason: &str| Err(Error::Teacher(format!("{}: {reason}", dir.display())));
    if bundle.manifest.metrics.iter().any(|m| m.cost_model.is_some()) {
        return refuse("multiples of formulas of costs cannot be taught");
    }
    if bundle.manifest.training.classes.iter().any(|c| held.contains(c)) {
        return refuse("was trained on classes that this run holds out");
    }
    Ok(())
}

/// The mean of what evaluators predict for each part.
pub(super) fn predict(
    evaluators: &[Evaluator],
    metrics: &[Metric],
    parts: &Parts,
) -> Result<[Columns; 3]> {
    let of = |networks: &[&DatasetNetwork]| mean(evaluators, metrics, networks);
    Ok([of(parts.train)?, of(parts.unlabelled)?, of(parts.valid)?])
}

fn mean(
    evaluators: &[Evaluator],
    metrics: &[Metric],
    networks: &[&DatasetNetwork],
) -> Result<Columns> {
    let mut sums = vec![vec![0.0; networks.len()]; metrics.len()];
    for evaluator in evaluators {
        let read: Vec<Network> =
            networks.par_iter().map(|n| n.network(evaluator.needs())).collect();
        let encoded = evaluator.encode(&read)?;
        for (sum, m) in sums.iter_mut().zip(metrics) {
            let (at, theirs) = find(evaluator, m)?;
            for (s, e) in sum.iter_mut().zip(&encoded) {
                let value = e.outputs.get(at).map_or(f64::NAN, |o| theirs.smooth(*o));
                let z = m.transform.apply(value).unwrap_or(f64::NAN);
                *s += z / evaluators.len() as f64;
            }
        }
    }
    Ok(sums)
}

/// A metric of the evaluator by name, and its position.
fn find<'e>(evaluator: &'e Evaluator, wanted: &Metric) -> Result<(usize, &'e Metric)> {
    let (manifest, name) = (evaluator.manifest(), &wanted.spec.name);
    let found = manifest.metrics.iter().enumerate().find(|(_, m)| m.spec.name == *name);
    let missing = || format!("teacher {} does not predict {name}", manifest.name);
    found.ok_or_else(|| Error::Teacher(missing()))
}
