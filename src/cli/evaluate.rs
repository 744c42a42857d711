//! `nneval evaluate`: predicted metrics of ONNX files.

use super::evaluate_output::Output;
use super::evaluator_args::EvaluatorArgs;
use super::paths;
use super::table_args::PrintFormat;
use indicatif::ProgressBar;
use nneval::graph::Limits;
use std::path::PathBuf;
use std::process::ExitCode;

/// Predict metrics for ONNX models.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, and folders that are walked for *.onnx
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print: csv, jsonl and parquet have the columns path; value, lower
    /// and upper end for each metric; in_domain, flagged, windows, error
    #[arg(long, value_enum, default_value_t = PrintFormat::Table)]
    format: PrintFormat,
    #[command(flatten)]
    evaluator: EvaluatorArgs,
}

/// Files that are evaluated, and held in memory, at once.
const CHUNK: usize = 2048;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let files = paths::models(&args.paths)?;
    let evaluator = args.evaluator.load()?;
    let bar = progress(files.len());
    let mut out = Output::new(args.format, evaluator.manifest())?;
    let mut failed = false;
    for chunk in files.chunks(CHUNK) {
        let results = evaluator.evaluate_files(chunk, &Limits::default());
        failed |= results.iter().any(Result::is_err);
        bar.suspend(|| out.rows(chunk, results))?;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    out.end()?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A bar on a terminal, where there is enough to do for one.
fn progress(files: usize) -> ProgressBar {
    if files <= CHUNK {
        return ProgressBar::hidden();
    }
    let look = "{bar:30} {pos}/{len} models, {per_sec}, ETA {eta}";
    super::verbosity::bar(files as u64, look)
}
