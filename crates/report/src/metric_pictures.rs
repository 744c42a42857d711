//! Pictures of one metric's scores: scatter, residuals, calibration.

use super::calibration::calibration;
use super::picture::write_picture;
use super::residuals::residuals;
use super::scatter::scatter;
use super::scores::MetricScores;
use crate::error::Result;
use nneval_evaluator::{Calibrated, LEVEL, coverage_curve};
use std::path::Path;

/// Nominal coverages of the calibration picture.
const LEVELS: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.925, 0.95];
/// Halvings of the rows behind it.
const SPLITS: u64 = 20;

/// What could not be drawn for want of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotDrawn {
    /// No picture: no row has a reported value.
    Metric,
    /// The calibration: there are too few classes.
    Calibration,
}

/// Writes `METRIC-scatter`, `METRIC-residuals` and `METRIC-calibration` into `dir`, the last
/// from the rows `calibrated`. Tells what could not be drawn.
///
/// # Errors
/// As [`write_picture`].
pub fn metric_pictures(
    scores: &MetricScores,
    calibrated: &[Calibrated],
    dir: &Path,
) -> Result<Option<NotDrawn>> {
    if scores.points.is_empty() {
        return Ok(Some(NotDrawn::Metric));
    }
    let stem = stem(&scores.row.metric);
    write_picture(&scatter(scores)?, dir, &format!("{stem}-scatter"))?;
    write_picture(&residuals(scores)?, dir, &format!("{stem}-residuals"))?;
    let curve = coverage_curve(calibrated, &LEVELS, SPLITS);
    if curve.last().is_none_or(|point| point.level < LEVEL) {
        return Ok(Some(NotDrawn::Calibration));
    }
    write_picture(&calibration(scores, &curve, SPLITS)?, dir, &format!("{stem}-calibration"))?;
    Ok(None)
}

/// A metric's name as part of a file name: what is no letter, digit, `_`, `-` or
/// `.` becomes `-`, and so does a dot at the start.
fn stem(name: &str) -> String {
    let safe = |(i, c): (usize, char)| match c {
        c if c.is_alphanumeric() || "_-".contains(c) => c,
        '.' if i > 0 => c,
        _ => '-',
    };
    name.chars().take(100).enumerate().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_tables::statistics::ScoreRow;

    #[test]
    fn names_are_safe_in_a_folder() {
        assert_eq!(stem("cifar10_test_acc_pct"), "cifar10_test_acc_pct");
        assert_eq!(stem("../a b/c.ms"), "-.-a-b-c.ms");
    }

    #[test]
    fn what_cannot_be_drawn_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let row = ScoreRow { metric: "a_ms".into(), n: 2, ..Default::default() };
        let draw = |reported: &[Option<f64>]| {
            let scores = MetricScores::new(&row, None, reported, &[1.0, 2.0], &[None, None]);
            metric_pictures(&scores, &[], dir.path()).unwrap()
        };
        assert_eq!(draw(&[None, None]), Some(NotDrawn::Metric));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(draw(&[Some(1.0), Some(3.0)]), Some(NotDrawn::Calibration));
        assert!(dir.path().join("a_ms-scatter.svg").is_file());
        assert!(!dir.path().join("a_ms-calibration.svg").exists());
    }
}
