//! `nneval score`: predictions against reported values.

use super::evaluator_args::EvaluatorArgs;
use super::source_args::SourceArgs;
use super::table_args::{PrintFormat, printed};
use anyhow::{Context, bail};
use clap::ValueEnum;
use nneval::evaluator::Manifest;
use nneval::labels::{LabelTable, MetricSpec, ScoreReport, score_table};
use nneval::tables::{Column, Format, Kind};
use nneval::training::Source;
use std::collections::HashSet;
use std::process::ExitCode;

/// Compare an evaluator's predictions with reported values.
///
/// Per metric: Kendall's τ-b with a bootstrap interval over classes, Spearman's
/// ρ, errors in the metric's unit, and beside them the τ of FLOPs alone; where
/// the evaluator gives intervals, the share of reported values inside them and
/// their mean width.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Metrics to score [default: all that the evaluator and the table share]
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Which rows of the table
    #[arg(long, value_enum, default_value_t = Rows::Unseen)]
    rows: Rows,
    /// Bootstrap resamples of the classes
    #[arg(long, default_value_t = 1000)]
    bootstrap: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Label column that the baseline ranks by [default: the FLOPs of
    /// --dataset, counted on the graphs where there is no such column]
    #[arg(long, value_name = "COLUMN")]
    baseline: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = PrintFormat::Table)]
    format: PrintFormat,
    #[command(flatten)]
    evaluator: EvaluatorArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// Rows of classes that the evaluator was not trained on
    Unseen,
    /// Rows of classes that it was neither trained on nor chosen by
    Test,
    /// All rows, training rows among them
    All,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let evaluator = args.evaluator.load()?;
    let manifest = evaluator.manifest();
    let columns: Vec<String> = args.baseline.iter().chain(&args.metrics).cloned().collect();
    let table = args.source.table(&columns)?;
    let chosen = choose(manifest, &table, &args.metrics)?;
    let rows = rows(&args, manifest, &table)?;
    let source = args.source.source()?;
    let networks = source.networks(&table, &rows, evaluator.needs_costs())?;
    let predictions =
        evaluator.evaluate_networks(&networks).into_iter().collect::<nneval::Result<Vec<_>>>()?;
    let specs: Vec<MetricSpec> =
        chosen.iter().filter_map(|&i| manifest.metrics.get(i)).map(|m| m.spec.clone()).collect();
    let reported = specs.iter().map(|s| table.gather(&s.name, &rows));
    let reported = reported.collect::<nneval::Result<Vec<_>>>()?;
    let predicted: Vec<Vec<f64>> = chosen
        .iter()
        .map(|&i| predictions.iter().filter_map(|p| p.metrics.get(i).copied()).collect())
        .collect();
    let (name, values) = baseline(&args, &source, &table, &rows)?;
    let baseline = Some((name.as_str(), values.as_slice()));
    let classes: Vec<u64> = rows.iter().filter_map(|&r| table.class(r)).collect();
    let intervals: Vec<Vec<Option<[f64; 2]>>> = chosen
        .iter()
        .map(|&i| predictions.iter().map(|p| p.intervals.get(i).copied().flatten()).collect())
        .collect();
    let mut report =
        score_table(&specs, &reported, &predicted, baseline, &classes, args.bootstrap, args.seed)?;
    report.add_intervals(&reported, &intervals, &classes);
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

fn rows(args: &Args, m: &Manifest, table: &LabelTable) -> anyhow::Result<Vec<usize>> {
    let seen: HashSet<u64> = m.training.classes.iter().copied().collect();
    let chosen: HashSet<u64> = m.training.validation_classes.iter().copied().collect();
    let unseen = |&r: &usize| table.class(r).is_none_or(|c| !seen.contains(&c));
    let test = |r: &usize| unseen(r) && table.class(*r).is_none_or(|c| !chosen.contains(&c));
    let rows: Vec<usize> = match args.rows {
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

/// What the baseline ranks by: the column asked for, else the data set's FLOPs
/// column, else multiply-accumulates counted on the graphs.
fn baseline(
    args: &Args,
    source: &Source,
    table: &LabelTable,
    rows: &[usize],
) -> anyhow::Result<(String, Vec<Option<f64>>)> {
    let dataset = args.source.networks.dataset.to_string().to_lowercase().replace('-', "_");
    let usual = format!("{dataset}_flops_M");
    let name = match &args.baseline {
        Some(name) => name.clone(),
        None if table.column_names().contains(&usual) => usual,
        None => return Ok(("FLOPs".to_owned(), source.macs(table, rows)?)),
    };
    let values = table.gather(&name, rows)?;
    Ok((name, values))
}
