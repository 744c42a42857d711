//! Predictions against reported values, metric by metric, beside a baseline.

use super::bootstrap::bootstrap_tau;
use super::metric::MetricSpec;
use super::stats;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
/// [`Error::Labels`] when the shapes differ or a prediction is not finite.
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
    Error::Labels { file: PathBuf::from("scores"), line: None, reason }
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
        let (r, b) = stats::paired(data.reported, baseline);
        stats::kendall_tau(&r, &b)
    });
    ScoreRow {
        metric: metric.name.clone(),
        unit: metric.unit.clone(),
        n: reported.len(),
        tau: stats::kendall_tau(&reported, &predicted),
        tau_lo: interval.map(|i| i.lo),
        tau_hi: interval.map(|i| i.hi),
        rho: stats::spearman_rho(&reported, &predicted),
        mae: stats::mean_absolute_error(&reported, &predicted),
        rmse: stats::root_mean_square_error(&reported, &predicted),
        median_rel_err: stats::median_relative_error(&reported, &predicted),
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

    /// An aligned text table; `-` stands for an undefined or absent value.
    pub fn to_text(&self) -> String {
        let baseline = self.baseline.as_ref().map(|name| format!("tau of {name}"));
        let interval = format!("{:.0} % interval", self.level * 100.0);
        let mut head: Vec<String> =
            ["metric", "unit", "n", "tau", &interval, "rho", "MAE", "RMSE", "median error"]
                .map(String::from)
                .to_vec();
        head.extend(baseline);
        let covered = self.rows.iter().any(|row| row.coverage.is_some());
        if covered {
            head.extend(["coverage", "of classes", "mean width"].map(String::from));
        }
        let body = self.rows.iter().map(|row| row.cells(self.baseline.is_some(), covered));
        align(&std::iter::once(head).chain(body).collect::<Vec<_>>())
    }

    /// CSV with a header line; undefined values are empty cells.
    ///
    /// # Errors
    /// [`Error::Labels`] if a row cannot be written.
    pub fn to_csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            writer.serialize(row).map_err(|e| refuse(e.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|e| refuse(e.to_string()))?;
        String::from_utf8(bytes).map_err(|e| refuse(e.to_string()))
    }

    /// The report as indented JSON; undefined values are null.
    ///
    /// # Errors
    /// [`Error::Labels`] if it cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|e| refuse(e.to_string()))
    }
}

impl ScoreRow {
    fn cells(&self, with_baseline: bool, covered: bool) -> Vec<String> {
        let interval = match (self.tau_lo, self.tau_hi) {
            (Some(lo), Some(hi)) => format!("{lo:.3} to {hi:.3}"),
            _ => "-".to_owned(),
        };
        let unit = if self.unit.is_empty() { "-" } else { &self.unit };
        let mut cells = vec![
            self.metric.clone(),
            unit.to_owned(),
            self.n.to_string(),
            correlation(self.tau),
            interval,
            correlation(self.rho),
            quantity(self.mae),
            quantity(self.rmse),
            self.median_rel_err.map_or("-".to_owned(), |e| format!("{:.1} %", e * 100.0)),
        ];
        cells.extend(with_baseline.then(|| correlation(self.baseline_tau)));
        if covered {
            let share = |c: Option<f64>| c.map_or("-".into(), |c| format!("{:.1} %", c * 100.0));
            cells.extend([share(self.coverage), share(self.class_coverage)]);
            cells.push(quantity(self.mean_width));
        }
        cells
    }
}

fn correlation(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |v| format!("{v:.3}"))
}

/// Four significant digits.
fn quantity(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(v) if !(1e-4..1e7).contains(&v.abs()) => format!("{v:.3e}"),
        Some(v) => format!("{v:.*}", (3.0 - v.abs().log10().floor()).clamp(0.0, 7.0) as usize),
    }
}

/// Columns padded to their widest cell: the first two to the left, numbers to
/// the right; two spaces between.
fn align(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        lines.iter().filter_map(|line| line.get(at)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, &width))| {
            if at < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
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
    fn quantities_have_four_digits() {
        for (value, want) in [
            (0.0, "0"),
            (1.25, "1.250"),
            (123.456, "123.5"),
            (99999.4, "99999"),
            (0.01234, "0.01234"),
            (1e-9, "1.000e-9"),
        ] {
            assert_eq!(quantity(Some(value)), want);
        }
        assert_eq!(quantity(None), "-");
    }
}
