//! Scores: predictions against reported values, metric by metric, beside a
//! baseline.

use super::bootstrap::bootstrap_tau;
use super::correlation::{kendall_tau, spearman_rho};
use super::errors::{mean_absolute_error, median_relative_error, root_mean_square_error};
use super::pairs::paired;
use crate::cell::Cell;
use crate::column::{Column, Kind};
use crate::error::{Error, Result};
use crate::inert::inert;
use crate::metric::MetricSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Coverage of the intervals in a report.
pub const INTERVAL_LEVEL: f64 = 0.95;

/// How well one metric is predicted. `None` where a statistic is undefined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ScoreRow {
    /// Name of the metric.
    pub metric: String,
    /// Unit of `mae` and `rmse`.
    pub unit: String,
    /// Rows with a reported value.
    pub n: usize,
    /// Kendall's tau-b between reported and predicted values.
    pub tau: Option<f64>,
    /// Lower end of the interval of tau.
    pub tau_lo: Option<f64>,
    /// Upper end of the interval of tau.
    pub tau_hi: Option<f64>,
    /// Spearman's rho.
    pub rho: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Root of the mean squared error.
    pub rmse: Option<f64>,
    /// Median of |predicted - reported| / |reported|, a fraction.
    pub median_rel_err: Option<f64>,
    /// Tau-b between reported values and the baseline over the same rows (those
    /// with a baseline value), with its sign.
    pub baseline_tau: Option<f64>,
    /// Share of the reported values inside the prediction's interval; `None`
    /// where predictions have none.
    pub coverage: Option<f64>,
    /// The same when each class counts as one row, the mean of its rows.
    pub class_coverage: Option<f64>,
    /// Mean width of those intervals, in the metric's unit.
    pub mean_width: Option<f64>,
}

/// Scores of all metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    /// Name of the baseline.
    pub baseline: Option<String>,
    /// Coverage of the intervals.
    pub level: f64,
    /// Bootstrap resamples asked for; 0 for no intervals.
    pub resamples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// One per metric, in order.
    pub rows: Vec<ScoreRow>,
}

/// Compares predicted with reported values.
///
/// `reported[m][i]` and `predicted[m][i]` are metric `m` of row `i`, in the unit
/// of `metrics[m]`; `baseline` is a name and one value a row (FLOPs, say);
/// `classes` is the class of each row, the unit of the bootstrap.
///
/// # Errors
/// [`Error::Scores`] when the shapes differ or a prediction is not finite.
pub fn score_table(
    metrics: &[MetricSpec],
    reported: &[Vec<Option<f64>>],
    predicted: &[Vec<f64>],
    baseline: Option<(&str, &[Option<f64>])>,
    classes: &[u64],
    bootstrap: usize,
    seed: u64,
) -> Result<ScoreReport> {
    same("metrics", "columns of reported values", metrics.len(), reported.len())?;
    same("metrics", "columns of predictions", metrics.len(), predicted.len())?;
    if let Some((name, values)) = baseline {
        same("rows", &format!("values of {name}"), classes.len(), values.len())?;
    }
    let mut rows = Vec::with_capacity(metrics.len());
    for ((metric, reported), predicted) in metrics.iter().zip(reported).zip(predicted) {
        let name = &metric.name;
        same("rows", &format!("reported values of {name}"), classes.len(), reported.len())?;
        same("rows", &format!("predictions of {name}"), classes.len(), predicted.len())?;
        if let Some(row) = predicted.iter().position(|p| !p.is_finite()) {
            return Err(refuse(format!("the prediction of {name} for row {row} is not finite")));
        }
        let data = Data { reported, predicted, baseline: baseline.map(|b| b.1), classes };
        rows.push(score_metric(metric, &data, bootstrap, seed));
    }
    let baseline = baseline.map(|(name, _)| name.to_owned());
    Ok(ScoreReport { baseline, level: INTERVAL_LEVEL, resamples: bootstrap, seed, rows })
}

fn refuse(reason: String) -> Error {
    Error::Scores { reason }
}

fn same(what: &str, other: &str, a: usize, b: usize) -> Result<()> {
    if a == b { Ok(()) } else { Err(refuse(format!("{a} {what} but {b} {other}"))) }
}

struct Data<'a> {
    reported: &'a [Option<f64>],
    predicted: &'a [f64],
    baseline: Option<&'a [Option<f64>]>,
    classes: &'a [u64],
}

fn score_metric(metric: &MetricSpec, data: &Data, bootstrap: usize, seed: u64) -> ScoreRow {
    let present = || data.reported.iter().enumerate().filter_map(|(i, r)| Some((i, (*r)?)));
    let reported: Vec<f64> = present().map(|(_, r)| r).collect();
    let predicted: Vec<f64> =
        present().filter_map(|(i, _)| data.predicted.get(i).copied()).collect();
    let classes: Vec<u64> = present().filter_map(|(i, _)| data.classes.get(i).copied()).collect();
    let interval = bootstrap_tau(&reported, &predicted, &classes, bootstrap, INTERVAL_LEVEL, seed);
    let baseline_tau = data.baseline.and_then(|baseline| {
        let (r, b) = paired(data.reported, baseline);
        kendall_tau(&r, &b)
    });
    ScoreRow {
        metric: metric.name.clone(),
        unit: metric.unit.clone(),
        n: reported.len(),
        tau: kendall_tau(&reported, &predicted),
        tau_lo: interval.map(|i| i.lo),
        tau_hi: interval.map(|i| i.hi),
        rho: spearman_rho(&reported, &predicted),
        mae: mean_absolute_error(&reported, &predicted),
        rmse: root_mean_square_error(&reported, &predicted),
        median_rel_err: median_relative_error(&reported, &predicted),
        baseline_tau,
        coverage: None,
        class_coverage: None,
        mean_width: None,
    }
}

impl ScoreReport {
    /// Adds coverage and mean width of intervals: `intervals[m][i]` are the ends
    /// of metric `m` for row `i`, `None` where there is no interval; `classes` is
    /// the class of each row.
    pub fn add_intervals(
        &mut self,
        reported: &[Vec<Option<f64>>],
        intervals: &[Vec<Option<[f64; 2]>>],
        classes: &[u64],
    ) {
        for ((row, reported), intervals) in self.rows.iter_mut().zip(reported).zip(intervals) {
            let (mut inside, mut width, mut n) = (0.0, 0.0, 0.0);
            let mut by_class: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
            for ((reported, ends), class) in reported.iter().zip(intervals).zip(classes) {
                let (Some(r), Some([lo, hi])) = (reported, ends) else { continue };
                let hit = f64::from(u8::from((lo..=hi).contains(&r)));
                let slot = by_class.entry(*class).or_default();
                *slot = (slot.0 + hit, slot.1 + 1.0);
                (inside, width, n) = (inside + hit, width + hi - lo, n + 1.0);
            }
            let mean = by_class.values().map(|c| c.0 / c.1).sum::<f64>() / by_class.len() as f64;
            row.coverage = (n > 0.0).then(|| inside / n);
            row.class_coverage = (n > 0.0).then_some(mean);
            row.mean_width = (n > 0.0).then(|| width / n);
        }
    }

    /// CSV with a header line; undefined values are empty cells.
    ///
    /// # Errors
    /// [`Error::Scores`] if a row cannot be written.
    pub fn to_csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            let inert = |text: &str| inert(text).into_owned();
            let row =
                ScoreRow { metric: inert(&row.metric), unit: inert(&row.unit), ..row.clone() };
            writer.serialize(row).map_err(|e| refuse(e.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|e| refuse(e.to_string()))?;
        String::from_utf8(bytes).map_err(|e| refuse(e.to_string()))
    }

    /// The report as indented JSON; undefined values are null.
    ///
    /// # Errors
    /// [`Error::Scores`] if it cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|e| refuse(e.to_string()))
    }
}

impl ScoreRow {
    /// Columns of a table of scores.
    pub fn columns() -> Vec<Column> {
        let text = ["metric", "unit"].map(|name| Column::new(name, Kind::Text));
        let numbers = [
            "tau",
            "tau_lo",
            "tau_hi",
            "rho",
            "mae",
            "rmse",
            "median_rel_err",
            "baseline_tau",
            "coverage",
            "class_coverage",
            "mean_width",
        ];
        let numbers = numbers.map(|name| Column::new(name, Kind::Number));
        let count = Column::new("n", Kind::Integer);
        text.into_iter().chain([count]).chain(numbers).collect()
    }

    /// Cells of [`ScoreRow::columns`].
    pub fn cells(&self) -> Vec<Cell> {
        let numbers = [
            self.tau,
            self.tau_lo,
            self.tau_hi,
            self.rho,
            self.mae,
            self.rmse,
            self.median_rel_err,
            self.baseline_tau,
            self.coverage,
            self.class_coverage,
            self.mean_width,
        ];
        let first = [Cell::from(&self.metric), Cell::from(&self.unit), Cell::from(self.n)];
        first.into_iter().chain(numbers.map(Cell::from)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> ScoreReport {
        let metrics = ["acc_pct", "edge_lat_ms"].map(MetricSpec::from_column);
        let reported = vec![
            vec![Some(90.0), Some(80.0), Some(70.0), Some(60.0)],
            vec![Some(1.0), None, Some(3.0), Some(2.0)],
        ];
        let predicted = vec![vec![91.0, 79.0, 71.0, 62.0], vec![1.0, 1.0, 1.0, 1.0]];
        let flops = [Some(4.0), Some(3.0), Some(1.0), None];
        let classes = [1, 2, 3, 4];
        score_table(&metrics, &reported, &predicted, Some(("flops_M", &flops)), &classes, 50, 1)
            .unwrap()
    }

    #[test]
    fn statistics_by_metric() {
        let report = report();
        let acc = &report.rows[0];
        assert_eq!((acc.n, acc.tau, acc.mae), (4, Some(1.0), Some(1.25)));
        assert_eq!((acc.tau_lo, acc.tau_hi, acc.baseline_tau), (Some(1.0), Some(1.0), Some(1.0)));
        assert!(acc.rho.is_some_and(|rho| (rho - 1.0).abs() < 1e-12));
        let lat = &report.rows[1];
        assert_eq!((lat.n, lat.tau, lat.tau_lo, lat.mae), (3, None, None, Some(1.0)));
        assert_eq!(lat.baseline_tau, Some(-1.0));
    }

    #[test]
    fn renderings() {
        let report = report();
        let text = report.to_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("metric       unit  n    tau   95 % interval"), "{text}");
        assert!(lines[0].ends_with("tau of flops_M"), "{text}");
        assert!(lines[2].starts_with("edge_lat_ms  ms    3      -"), "{text}");
        let csv = report.to_csv().unwrap();
        assert!(csv.starts_with(
            "metric,unit,n,tau,tau_lo,tau_hi,rho,mae,rmse,median_rel_err,baseline_tau,coverage,class_coverage,mean_width\n"
        ));
        assert!(csv.contains("\nedge_lat_ms,ms,3,,,,,1.0,"), "{csv}");
        let back: ScoreReport = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        assert_eq!(back, report);
    }

    #[test]
    fn coverage_counts_reported_values_inside() {
        let mut report = report();
        assert!(!report.to_text().contains("coverage"));
        let reported = [vec![Some(1.0), Some(2.0), None, Some(9.0)], vec![]];
        let ends = Some([0.0, 2.0]);
        report.add_intervals(&reported, &[vec![ends, ends, ends, ends], vec![]], &[1, 1, 2, 3]);
        let rows = &report.rows;
        assert_eq!((rows[0].coverage, rows[0].mean_width), (Some(2.0 / 3.0), Some(2.0)));
        assert_eq!(rows[0].class_coverage, Some(0.5));
        assert_eq!((rows[1].coverage, rows[1].mean_width), (None, None));
        assert!(report.to_text().contains("66.7 %"));
    }

    #[test]
    fn shapes_must_agree() {
        let m = [MetricSpec::from_column("v")];
        let r = [vec![Some(1.0), Some(2.0)]];
        let p = [vec![1.0, 2.0]];
        let message = |e: Result<ScoreReport>| e.unwrap_err().to_string();
        assert!(score_table(&m, &r, &p, None, &[1, 2], 0, 0).is_ok());
        assert_eq!(
            message(score_table(&m, &[], &p, None, &[1, 2], 0, 0)),
            "scores: 1 metrics but 0 columns of reported values"
        );
        assert_eq!(
            message(score_table(&m, &r, &p, None, &[1], 0, 0)),
            "scores: 1 rows but 2 reported values of v"
        );
        assert_eq!(
            message(score_table(&m, &r, &p, Some(("f", &[])), &[1, 2], 0, 0)),
            "scores: 2 rows but 0 values of f"
        );
        assert_eq!(
            message(score_table(&m, &r, &[vec![1.0, f64::NAN]], None, &[1, 2], 0, 0)),
            "scores: the prediction of v for row 1 is not finite"
        );
    }

    #[test]
    fn cells_are_those_of_the_csv() {
        let report = report();
        let csv = report.to_csv().unwrap();
        let mut lines = csv.lines();
        let names: Vec<String> = ScoreRow::columns().into_iter().map(|c| c.name).collect();
        assert_eq!(lines.next(), Some(names.join(",").as_str()));
        for (row, line) in report.rows.iter().zip(lines) {
            for (cell, text) in row.cells().iter().zip(line.split(',')) {
                assert!(cell.text() == text || cell.number() == text.parse().ok(), "{text}");
            }
        }
        assert_eq!(report.rows[1].cells().len(), names.len());
    }
}
