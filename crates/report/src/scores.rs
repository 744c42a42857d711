//! Points and statistics of one metric, the input of plots.

use super::style::{count, short};
use nneval_tables::statistics::ScoreRow;
use nneval_tables::statistics::quantile;
use std::ops::Range;

/// One row: reported, measured or known by other means, and predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredPoint {
    /// The value that the label table gives.
    pub reported: f64,
    /// The evaluator's prediction.
    pub predicted: f64,
    /// Ends of the prediction's interval.
    pub interval: Option<[f64; 2]>,
}

impl ScoredPoint {
    /// Whether the reported value is outside of the prediction's interval.
    pub fn is_outside(&self) -> bool {
        self.interval.is_some_and(|[lo, hi]| !(lo..=hi).contains(&self.reported))
    }
}

/// Rows of one metric, with their statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricScores {
    /// Name, unit and statistics.
    pub row: ScoreRow,
    /// Share of reported values that the intervals were made to hold.
    pub level: Option<f64>,
    /// Rows with a reported value; all numbers finite.
    pub points: Vec<ScoredPoint>,
}

impl MetricScores {
    /// The rows that have a reported value. `reported`, `predicted` and
    /// `intervals` have an entry a row, in the metric's unit.
    pub fn new(
        row: &ScoreRow,
        level: Option<f64>,
        reported: &[Option<f64>],
        predicted: &[f64],
        intervals: &[Option<[f64; 2]>],
    ) -> Self {
        let ends = |e: Option<[f64; 2]>| e.filter(|e| e.iter().all(|v| v.is_finite()));
        let point = |((reported, predicted), interval): ((&Option<f64>, &f64), _)| {
            let (reported, predicted) = (reported.filter(|r| r.is_finite())?, *predicted);
            predicted.is_finite().then_some(ScoredPoint { reported, predicted, interval })
        };
        let intervals = intervals.iter().map(|e| ends(*e));
        let points = reported.iter().zip(predicted).zip(intervals).filter_map(point).collect();
        Self { row: row.clone(), level, points }
    }

    /// A line of statistics: rows, τ, ρ, MAE with its unit.
    pub fn statistics(&self) -> String {
        let r = &self.row;
        let three = |v: Option<f64>| v.map_or("–".into(), |v| format!("{v:.3}"));
        let interval = match (r.tau_lo, r.tau_hi) {
            (Some(lo), Some(hi)) => format!(" ({lo:.3} to {hi:.3})"),
            _ => String::new(),
        };
        let mae = r.mae.map_or("–".into(), short);
        let unit = if r.unit.is_empty() { String::new() } else { format!(" {}", r.unit) };
        format!(
            "{} rows · τ {}{interval} · ρ {} · MAE {mae}{unit}",
            count(self.points.len()),
            three(r.tau),
            three(r.rho)
        )
    }

    /// `90 %`, the share that the intervals were made to hold.
    pub fn percent(&self) -> Option<String> {
        self.level.map(|l| format!("{:.0} %", l * 100.0))
    }

    /// Points by ascending prediction.
    pub fn sorted(&self) -> Vec<ScoredPoint> {
        let mut sorted = self.points.clone();
        sorted.sort_by(|a, b| a.predicted.total_cmp(&b.predicted));
        sorted
    }
}

/// The range of the middle `share` of some numbers, with some room; `None`
/// where there are none.
pub fn middle(values: impl Iterator<Item = f64>, share: f64) -> Option<Range<f64>> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let tail = (1.0 - share) / 2.0;
    let (lo, hi) = (quantile(&sorted, tail)?, quantile(&sorted, 1.0 - tail)?);
    let room = if hi > lo { (hi - lo) * 0.04 } else { lo.abs().max(1.0) * 0.05 };
    Some(lo - room..hi + room)
}
