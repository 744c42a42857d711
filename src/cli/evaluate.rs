//! `nneval evaluate`: predicted metrics of ONNX files and operation strings.

use super::evaluate_list::{Item, List};
use super::evaluate_output::Output;
use super::evaluator_args::EvaluatorArgs;
use super::limits_args::LimitsArgs;
use super::paths;
use super::table_args::PrintFormat;
use indicatif::ProgressBar;
use nneval::evaluator::Evaluator;
use std::path::PathBuf;
use std::process::ExitCode;

/// Predict metrics for ONNX models.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, and folders that are walked for *.onnx
    #[arg(required_unless_present = "list")]
    paths: Vec<PathBuf>,
    /// Take them from the lines of FILE (-: standard input) instead: paths of ONNX
    /// files, relative to FILE, and operation strings, as `nneval string` prints
    /// them. Lists of any length take the same memory
    #[arg(long, value_name = "FILE|-", conflicts_with = "paths")]
    list: Option<PathBuf>,
    /// How to print: csv, jsonl and parquet have the columns path (or operation
    /// string); value, lower and upper end for each metric; in_domain, flagged,
    /// windows, error
    #[arg(long, value_enum, default_value_t = PrintFormat::Table)]
    format: PrintFormat,
    #[command(flatten)]
    evaluator: EvaluatorArgs,
    #[command(flatten)]
    limits: LimitsArgs,
}

/// Models from which on a bar is worth drawing.
const MANY: usize = 2048;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Some(list) = &args.list else {
        let files = paths::models(&args.paths)?;
        let bar = progress(files.len());
        let evaluator = args.evaluator.load()?.with_limits(args.limits.limits());
        return evaluate(&evaluator, files.into_iter().map(Item::file), args.format, &bar);
    };
    let list = List::open(list)?;
    let evaluator = args.evaluator.load()?.with_limits(args.limits.limits());
    let fault = list.fault();
    let bar = super::verbosity::bar(0, "{pos} models, {per_sec}");
    let code = evaluate(&evaluator, list, args.format, &bar)?;
    fault.check()?;
    Ok(code)
}

fn evaluate(
    evaluator: &Evaluator,
    items: impl Iterator<Item = Item> + Send,
    format: PrintFormat,
    bar: &ProgressBar,
) -> anyhow::Result<ExitCode> {
    let mut out = Output::new(format, evaluator.manifest())?;
    let mut failed = false;
    evaluator.evaluate_stream(
        items,
        |item| item.network(evaluator),
        |items, results| {
            failed |= results.iter().any(Result::is_err);
            bar.suspend(|| out.rows(&items, &results))?;
            bar.inc(items.len() as u64);
            anyhow::Ok(())
        },
    )?;
    bar.finish_and_clear();
    out.end()?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A bar on a terminal, where there is enough to do for one.
fn progress(files: usize) -> ProgressBar {
    if files <= MANY {
        return ProgressBar::hidden();
    }
    super::verbosity::bar(files as u64, "models")
}
