//! `nneval evaluate`: predicted metrics of ONNX files and operation strings.

use super::bind_args::BindArgs;
use super::evaluate_list::{Item, List, Reading};
use super::evaluate_output::Output;
use super::evaluate_rows::Schema;
use super::evaluator_args;
use super::limits_args::LimitsArgs;
use super::paths;
use super::predictor::Predictor;
use super::runtime_args::{RuntimeArgs, tell};
use super::shipped::Shipped;
use super::source_args::{dataset_parser, model_options};
use super::table_args::PrintFormat;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::ProgressBar;
use nneval::evaluator::EvaluatorSet;
use nneval::runtime::Provider;
use nneval::spaces::{Dataset, Space};
use std::path::PathBuf;
use std::process::ExitCode;

/// Predict metrics for ONNX models.
///
/// Static facts of a model come first, then the predictions of each shipped evaluator that has
/// seen networks like it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, and folders that are walked for *.onnx
    #[arg(required_unless_present_any = ["list", "labels"])]
    paths: Vec<PathBuf>,
    /// Take them from the lines of FILE (-: standard input) instead: paths of ONNX
    /// files, relative to FILE, and operation strings, as `nneval string` prints
    /// them. Lists of any length take the same memory
    #[arg(long, value_name = "FILE|-", conflicts_with = "paths")]
    list: Option<PathBuf>,
    /// Take the architectures of a table's rows instead, in their order; no model files
    /// are written: a label table of --space, or one with a column arch_str (CSV, JSON
    /// lines, Parquet; - for stdin)
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["paths", "list"])]
    labels: Option<PathBuf>,
    /// Search space of the architectures (docs/spaces.md)
    #[arg(long, requires = "labels", default_value = "nats-tss",
          value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()))]
    space: Space,
    /// Data set whose networks of the space are taken [default: the first of the space]
    #[arg(long, requires = "labels", value_parser = dataset_parser())]
    dataset: Option<Dataset>,
    /// How to print: csv, jsonl and parquet have the columns path (the operation string,
    /// or with --labels arch_str); evaluator; value, lower and upper end for each metric; in_domain,
    /// flagged, windows, error
    #[arg(long, value_enum, default_value_t = PrintFormat::Table)]
    format: PrintFormat,
    /// Ask this evaluator alone, whether it knows such networks or not: a name in
    /// models/, or a folder. Without it the shipped evaluators are asked, and those
    /// that know the network answer
    #[arg(long, value_name = "NAME|DIR")]
    evaluator: Option<String>,
    /// Show what the other shipped evaluators say as well
    #[arg(long, conflicts_with = "evaluator")]
    all: bool,
    #[command(flatten)]
    bind: BindArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
    #[command(flatten)]
    limits: LimitsArgs,
}

impl Args {
    /// What is asked. A bad bundle fails before ONNX Runtime is touched.
    fn predictor(&self) -> anyhow::Result<Predictor> {
        if let Some(name) = &self.evaluator {
            let bundle = evaluator_args::open(name)?;
            let (runtime, session) = self.runtime.load()?;
            let one = evaluator_args::evaluator(bundle, &runtime, &session)?;
            return Ok(Predictor::One(Box::new(one)));
        }
        let (runtime, session) = self.runtime.load()?;
        let options = evaluator_args::options(&session);
        let set = EvaluatorSet::shipped(&Shipped::default(), runtime, options)?;
        let set = if self.all { set.complete() } else { set };
        if session.provider != Provider::Cpu {
            set.load()?.into_iter().for_each(|e| tell(e.placement()));
        }
        Ok(Predictor::Set(Box::new(set)))
    }
}

/// Models from which on a bar is worth drawing.
const MANY: usize = 2048;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let reading = Reading { limits: args.limits.limits(), sizes: args.bind.bindings() };
    if let Some(table) = &args.labels {
        let options = model_options(args.space, args.dataset)?;
        let items = Item::of_table(table, args.space, options)?;
        let bar = progress(items.len());
        let predictor = args.predictor()?;
        let form = Form { format: args.format, key: "arch_str" };
        return evaluate(&predictor, items.into_iter(), &reading, form, &bar);
    }
    let Some(list) = &args.list else {
        let files = paths::models(&args.paths)?;
        let bar = progress(files.len());
        let predictor = args.predictor()?;
        return evaluate(
            &predictor,
            files.into_iter().map(Item::file),
            &reading,
            Form { format: args.format, key: "path" },
            &bar,
        );
    };
    let list = List::open(list)?;
    let predictor = args.predictor()?;
    let fault = list.fault();
    let bar = super::verbosity::bar(0, "{pos} models, {per_sec}");
    let form = Form { format: args.format, key: "path" };
    let code = evaluate(&predictor, list, &reading, form, &bar)?;
    fault.check()?;
    Ok(code)
}

/// How predictions are printed, and what the column of names is called.
#[derive(Debug, Clone, Copy)]
struct Form {
    format: PrintFormat,
    key: &'static str,
}

fn evaluate(
    predictor: &Predictor,
    items: impl Iterator<Item = Item> + Send,
    reading: &Reading,
    form: Form,
    bar: &ProgressBar,
) -> anyhow::Result<ExitCode> {
    let mut out = Output::new(form.format, Schema::new(predictor, form.key), reading)?;
    let mut failed = false;
    predictor.stream(
        items,
        |item| item.network(predictor.needs(), reading),
        |items, answers| {
            failed |= answers.iter().any(Result::is_err);
            bar.suspend(|| out.rows(&items, &answers))?;
            bar.inc(items.len() as u64);
            Ok(())
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
