//! `nneval calibrate`: intervals and in-domain statistics for a finished evaluator.

use super::bars::Bars;
use super::evaluator_args::EvaluatorArgs;
use super::paths;
use super::source_args::SourceArgs;
use super::training_view::worded;
use nneval::evaluator::Reliability;
use nneval::graph::Limits;
use nneval::training::{
    CalibrationRows, CalibrationSplit, Error, Progress, RequestFault, encode_files,
};
use std::path::PathBuf;
use std::process::ExitCode;

/// Calibrate an evaluator on labels of classes that it was not trained on.
///
/// Writes the evaluator with 90 % intervals for each metric and in-domain
/// statistics to --out. `nneval train` does the same at its end; this is for
/// evaluators that were made otherwise. With --check the held-out classes are
/// halved many times, one half calibrates, the other is tested, and the shares
/// inside the intervals and the shares flagged are printed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Folder that the calibrated evaluator is written to
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Test on this many halvings of the held-out classes
    #[arg(long, value_name = "SPLITS")]
    check: Option<u64>,
    /// With --check: ONNX files or folders that the evaluator should flag
    #[arg(long, value_name = "PATH", requires = "check")]
    outside: Vec<PathBuf>,
    #[command(flatten)]
    evaluator: EvaluatorArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let evaluator = args.evaluator.load()?;
    let (table, source) = (args.source.table(&[])?, args.source.source()?);
    let manifest = evaluator.manifest();
    let mut bars = Bars::default();
    let show = &mut |p: &Progress| bars.show(p);
    let split = CalibrationSplit::of(&manifest.training, &table).map_err(worded_rows)?;
    let rows = CalibrationRows::encode(&evaluator, &source, &table, &split, show);
    let rows = rows.map_err(worded)?;
    if let Some(splits) = args.check {
        let files = paths::models(&args.outside)?;
        let outside = encode_files(&evaluator, &files, &Limits::default(), show);
        let found = rows.reliability(&manifest.metrics, &outside.map_err(worded)?, splits, show);
        super::console::print(text(&found.map_err(worded)?))?;
    }
    if let Some(out) = &args.out {
        let _lock = super::run_folder::lock(out)?;
        rows.calibrate(evaluator.bundle()).map_err(worded)?.save(out)?;
        super::console::print(format_args!("{}\n", out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn worded_rows(error: Error) -> anyhow::Error {
    match &error {
        Error::Request(fault @ RequestFault::AllClassesSeen { .. }) => {
            anyhow::anyhow!("{fault}; none is left to calibrate on")
        }
        _ => worded(error),
    }
}

fn text(r: &Reliability) -> String {
    let width = r.coverage.iter().map(|c| c.metric.len()).max().unwrap_or(0).max(6);
    let mut out = format!("{:width$}  inside, rows      inside, classes\n", "metric");
    for c in &r.coverage {
        let (rows, sd, classes) = (c.rows * 100.0, c.rows_sd * 100.0, c.classes * 100.0);
        out += &format!("{:width$}  {rows:5.1} % ± {sd:4.1}    {classes:5.1} %\n", c.metric);
    }
    let n = r.coverage.len().max(1) as f64 / 100.0;
    let rows = r.coverage.iter().map(|c| c.rows).sum::<f64>() / n;
    let classes = r.coverage.iter().map(|c| c.classes).sum::<f64>() / n;
    out += &format!("{:width$}  {rows:5.1} %           {classes:5.1} %\n", "mean");
    out += &format!(
        "flagged of networks held out: {:.2} % of rows, {:.2} % of classes\n",
        r.flagged * 100.0,
        r.flagged_classes * 100.0
    );
    if let (Some(flagged), Some(auroc)) = (r.outside_flagged, r.auroc) {
        let share = flagged * 100.0;
        out += &format!("flagged of networks from outside: {share:.2} %, AUROC {auroc:.5}\n");
    }
    out
}
