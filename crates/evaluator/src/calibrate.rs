//! Calibration of a trained evaluator on held-out classes: validation scores, intervals,
//! in-domain statistics.

use super::bundle::Bundle;
use super::encoding::Encoding;
use super::interval::{Calibrated, Interval};
use super::manifest::{Metric, Validation};
use super::ood::{Domain, OodSample};
use crate::error::{Error, Result};
use nneval_tables::statistics as stats;

/// What an evaluator is calibrated on.
#[derive(Debug, Clone, Copy)]
pub struct CalibrationData<'a> {
    /// The training networks, encoded.
    pub train: &'a [Encoding],
    /// Networks of other classes, encoded.
    pub held: &'a [Encoding],
    /// Class of each of those.
    pub classes: &'a [u64],
    /// Reported values in label units, `reported[metric][network]`.
    pub reported: &'a [Vec<Option<f64>>],
}

/// Fills in `bundle`'s validation, intervals and in-domain statistics. The
/// networks must be encoded by the same bundle ([`super::Evaluator::encode`]).
/// A metric with too few labels gets no interval.
///
/// # Errors
/// [`Error::Calibration`] where the data does not fit together.
pub fn calibrate(bundle: &mut Bundle, data: &CalibrationData) -> Result<()> {
    let (held, train) = (data.held, data.train);
    check(data, bundle.manifest.metrics.len())?;
    for (i, (metric, reported)) in bundle.manifest.metrics.iter_mut().zip(data.reported).enumerate()
    {
        let rows = calibrated(metric, i, reported, held, data.classes);
        metric.interval = Interval::fit(&rows);
        metric.validation = Some(agreement(metric, i, reported, held));
    }
    bundle.manifest.domain = Domain::fit(&samples(train), &samples(held), data.classes);
    Ok(())
}

fn check(data: &CalibrationData, metrics: usize) -> Result<()> {
    let n = data.held.len();
    let fits = data.classes.len() == n
        && data.reported.len() == metrics
        && data.reported.iter().all(|r| r.len() == n);
    match fits {
        true => Ok(()),
        false => {
            Err(Error::Calibration("calibration: labels and networks do not fit together".into()))
        }
    }
}

/// Rows of one metric that have a label.
pub fn calibrated(
    metric: &Metric,
    index: usize,
    reported: &[Option<f64>],
    encoded: &[Encoding],
    classes: &[u64],
) -> Vec<Calibrated> {
    let row = |((label, e), class): ((&Option<f64>, &Encoding), &u64)| {
        let output = *e.outputs.get(index)?;
        let ratio = (*label)? / e.scales.get(index)?;
        Some(Calibrated { output, wanted: metric.wanted(ratio, output)?, class: *class })
    };
    reported.iter().zip(encoded).zip(classes).filter_map(row).collect()
}

/// Embeddings and tokens of encoded networks.
pub fn samples(encoded: &[Encoding]) -> Vec<OodSample<'_>> {
    encoded.iter().map(|e| OodSample { embedding: &e.embedding, tokens: &e.tokens }).collect()
}

fn agreement(
    metric: &Metric,
    index: usize,
    reported: &[Option<f64>],
    encoded: &[Encoding],
) -> Validation {
    let predicted: Vec<Option<f64>> = encoded.iter().map(|e| e.value(index, metric)).collect();
    let (r, p) = stats::paired(reported, &predicted);
    Validation {
        rows: r.len(),
        tau: stats::kendall_tau(&r, &p),
        rho: stats::spearman_rho(&r, &p),
        mae: stats::mean_absolute_error(&r, &p),
    }
}
