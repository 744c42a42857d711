//! `nneval score`: predictions against reported values.

use super::bars::Bars;
use super::evaluator_args::EvaluatorArgs;
use super::score_plots;
use super::scoring::{ScoringArgs, worded_score};
use super::source_args::SourceArgs;
use super::table_args::{PrintFormat, printed};
use nneval::evaluator::Evaluator;
use nneval::files::printable_json;
use nneval::labels::LabelTable;
use nneval::tables::Format;
use nneval::tables::statistics::ScoreReport;
use nneval::tables::statistics::ScoreRow;
use nneval::training::score::{Baseline, ScoreRequest, ScoredTable};
use nneval::training::{NetworkSource, Progress};
use std::path::PathBuf;
use std::process::ExitCode;

/// Compare an evaluator's predictions with reported values.
///
/// Per metric: Kendall's τ-b with a bootstrap interval over classes, Spearman's
/// ρ, errors in the metric's unit, and beside them the τ of FLOPs alone; where
/// the evaluator gives intervals, the share of reported values inside them and
/// their mean width. With --plot the same as pictures.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Metrics to score [default: all that the evaluator and the table share]
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    #[command(flatten)]
    scoring: ScoringArgs,
    /// Label column that the baseline ranks by [default: the FLOPs of
    /// --dataset, counted on the graphs where there is no such column]
    #[arg(long, value_name = "COLUMN")]
    baseline: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = PrintFormat::Table)]
    format: PrintFormat,
    /// Folder for pictures of each metric, SVG and PNG: METRIC-scatter,
    /// METRIC-residuals, METRIC-calibration
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,
    /// With --plot: folder of a training run, for learning-curves
    #[arg(long, value_name = "DIR", requires = "plot")]
    run: Option<PathBuf>,
    #[command(flatten)]
    evaluator: EvaluatorArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let _lock = args.plot.as_deref().map(super::run_folder::lock).transpose()?;
    if let Some(dir) = &args.plot {
        nneval::files::check_writable(dir)?;
    }
    let evaluator = args.evaluator.load()?;
    let columns: Vec<String> = args.baseline.iter().chain(&args.metrics).cloned().collect();
    let (table, source) = (args.source.table(&columns)?, args.source.source()?);
    let scores = args.scores(&evaluator, &table, &source);
    let (scored, report) = scores.map_err(worded_score)?;
    if let Some(dir) = &args.plot {
        score_plots::write(&scored, &report, dir, args.run.as_deref())?;
    }
    print(&report, args.format)?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn scores(
        &self,
        evaluator: &Evaluator,
        table: &LabelTable,
        source: &NetworkSource,
    ) -> nneval::training::Result<(ScoredTable, ScoreReport)> {
        let request = ScoreRequest { metrics: &self.metrics, rows: self.scoring.rows.into() };
        let (named, dataset) = (self.baseline.as_deref(), self.source.networks.dataset());
        let mut bars = Bars::default();
        let show = &mut |p: &Progress| bars.show(p);
        let scored = ScoredTable::predict(evaluator, source, table, &request, show)?;
        let baseline = Baseline::choose(named, dataset, source, table, &scored.rows)?;
        let report = scored.report(Some(&baseline), self.scoring.bootstrap(), show)?;
        Ok((scored, report))
    }
}

fn print(report: &ScoreReport, format: PrintFormat) -> anyhow::Result<()> {
    match format {
        PrintFormat::Table => super::console::print(report.to_text()),
        PrintFormat::Json => super::console::print(printable_json(&(report.to_json()? + "\n"))),
        PrintFormat::Csv => super::console::print(report.to_csv()?),
        PrintFormat::Jsonl => rows_of(report, Format::Jsonl),
        PrintFormat::Parquet => rows_of(report, Format::Parquet),
    }
}

/// A table of the rows.
fn rows_of(report: &ScoreReport, format: Format) -> anyhow::Result<()> {
    let mut table = printed(format, ScoreRow::columns())?;
    report.rows.iter().try_for_each(|row| table.row(row.cells()))?;
    table.finish()?;
    Ok(())
}
