//! What `nneval score --plot` draws.

use super::verbosity;
use nneval::report::{MetricScores, NotDrawn, learning_curves_svg, metric_pictures, write_picture};
use nneval::tables::statistics::ScoreReport;
use nneval::training::score::ScoredTable;
use rayon::prelude::*;
use std::path::Path;

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
            let not_drawn = metric_pictures(scores, &scored.calibrated(i), dir)?;
            bar.inc(1);
            Ok(not_drawn.map(|what| missing(&scores.row.metric, what)))
        })
        .collect::<nneval::report::Result<Vec<Option<String>>>>()?
        .into_iter()
        .flatten()
        .collect();
    bar.finish_and_clear();
    if !without.is_empty() {
        super::console::note(format_args!("not drawn: {}", without.join(", ")));
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

/// What could not be drawn of a metric, in words.
fn missing(name: &str, what: NotDrawn) -> String {
    match what {
        NotDrawn::Calibration => format!("calibration of {name} (too few classes)"),
        _ => format!("{name} (no reported value)"),
    }
}
