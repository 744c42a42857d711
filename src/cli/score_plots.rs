//! What `nneval score --plot` draws.

use super::verbosity;
use nneval::evaluator::{LEVEL, coverage_curve};
use nneval::labels::ScoreReport;
use nneval::report::{
    MetricScores, calibration, learning_curves_svg, residuals, scatter, write_picture,
};
use nneval::training::score::ScoredTable;
use rayon::prelude::*;
use std::path::Path;

/// Nominal coverages of the calibration picture.
pub const LEVELS: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.925, 0.95];
/// Halvings of the rows behind it.
pub const SPLITS: u64 = 20;

/// Draws every metric of `report` that has a row, and the learning curves of
/// `run` where it is given.
pub fn write(
    scored: &ScoredTable,
    report: &ScoreReport,
    dir: &Path,
    run: Option<&Path>,
) -> anyhow::Result<()> {
    if let Some(run) = run {
        let svg = learning_curves_svg(&run.join("epochs.csv"))?;
        write_picture(&svg, dir, "learning-curves")?;
    }
    let pictures = pictures(scored, report);
    let bar = verbosity::bar(pictures.len() as u64, "pictures");
    let without: Vec<String> = pictures
        .par_iter()
        .enumerate()
        .map(|(i, scores)| {
            let missing = metric(scored, i, scores, dir);
            bar.inc(1);
            missing
        })
        .collect::<nneval::Result<Vec<Option<String>>>>()?
        .into_iter()
        .flatten()
        .collect();
    bar.finish_and_clear();
    if !without.is_empty() {
        super::note(format_args!("not drawn: {}", without.join(", ")));
    }
    Ok(())
}

/// What pictures are drawn from, a metric each of `report`'s rows.
fn pictures(scored: &ScoredTable, report: &ScoreReport) -> Vec<MetricScores> {
    let columns = scored.reported.iter().zip(&scored.predicted).zip(&scored.intervals);
    let rows = report.rows.iter().zip(&scored.metrics).zip(columns);
    rows.map(|((row, metric), ((reported, predicted), intervals))| {
        let level = metric.interval.as_ref().map(|interval| interval.level);
        MetricScores::new(row, level, reported, predicted, intervals)
    })
    .collect()
}

/// Draws one metric; what could not be drawn for want of rows.
fn metric(
    scored: &ScoredTable,
    at: usize,
    scores: &MetricScores,
    dir: &Path,
) -> nneval::Result<Option<String>> {
    let name = &scores.row.metric;
    if scores.points.is_empty() {
        return Ok(Some(format!("{name} (no reported value)")));
    }
    let stem = stem(name);
    write_picture(&scatter(scores)?, dir, &format!("{stem}-scatter"))?;
    write_picture(&residuals(scores)?, dir, &format!("{stem}-residuals"))?;
    let curve = coverage_curve(&scored.calibrated(at), &LEVELS, SPLITS);
    if curve.last().is_none_or(|point| point.level < LEVEL) {
        return Ok(Some(format!("calibration of {name} (too few classes)")));
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
    use super::stem;

    #[test]
    fn names_are_safe_in_a_folder() {
        assert_eq!(stem("cifar10_test_acc_pct"), "cifar10_test_acc_pct");
        assert_eq!(stem("../a b/c.ms"), "-.-a-b-c.ms");
    }
}
