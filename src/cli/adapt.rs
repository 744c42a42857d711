//! `nneval adapt`: a new metric for a finished evaluator, from a few labels.

use super::bars::Bars;
use super::evaluator_args::EvaluatorArgs;
use super::run_folder;
use super::source_args::NetworkArgs;
use super::training_view::worded;
use anyhow::{anyhow, bail};
use nneval::labels::{LabelTable, ReadOptions};
use nneval::spaces::read_labels;
use nneval::tables::inert;
use nneval::training::adapt::{self, AdaptOptions, Adapted, SuggestOptions, networks_beside};
use nneval::training::{Error, NetworkSource, Progress, RequestFault};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Teach an evaluator a new metric, such as the latency of a new device, from a few labels.
///
/// The new metric becomes a weighted sum of those that the evaluator knows; 10
/// labels are enough where the known metrics are of the same kind. The result is
/// an evaluator like any other. --suggest N prints the networks that are worth
/// measuring first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Label table: CSV or JSON lines (plain or gzip) or Parquet, - for stdin,
    /// with a column arch_str, the columns of --space, or path, and one for each new
    /// metric; cells may be empty. With --suggest: networks to choose among
    #[arg(long, value_name = "FILE", required_unless_present = "suggest")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    networks: NetworkArgs,
    /// Column to learn; may be repeated [default: all columns of numbers]
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Folder that the adapted evaluator is written to
    #[arg(long, value_name = "DIR", required_unless_present = "suggest")]
    out: Option<PathBuf>,
    /// Name of the adapted evaluator [default: the last part of DIR]
    #[arg(long)]
    name: Option<String>,
    /// Leave the metrics that the evaluator knows out of the result
    #[arg(long)]
    only_new: bool,
    /// Metrics of the evaluator to ignore, and to leave out of the result
    #[arg(long, value_name = "NAME", num_args = 1..)]
    without: Vec<String>,
    /// Print N networks that are worth measuring, as the first column of a label table
    #[arg(long, value_name = "N", conflicts_with_all = ["out", "only_new", "name"],
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    suggest: Option<u32>,
    /// Seed of the draw of the networks that are compared
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    evaluator: EvaluatorArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match (args.suggest, &args.labels, &args.out) {
        (Some(n), ..) => args.suggest(n as usize)?,
        (None, Some(labels), Some(out)) => args.adapt(labels, out)?,
        _ => bail!("--labels and --out are needed"),
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn suggest(&self, count: usize) -> anyhow::Result<()> {
        let evaluator = self.evaluator.load()?;
        let table = self.labels.as_ref().map(|l| self.read(l, &[])).transpose()?;
        let source = self.source(table.as_ref())?;
        let options = SuggestOptions {
            count,
            metrics: self.metrics.clone(),
            without: self.without.clone(),
            seed: self.seed,
        };
        let mut bars = Bars::default();
        let show = &mut |p: &Progress| bars.show(p);
        let keys = adapt::suggest(&evaluator, &source, table.as_ref(), &options, show);
        let heading = if matches!(source, NetworkSource::Folder(_)) { "path" } else { "arch_str" };
        let mut text = csv::Writer::from_writer(Vec::new());
        text.write_record([heading])?;
        for key in keys.map_err(|e| worded_suggest(e, count))? {
            text.write_record([inert(&key).as_ref()])?;
        }
        super::console::print(String::from_utf8(text.into_inner()?)?)
    }

    fn adapt(&self, labels: &Path, out: &Path) -> anyhow::Result<()> {
        let evaluator = self.evaluator.load()?;
        let table = self.read(labels, &self.metrics)?;
        let source = self.source(Some(&table))?;
        let options = AdaptOptions {
            metrics: self.metrics.clone(),
            without: self.without.clone(),
            only_new: self.only_new,
            seed: self.seed,
            name: run_folder::evaluator_name(self.name.as_deref(), out),
            command: run_folder::command(),
        };
        let mut bars = Bars::default();
        let show = &mut |p: &Progress| bars.show(p);
        let adapted = adapt::adapt(&evaluator, &source, &table, &options, show);
        let adapted = adapted.map_err(worded_adapt)?;
        let _lock = run_folder::lock(out)?;
        adapted.bundle.save(out)?;
        super::console::print(format_args!("{}{}\n", text(&adapted.metrics), out.display()))
    }

    /// Reads a table of which `columns` must be there and hold numbers; where none
    /// are named, every column of mostly numbers must.
    fn read(&self, file: &Path, columns: &[String]) -> anyhow::Result<LabelTable> {
        let columns = (!columns.is_empty()).then(|| columns.to_vec());
        Ok(match self.networks.models {
            None => read_labels(file, self.networks.space, columns)?,
            Some(_) => LabelTable::read(file, &ReadOptions { columns, ..Default::default() })?,
        })
    }

    /// Where the networks are: of a table of paths, in its own folder unless another is named.
    fn source(&self, table: Option<&LabelTable>) -> anyhow::Result<NetworkSource> {
        let beside = || table.and_then(networks_beside);
        match self.networks.models.is_none().then(beside).flatten() {
            Some(folder) => Ok(folder),
            None => self.networks.source(),
        }
    }
}

/// An error of adapting, in the words of the command line.
fn worded_adapt(error: Error) -> anyhow::Error {
    let Error::Request(fault) = &error else { return worded(error) };
    match fault {
        RequestFault::UnknownMetric { .. } => anyhow!("--without {fault}"),
        RequestFault::NoKnownMetric { .. } => anyhow!("--without: {fault}"),
        RequestFault::RepeatedMetric { .. } => anyhow!("--metric {fault}"),
        RequestFault::KnownMetric { metric, .. } => anyhow!(
            "{fault}; choose the columns to learn by --metric, rename it, or give --without {metric}"
        ),
        _ => worded(error),
    }
}

/// An error of `--suggest`, in the words of the command line.
fn worded_suggest(error: Error, count: usize) -> anyhow::Error {
    match &error {
        Error::Request(
            fault @ (RequestFault::FewNetworks { .. } | RequestFault::FewReadable { .. }),
        ) => anyhow!("--suggest {count}: {fault}"),
        _ => worded_adapt(error),
    }
}

/// What became of each metric, as a table.
fn text(adapted: &[Adapted]) -> String {
    let names = adapted.iter().map(|a| a.metric.spec.name.len());
    let width = names.max().unwrap_or(0).max(6);
    let number = |v: Option<f64>| v.map_or("-".to_owned(), |v| format!("{v:.3}"));
    let mut text = format!("{:width$}  labels  left-out rho  left-out MAE  intervals\n", "metric");
    for a in adapted {
        let (rho, error) = (number(a.rho), number(a.error));
        let unit = &a.metric.spec.unit;
        let intervals = if a.metric.interval.is_some() { "yes" } else { "no" };
        let error = format!("{error} {unit}");
        text += &format!(
            "{:width$}  {:6}  {rho:>12}  {:>12}  {intervals:>9}\n",
            a.metric.spec.name,
            a.labels,
            error.trim_end()
        );
    }
    text
}
