//! `nneval calibrate`: intervals and in-domain statistics for a finished evaluator.

use super::encoding;
use super::evaluator_args::EvaluatorArgs;
use super::paths;
use super::source_args::SourceArgs;
use anyhow::bail;
use nneval::evaluator::{
    self, Bundle, CalibrationData, Encoded, Evaluator, Network, Reliability, Training,
};
use nneval::graph::{Limits, Model};
use nneval::labels::LabelTable;
use nneval::training::NetworkSource;
use std::collections::HashSet;
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
    let table = args.source.table(&[])?;
    let [train, held] = rows(&evaluator.manifest().training, &table);
    if held.is_empty() {
        let file = table.file().display();
        bail!(
            "{file}: the evaluator was trained on all of its classes; none is left to calibrate on"
        );
    }
    let owned = Owned::new(&evaluator, &args.source.source()?, &table, &train, &held)?;
    if let Some(splits) = args.check {
        let splits = splits.max(1);
        let outside = evaluator.encode(&outside(&evaluator, &args.outside)?)?;
        let metrics = &evaluator.manifest().metrics;
        let bar = super::verbosity::bar(splits, "halvings");
        let on = &mut || bar.inc(1);
        let found = evaluator::reliability(metrics, &owned.data(), &outside, splits, on)?;
        bar.finish_and_clear();
        super::print(text(&found))?;
    }
    if let Some(out) = &args.out {
        owned.calibrate(evaluator.bundle())?.save(out)?;
        super::print(format_args!("{}\n", out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows trained on, and rows to calibrate on: those of the validation classes
/// where the evaluator names them, else of all classes not trained on.
fn rows(training: &Training, table: &LabelTable) -> [Vec<usize>; 2] {
    let set = |classes: &[u64]| classes.iter().copied().collect::<HashSet<u64>>();
    let (seen, chosen) = (set(&training.classes), set(&training.validation_classes));
    let class_in = |r: usize, s: &HashSet<u64>| table.class(r).is_some_and(|c| s.contains(&c));
    let held = |&r: &usize| match chosen.is_empty() {
        true => !class_in(r, &seen),
        false => class_in(r, &chosen) && !class_in(r, &seen),
    };
    let all = || 0..table.rows();
    [all().filter(|&r| class_in(r, &seen)).collect(), all().filter(held).collect()]
}

/// What [`CalibrationData`] borrows.
struct Owned {
    train: Vec<Encoded>,
    held: Vec<Encoded>,
    classes: Vec<u64>,
    reported: Vec<Vec<Option<f64>>>,
}

impl Owned {
    /// Training and held-out rows of a table, labels of the latter. Metrics
    /// that the table lacks have no labels.
    fn new(
        evaluator: &Evaluator,
        source: &NetworkSource,
        table: &LabelTable,
        train: &[usize],
        held: &[usize],
    ) -> anyhow::Result<Self> {
        let there: HashSet<&str> = table.column_names().iter().map(String::as_str).collect();
        let column = |name: &String| match there.contains(name.as_str()) {
            true => table.gather(name, held),
            false => Ok(vec![None; held.len()]),
        };
        let columns = evaluator.manifest().metrics.iter().map(|m| column(&m.spec.name));
        Ok(Self {
            train: encoding::rows(evaluator, source, table, train)?,
            held: encoding::rows(evaluator, source, table, held)?,
            classes: held.iter().filter_map(|&r| table.class(r)).collect(),
            reported: columns.collect::<Result<_, _>>()?,
        })
    }

    /// The bundle that encoded, calibrated.
    fn calibrate(&self, bundle: &Bundle) -> anyhow::Result<Bundle> {
        let mut bundle = bundle.clone();
        evaluator::calibrate(&mut bundle, &self.data())?;
        Ok(bundle)
    }

    /// What the library takes.
    fn data(&self) -> CalibrationData<'_> {
        CalibrationData {
            train: &self.train,
            held: &self.held,
            classes: &self.classes,
            reported: &self.reported,
        }
    }
}

/// The models; a bad one is reported and left out.
fn outside(own: &Evaluator, given: &[PathBuf]) -> anyhow::Result<Vec<Network>> {
    let mut networks = Vec::new();
    for path in paths::models(given)? {
        let model = Model::open(&path, &Limits::default());
        let model = model.map_err(evaluator::Error::from);
        match model.and_then(|m| own.network(&m)) {
            Ok(network) => networks.push(network),
            Err(e) => super::report(e),
        }
    }
    Ok(networks)
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
