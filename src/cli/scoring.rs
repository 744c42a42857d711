//! What `nneval score` and `nneval report` share: rows of a label table,
//! predictions for them, statistics.

use super::source_args::SourceArgs;
use super::{encoding, verbosity};
use anyhow::{Context, bail};
use clap::ValueEnum;
use nneval::evaluator::{Calibrated, Encoded, Evaluator, Manifest, Metric, calibrated};
use nneval::labels::{LabelTable, MetricSpec, ScoreReport, score_table};
use nneval::report::MetricScores;
use nneval::training::NetworkSource;
use std::collections::HashSet;

/// Which rows of a table are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// Rows of classes that the evaluator was not trained on
    Unseen,
    /// Rows of classes that it was neither trained on nor chosen by
    Test,
    /// All rows, training rows among them
    All,
}

/// Which rows, and the bootstrap of τ.
#[derive(Debug, clap::Args)]
pub struct ScoringArgs {
    /// Which rows of the table
    #[arg(long, value_enum, default_value_t = Rows::Unseen)]
    pub rows: Rows,
    /// Bootstrap resamples of the classes
    #[arg(long, default_value_t = 1000)]
    pub bootstrap: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// What is to be scored.
pub struct Request<'a> {
    /// Label table and networks.
    pub source: &'a SourceArgs,
    /// Metrics; none: all that evaluator and table share.
    pub metrics: &'a [String],
    /// Which rows.
    pub rows: Rows,
    /// Columns that must be there beside the metrics.
    pub columns: &'a [String],
}

/// Rows with their predictions.
pub struct Scored {
    /// The metrics scored.
    pub metrics: Vec<Metric>,
    /// Reported values by metric and row.
    pub reported: Vec<Vec<Option<f64>>>,
    /// Predictions by metric and row.
    pub predicted: Vec<Vec<f64>>,
    /// Ends of their intervals.
    pub intervals: Vec<Vec<Option<[f64; 2]>>>,
    /// Class of each row.
    pub classes: Vec<u64>,
    /// The label table.
    pub table: LabelTable,
    /// Its rows.
    pub rows: Vec<usize>,
    /// Where its networks are.
    pub networks: NetworkSource,
    /// Positions of the metrics among the evaluator's.
    chosen: Vec<usize>,
    encoded: Vec<Encoded>,
}

impl Scored {
    /// Reads the table and predicts.
    pub fn new(evaluator: &Evaluator, request: &Request) -> anyhow::Result<Self> {
        let manifest = evaluator.manifest();
        let columns: Vec<String> = request.columns.iter().chain(request.metrics).cloned().collect();
        let table = request.source.table(&columns)?;
        let chosen = choose(manifest, &table, request.metrics)?;
        let rows = rows(request.rows, manifest, &table)?;
        let networks = request.source.source()?;
        let encoded = encoding::rows(evaluator, &networks, &table, &rows)?;
        let metrics: Vec<Metric> =
            chosen.iter().filter_map(|&i| manifest.metrics.get(i)).cloned().collect();
        let reported = metrics.iter().map(|m| table.gather(&m.spec.name, &rows));
        let reported = reported.collect::<Result<Vec<_>, _>>()?;
        let of = || metrics.iter().zip(&chosen);
        let predicted = of()
            .map(|(m, &i)| encoded.iter().map(|e| e.value(i, m).unwrap_or(f64::NAN)).collect())
            .collect();
        let intervals =
            of().map(|(m, &i)| encoded.iter().map(|e| e.interval(i, m)).collect()).collect();
        let classes = rows.iter().filter_map(|&r| table.class(r)).collect();
        Ok(Self {
            metrics,
            reported,
            predicted,
            intervals,
            classes,
            table,
            rows,
            networks,
            chosen,
            encoded,
        })
    }

    /// Statistics, beside what `baseline` ranks by.
    pub fn report(
        &self,
        baseline: Option<(&str, &[Option<f64>])>,
        bootstrap: usize,
        seed: u64,
    ) -> anyhow::Result<ScoreReport> {
        let bar = verbosity::bar(self.metrics.len() as u64, "metrics");
        let specs: Vec<MetricSpec> = self.metrics.iter().map(|m| m.spec.clone()).collect();
        let mut report = score_table(&[], &[], &[], baseline, &self.classes, bootstrap, seed)?;
        for ((spec, reported), predicted) in specs.iter().zip(&self.reported).zip(&self.predicted) {
            let (spec, reported, predicted) = (
                std::slice::from_ref(spec),
                std::slice::from_ref(reported),
                std::slice::from_ref(predicted),
            );
            let one =
                score_table(spec, reported, predicted, baseline, &self.classes, bootstrap, seed)?;
            report.rows.extend(one.rows);
            bar.inc(1);
        }
        bar.finish_and_clear();
        report.add_intervals(&self.reported, &self.intervals, &self.classes);
        Ok(report)
    }

    /// What pictures are drawn from, a metric each of `report`'s rows.
    pub fn pictures(&self, report: &ScoreReport) -> Vec<MetricScores> {
        let rows = report.rows.iter().zip(&self.metrics).enumerate();
        let one = |(i, (row, metric)): (usize, (_, &Metric))| {
            let level = metric.interval.as_ref().map(|interval| interval.level);
            let (reported, predicted) = (self.reported.get(i)?, self.predicted.get(i)?);
            Some(MetricScores::new(row, level, reported, predicted, self.intervals.get(i)?))
        };
        rows.filter_map(one).collect()
    }

    /// Rows to calibrate the metric at this position of [`Scored::metrics`] on.
    pub fn calibrated(&self, at: usize) -> Vec<Calibrated> {
        let parts = self.metrics.get(at).zip(self.chosen.get(at)).zip(self.reported.get(at));
        parts.map_or(Vec::new(), |((metric, &i), reported)| {
            calibrated(metric, i, reported, &self.encoded, &self.classes)
        })
    }
}

/// Positions of the metrics to score.
fn choose(m: &Manifest, table: &LabelTable, wanted: &[String]) -> anyhow::Result<Vec<usize>> {
    let position = |name: &String| {
        let found = m.metrics.iter().position(|x| x.spec.name == *name);
        found.with_context(|| format!("--metric {name}: evaluator {} does not predict it", m.name))
    };
    if !wanted.is_empty() {
        return wanted.iter().map(position).collect();
    }
    let there: HashSet<&str> = table.column_names().iter().map(String::as_str).collect();
    let shared = m.metrics.iter().enumerate().filter(|(_, x)| there.contains(x.spec.name.as_str()));
    let shared: Vec<usize> = shared.map(|(i, _)| i).collect();
    if shared.is_empty() {
        bail!("{}: has no column that evaluator {} predicts", table.file().display(), m.name);
    }
    Ok(shared)
}

fn rows(which: Rows, m: &Manifest, table: &LabelTable) -> anyhow::Result<Vec<usize>> {
    let seen: HashSet<u64> = m.training.classes.iter().copied().collect();
    let chosen: HashSet<u64> = m.training.validation_classes.iter().copied().collect();
    let unseen = |&r: &usize| table.class(r).is_none_or(|c| !seen.contains(&c));
    let test = |r: &usize| unseen(r) && table.class(*r).is_none_or(|c| !chosen.contains(&c));
    let rows: Vec<usize> = match which {
        Rows::All => (0..table.rows()).collect(),
        Rows::Unseen => (0..table.rows()).filter(unseen).collect(),
        Rows::Test => (0..table.rows()).filter(test).collect(),
    };
    if rows.is_empty() {
        let file = table.file().display();
        bail!(
            "{file}: the evaluator was trained on all of its classes; --rows all scores them all the same"
        );
    }
    Ok(rows)
}

/// What a baseline ranks by: the column asked for, else the data set's FLOPs
/// column, else multiply-accumulates counted on the graphs.
pub fn baseline(
    source: &SourceArgs,
    named: Option<&String>,
    scored: &Scored,
) -> anyhow::Result<(String, Vec<Option<f64>>)> {
    let dataset = source.networks.dataset.to_string().to_lowercase().replace('-', "_");
    let usual = format!("{dataset}_flops_M");
    let (table, rows) = (&scored.table, &scored.rows);
    let name = match named {
        Some(name) => name.clone(),
        None if table.column_names().contains(&usual) => usual,
        None => return Ok(("FLOPs".to_owned(), scored.networks.macs(table, rows)?)),
    };
    let values = table.gather(&name, rows)?;
    Ok((name, values))
}
