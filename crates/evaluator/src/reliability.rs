//! How well intervals and in-domain scores keep what they promise: classes that
//! training has not seen are halved many times over, one half calibrates, the
//! other is tested.

use super::Encoded;
use super::calibrate::{CalibrationData, calibrated, seen};
use super::domain::Domain;
use super::interval::{Calibrated, Interval};
use super::manifest::Metric;
use crate::error::{Error, Result};
use nneval_tables::labels::split_classes;
use std::collections::BTreeMap;

/// What halves of the held-out classes say, means over the splits.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Splits.
    pub splits: u64,
    /// One for each metric with enough labels.
    pub coverage: Vec<Coverage>,
    /// Share of test networks that are flagged.
    pub flagged: f64,
    /// The same when each class counts as one.
    pub flagged_classes: f64,
    /// Share of `outside` networks that are flagged.
    pub outside_flagged: Option<f64>,
    /// Area under the ROC curve of the in-domain score, test networks against
    /// the ones from outside.
    pub auroc: Option<f64>,
}

/// Shares of one metric's reported values inside their intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Name of the metric.
    pub metric: String,
    /// Share of the test rows.
    pub rows: f64,
    /// Standard deviation of that share over the splits.
    pub rows_sd: f64,
    /// Share when each class counts as one.
    pub classes: f64,
}

/// Halves the held-out classes of `data` with seeds 0 to `splits`−1.
/// `outside`: networks unlike those trained on, encoded. After each halving
/// `on` is called.
///
/// # Errors
/// [`Error::Training`] for fewer than two classes.
pub fn reliability(
    metrics: &[Metric],
    data: &CalibrationData,
    outside: &[Encoded],
    splits: u64,
    on: &mut dyn FnMut(),
) -> Result<Reliability> {
    let (held, train) = (data.held, data.train);
    let statistics = Domain::fit(&seen(train), &seen(held), data.classes);
    let mut covered = vec![Vec::new(); metrics.len()];
    let mut domains = Vec::new();
    for seed in 0..splits {
        let refuse = |e| Error::Training(format!("held-out classes: {e}"));
        let parts = split_classes(data.classes, &[0.5], seed).map_err(refuse)?;
        let [a, b] = parts.as_slice() else { continue };
        let (calibration, test) = (Half::new(a, held, data), Half::new(b, held, data));
        for ((i, metric), covered) in metrics.iter().enumerate().zip(&mut covered) {
            covered.extend(coverage(i, metric, &calibration, &test));
        }
        domains.extend(domain(statistics.as_ref(), &calibration, &test, outside));
        on();
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let summary = |(m, c): (&Metric, &Vec<[f64; 2]>)| {
        let column = |k: usize| c.iter().filter_map(|x| x.get(k).copied()).collect::<Vec<f64>>();
        let shares = column(0);
        let rows = mean(&shares);
        let squares: Vec<f64> = shares.iter().map(|x| (x - rows).powi(2)).collect();
        let (metric, rows_sd) = (m.spec.name.clone(), mean(&squares).sqrt());
        (!c.is_empty()).then(|| Coverage { metric, rows, rows_sd, classes: mean(&column(1)) })
    };
    let column = |k: usize| domains.iter().map(|d: &[f64; 4]| d[k.min(3)]).collect::<Vec<f64>>();
    let known = |k: usize| (!outside.is_empty()).then(|| mean(&column(k)));
    Ok(Reliability {
        splits,
        coverage: metrics.iter().zip(&covered).filter_map(summary).collect(),
        flagged: mean(&column(0)),
        flagged_classes: mean(&column(3)),
        outside_flagged: known(1),
        auroc: known(2),
    })
}

/// Some of the held-out rows.
struct Half {
    encoded: Vec<Encoded>,
    classes: Vec<u64>,
    reported: Vec<Vec<Option<f64>>>,
}

impl Half {
    fn new(rows: &[usize], held: &[Encoded], data: &CalibrationData) -> Self {
        let pick = |column: &Vec<Option<f64>>| {
            rows.iter().map(|&r| column.get(r).copied().flatten()).collect()
        };
        Self {
            encoded: rows.iter().filter_map(|&r| held.get(r).cloned()).collect(),
            classes: rows.iter().filter_map(|&r| data.classes.get(r).copied()).collect(),
            reported: data.reported.iter().map(pick).collect(),
        }
    }

    fn rows(&self, i: usize, metric: &Metric) -> Vec<Calibrated> {
        let reported = self.reported.get(i).map_or(&[][..], Vec::as_slice);
        calibrated(metric, i, reported, &self.encoded, &self.classes)
    }
}

/// Share of test rows, and mean share of a class's rows, inside the interval.
fn coverage(i: usize, metric: &Metric, calibration: &Half, test: &Half) -> Option<[f64; 2]> {
    let interval = Interval::fit(&calibration.rows(i, metric))?;
    let rows = test.rows(i, metric);
    let inside = |r: &Calibrated| f64::from(u8::from(interval.holds(r)));
    let all = rows.iter().map(inside).sum::<f64>() / rows.len() as f64;
    let by_class = class_mean(rows.iter().map(|r| (inside(r), r.class)));
    (!rows.is_empty()).then_some([all, by_class])
}

/// Mean over classes of the mean over a class's rows.
fn class_mean(rows: impl Iterator<Item = (f64, u64)>) -> f64 {
    let mut classes: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (x, class) in rows {
        let slot = classes.entry(class).or_default();
        *slot = (slot.0 + x, slot.1 + 1.0);
    }
    classes.values().map(|c| c.0 / c.1).sum::<f64>() / classes.len() as f64
}

/// Shares of test and outside networks flagged, and the area under the curve.
fn domain(
    statistics: Option<&Domain>,
    calibration: &Half,
    test: &Half,
    outside: &[Encoded],
) -> Option<[f64; 4]> {
    let domain = statistics?.recalibrated(&seen(&calibration.encoded), &calibration.classes)?;
    let scores = |e: &[Encoded]| seen(e).iter().map(|s| domain.score(s)).collect::<Vec<f64>>();
    let (inside, outside) = (scores(&test.encoded), scores(outside));
    let share = |v: &[f64]| v.iter().filter(|p| domain.flags(**p)).count() as f64 / v.len() as f64;
    let wins = |o: &f64| -> f64 {
        inside.iter().map(|i| f64::from(u8::from(i > o)) + 0.5 * f64::from(u8::from(i == o))).sum()
    };
    let pairs = (inside.len() * outside.len()) as f64;
    let area = outside.iter().map(wins).sum::<f64>() / pairs;
    let flags = inside.iter().map(|p| f64::from(u8::from(domain.flags(*p))));
    let by_class = class_mean(flags.zip(test.classes.iter().copied()));
    Some([share(&inside), share(&outside), area, by_class])
}
