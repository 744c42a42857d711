//! `nneval score`: predictions against reported values.

use super::evaluator_args::EvaluatorArgs;
use super::score_plots;
use super::scoring::{Request, Scored, ScoringArgs, baseline};
use super::source_args::SourceArgs;
use super::table_args::{PrintFormat, printed};
use nneval::labels::ScoreReport;
use nneval::tables::{Column, Format, Kind};
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
    if let Some(dir) = &args.plot {
        nneval::files::check_writable(dir)?;
    }
    let evaluator = args.evaluator.load()?;
    let columns: Vec<String> = args.baseline.iter().cloned().collect();
    let request = Request {
        source: &args.source,
        metrics: &args.metrics,
        rows: args.scoring.rows,
        columns: &columns,
    };
    let scored = Scored::new(&evaluator, &request)?;
    let (name, values) = baseline(&args.source, args.baseline.as_ref(), &scored)?;
    let report =
        scored.report(Some((&name, &values)), args.scoring.bootstrap, args.scoring.seed)?;
    if let Some(dir) = &args.plot {
        score_plots::write(&scored, &report, dir, args.run.as_deref())?;
    }
    print(&report, args.format)?;
    Ok(ExitCode::SUCCESS)
}

fn print(report: &ScoreReport, format: PrintFormat) -> anyhow::Result<()> {
    match format {
        PrintFormat::Table => super::print(report.to_text()),
        PrintFormat::Json => super::print(report.to_json()? + "\n"),
        PrintFormat::Csv => super::print(report.to_csv()?),
        PrintFormat::Jsonl => rows_of(report, Format::Jsonl),
        PrintFormat::Parquet => rows_of(report, Format::Parquet),
    }
}

/// The rows of the CSV, with types.
fn rows_of(report: &ScoreReport, format: Format) -> anyhow::Result<()> {
    let text = report.to_csv()?;
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let kind = |name: &str| match name {
        "metric" | "unit" => Kind::Text,
        "n" => Kind::Integer,
        _ => Kind::Number,
    };
    let columns = rows.headers()?.iter().map(|name| Column::new(name, kind(name))).collect();
    let mut table = printed(format, columns)?;
    for row in rows.records() {
        table.row(&row?.iter().map(str::to_owned).collect::<Vec<_>>())?;
    }
    table.finish()?;
    Ok(())
}
