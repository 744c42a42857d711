//! Cross-fitting: every class is predicted by a run that was trained on other classes.
//!
//! Networks of one class (a family of general networks) are alike. How an evaluator does on
//! families that it has not seen is therefore learnt from classes left out, and there are few of
//! them in a validation split. Here the classes are parted; each part is predicted by a run on the
//! others. The residuals calibrate intervals (cross-conformal prediction, Vovk 2015; pooled as in
//! Barber, Candes, Ramdas & Tibshirani 2021) and choose the share of corrections to cost models.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::progress::Observer;
use crate::residual_shrinkage::{by_class, least_factor};
use nneval_evaluator::{Calibrated, Encoding, Evaluator, Interval, Metric};
use nneval_tables::statistics::median_relative_error;
use std::collections::{BTreeMap, BTreeSet};

/// What cross-fitting says of a metric.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CrossScore {
    /// Name of the metric.
    pub metric: String,
    /// Median relative error over all rows.
    pub median_error: Option<f64>,
    /// Share of reported values inside intervals that the other parts calibrate.
    pub coverage: Option<f64>,
}

/// A row predicted by a run that has not seen its class.
#[derive(Debug, Clone)]
struct Row {
    fold: usize,
    class: Option<u64>,
    /// Output of the run's encoder.
    output: f64,
    /// What the run's cost model gives.
    scale: f64,
    label: f64,
}

/// Rows of all classes by metric, each predicted by a run on other classes.
#[derive(Debug, Default)]
pub struct CrossFit {
    rows: Vec<Vec<Row>>,
    /// The metrics of each fold's run.
    metrics: Vec<Vec<Metric>>,
}

impl CrossFit {
    /// Adds the rows of a part, which `evaluator` has not seen.
    ///
    /// # Errors
    /// As [`Dataset::encode`].
    pub fn add(
        &mut self,
        evaluator: &Evaluator,
        dataset: &mut Dataset,
        rows: &[usize],
        observer: Observer,
    ) -> Result<()> {
        let (fold, metrics) = (self.metrics.len(), &evaluator.manifest().metrics);
        let encoded = dataset.encode(evaluator, rows, observer)?;
        self.rows.resize(metrics.len(), Vec::new());
        for (i, (metric, all)) in metrics.iter().zip(&mut self.rows).enumerate() {
            let labels = dataset.labels(&metric.spec.name, rows)?;
            let row = |((r, e), label): ((&usize, &Encoding), Option<f64>)| {
                let (output, scale) = (*e.outputs.get(i)?, *e.scales.get(i)?);
                Some(Row { fold, class: dataset.table().class(*r), output, scale, label: label? })
            };
            all.extend(rows.iter().zip(&encoded).zip(labels).filter_map(row));
        }
        self.metrics.push(metrics.clone());
        Ok(())
    }

    /// The ratio to its cost model that a row's run predicts with that factor on its output.
    fn ratio(&self, i: usize, row: &Row, factor: f64) -> Option<f64> {
        Some(self.metrics.get(row.fold)?.get(i)?.value(factor * row.output))
    }

    /// For each of `metrics` the factor on its outputs, by the rule of one standard error over
    /// classes; 1 without a cost model.
    pub fn factors(&self, metrics: &[Metric]) -> Vec<f32> {
        let factor = |(i, metric): (usize, &Metric)| {
            let Some(rows) = self.rows.get(i).filter(|_| metric.is_ratio()) else {
                return 1.0;
            };
            let classes: Vec<Option<u64>> = rows.iter().map(|r| r.class).collect();
            let errors = |factor: f64| {
                let error =
                    |r: &Row| Some((self.ratio(i, r, factor)? * r.scale / r.label).ln().abs());
                by_class(&classes, rows.iter().map(error))
            };
            least_factor(errors) as f32
        };
        metrics.iter().enumerate().map(factor).collect()
    }

    /// Rows as intervals of `metric`, the evaluator's at `i`, are calibrated on.
    fn calibrated(&self, i: usize, metric: &Metric, factor: f32) -> Vec<(usize, Calibrated)> {
        let rows = self.rows.get(i).map_or(&[][..], Vec::as_slice);
        let row = |(at, r): (usize, &Row)| {
            let output = metric.output(self.ratio(i, r, factor.into())?)?;
            let wanted = metric.wanted(r.label / r.scale, output)?;
            let class = r.class.unwrap_or(u64::MAX - at as u64);
            Some((r.fold, Calibrated { output, wanted, class }))
        };
        rows.iter().enumerate().filter_map(row).filter(|(_, c)| c.output.is_finite()).collect()
    }

    /// Gives each of `metrics` the interval that all rows calibrate.
    pub fn calibrate(&self, metrics: &mut [Metric], factors: &[f32]) {
        for (i, (metric, factor)) in metrics.iter_mut().zip(factors).enumerate() {
            let rows: Vec<Calibrated> =
                self.calibrated(i, metric, *factor).into_iter().map(|r| r.1).collect();
            metric.interval = Interval::fit_crossed(&rows).or(metric.interval.take());
        }
    }

    /// Errors, and coverage of intervals that the other parts calibrate.
    pub fn scores(&self, metrics: &[Metric], factors: &[f32]) -> Vec<CrossScore> {
        let score = |(i, (metric, factor)): (usize, (&Metric, &f32))| {
            let value = |r: &Row| Some((r.label, self.ratio(i, r, (*factor).into())? * r.scale));
            let rows = self.rows.get(i).into_iter().flatten().filter_map(value);
            let (reported, predicted): (Vec<f64>, Vec<f64>) = rows.unzip();
            CrossScore {
                metric: metric.spec.name.clone(),
                median_error: median_relative_error(&reported, &predicted),
                coverage: coverage(&self.calibrated(i, metric, *factor)),
            }
        };
        metrics.iter().zip(factors).enumerate().map(score).collect()
    }
}

/// Rows parted by their classes, so that the classes of a part are spread evenly in their order;
/// rows without a class are in none.
pub fn folds(
    rows: &[usize],
    class: impl Fn(usize) -> Option<u64>,
    count: usize,
) -> Vec<Vec<usize>> {
    let classes: BTreeSet<u64> = rows.iter().filter_map(|&r| class(r)).collect();
    let places: BTreeMap<u64, usize> = classes.into_iter().zip(0..).collect();
    let mut parts = vec![Vec::new(); count];
    for &row in rows {
        let at = class(row).and_then(|c| places.get(&c)).and_then(|p| p.checked_rem(count));
        if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
            part.push(row);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Share of rows inside the intervals that rows of other folds calibrate.
fn coverage(rows: &[(usize, Calibrated)]) -> Option<f64> {
    let last = rows.iter().map(|r| r.0).max()?;
    let (mut inside, mut all) = (0.0, 0.0);
    for fold in 0..=last {
        let other: Vec<Calibrated> = rows.iter().filter(|r| r.0 != fold).map(|r| r.1).collect();
        let interval = Interval::fit_crossed(&other)?;
        for (_, row) in rows.iter().filter(|r| r.0 == fold) {
            inside += f64::from(u8::from(interval.holds(row)));
            all += 1.0;
        }
    }
    (all > 0.0).then(|| inside / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_whole_classes() {
        let class = |row: usize| (row < 30).then_some(row as u64 % 10);
        let rows: Vec<usize> = (0..35).collect();
        let parts = folds(&rows, class, 4);
        assert_eq!(parts.len(), 4);
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 30);
        for part in &parts {
            let classes: BTreeSet<u64> = part.iter().filter_map(|&r| class(r)).collect();
            assert_eq!(part.len(), 3 * classes.len());
        }
        assert_eq!(folds(&rows, |_| Some(1), 3).len(), 1);
    }

    #[test]
    fn coverage_is_that_on_other_parts() {
        let row = |i: u32| {
            let wanted = f64::from(i % 100) / 100.0;
            let class = u64::from(i / 10);
            (class as usize % 5, Calibrated { output: 0.0, wanted, class })
        };
        let rows: Vec<(usize, Calibrated)> = (0..1000).map(row).collect();
        let found = coverage(&rows).unwrap();
        assert!((0.86..0.94).contains(&found), "{found}");
    }
}
