//! `nneval adapt`: a new metric for a finished evaluator, from a few labels.

use super::encoding;
use super::evaluator_args::EvaluatorArgs;
use super::run_folder;
use super::source_args::NetworkArgs;
use anyhow::{Context, bail};
use nneval::evaluator::{Bundle, Encoded, Evaluator, Manifest, Training, weights};
use nneval::labels::{KeyKind, LabelTable, MetricSpec, ReadOptions};
use nneval::opstring::View;
use nneval::training::Source;
use nneval::training::adapt::{Adapted, Labelled, Prior, worth_measuring};
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
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
    /// with a column arch_str or path and one for each new metric; cells may be
    /// empty. With --suggest: networks to choose among
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

/// Networks that the known metrics are compared over, at most; suggestions are
/// chosen among as many.
const COMPARED: usize = 1000;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match (args.suggest, &args.labels, &args.out) {
        (Some(n), ..) => suggest(&args, n as usize)?,
        (None, Some(labels), Some(out)) => adapt(&args, labels, out)?,
        _ => bail!("--labels and --out are needed"),
    }
    Ok(ExitCode::SUCCESS)
}

fn suggest(args: &Args, count: usize) -> anyhow::Result<()> {
    let evaluator = start(&args.evaluator)?;
    let table = args.labels.as_ref().map(|l| read(l, &[])).transpose()?;
    let source = source(args, table.as_ref())?;
    let every = match &table {
        Some(table) => table.keys().to_vec(),
        None => source.keys()?,
    };
    if every.len() < count {
        bail!("--suggest {count}: there are only {} networks to choose among", every.len());
    }
    let (keys, encoded) = encoding::keys(&evaluator, &source, &draw(&every, args.seed))?;
    let accuracy = !args.metrics.is_empty()
        && args.metrics.iter().all(|m| MetricSpec::from_column(m).is_accuracy());
    let known = known(evaluator.manifest(), &args.without, accuracy)?;
    let outputs = outputs(&encoded, &known, common_view(evaluator.manifest(), &known));
    let prior = Prior::fit(&outputs)?;
    let candidates: Vec<Vec<f64>> = outputs.iter().map(|o| prior.features(o)).collect();
    let chosen = worth_measuring(&prior, &candidates, count);
    if chosen.len() < count {
        bail!("--suggest {count}: only {} of the networks could be read", chosen.len());
    }
    let heading = if matches!(source, Source::Folder(_)) { "path" } else { "arch_str" };
    let mut text = csv::Writer::from_writer(Vec::new());
    text.write_record([heading])?;
    for key in chosen.iter().filter_map(|&i| keys.get(i)) {
        text.write_record([key])?;
    }
    super::print(String::from_utf8(text.into_inner()?)?)
}

fn adapt(args: &Args, labels: &Path, out: &Path) -> anyhow::Result<()> {
    let evaluator = start(&args.evaluator)?;
    let manifest = evaluator.manifest();
    let table = read(labels, &args.metrics)?;
    let specs = specs(args, manifest, &table)?;
    let source = source(args, Some(&table))?;
    let few = FewLabels::encode(&evaluator, &source, &table, &specs)?;
    let (_, reference) = encoding::keys(&evaluator, &source, &draw(&source.keys()?, args.seed))?;
    let head = weights::head(&evaluator.bundle().model)?;
    let mut kept = known_of(manifest, &args.without)?;
    let (mut columns, mut adapted) = (Vec::new(), Vec::new());
    for (spec, reported) in specs.into_iter().zip(&few.reported) {
        let known = known(manifest, &args.without, spec.is_accuracy())?;
        let view = common_view(manifest, &known);
        let own = outputs(&few.encoded, &known, view);
        let all = [outputs(&reference, &known, view), own.clone()].concat();
        let name = spec.name.clone();
        let labelled = few.labelled(own, reported);
        let fit = || Adapted::fit(spec, &Prior::fit(&all)?, &all, &labelled, view);
        let metric = fit().with_context(|| format!("{}: column {name}", labels.display()))?;
        let known: Vec<_> = known.iter().filter_map(|&i| head.get(i)).collect();
        columns.push(metric.column(&known));
        adapted.push(metric);
    }
    if args.only_new {
        kept.clear();
    }
    let old = kept.iter().filter_map(|&i| head.get(i).cloned());
    let mut bundle = evaluator.bundle().clone();
    bundle.model = weights::with_head(&bundle.model, &old.chain(columns).collect::<Vec<_>>())?;
    describe(&mut bundle, args, out, &kept, &adapted, &few.classes);
    bundle.save(out)?;
    super::print(format_args!("{}{}\n", text(&adapted), out.display()))
}

/// Reads a table of which `columns` must be there and hold numbers; where none
/// are named, every column of mostly numbers must.
fn read(file: &Path, columns: &[String]) -> anyhow::Result<LabelTable> {
    let columns = (!columns.is_empty()).then(|| columns.to_vec());
    Ok(LabelTable::read(file, &ReadOptions { columns, ..Default::default() })?)
}

/// Where the networks are: of a table of paths, in its own folder unless another
/// is named.
fn source(args: &Args, table: Option<&LabelTable>) -> anyhow::Result<Source> {
    match table {
        Some(t) if args.networks.models.is_none() && t.key_kind() == KeyKind::Path => {
            let folder = t.file().parent().filter(|p| !p.as_os_str().is_empty());
            Ok(Source::Folder(folder.unwrap_or(Path::new(".")).to_owned()))
        }
        _ => args.networks.source(),
    }
}

/// The metrics to learn; none may be known already.
fn specs(args: &Args, manifest: &Manifest, table: &LabelTable) -> anyhow::Result<Vec<MetricSpec>> {
    let file = table.file().display();
    let names: Vec<&str> = match args.metrics.is_empty() {
        true => table.numeric_columns().collect(),
        false => args.metrics.iter().map(String::as_str).collect(),
    };
    if names.is_empty() {
        bail!("{file}: has no column of numbers to learn");
    }
    for (i, name) in names.iter().enumerate() {
        if names.iter().take(i).any(|other| other == name) {
            bail!("--metric {name}: is given twice");
        }
        let ignored = args.without.iter().any(|w| w == name);
        if !ignored && manifest.metrics.iter().any(|m| m.spec.name == *name) {
            bail!(
                "{file}: evaluator {} predicts {name} already; choose the columns to learn by --metric, rename it, or give --without {name}",
                manifest.name
            );
        }
    }
    Ok(names.into_iter().map(MetricSpec::from_column).collect())
}

/// Positions of the evaluator's metrics but those to ignore.
fn known_of(manifest: &Manifest, without: &[String]) -> anyhow::Result<Vec<usize>> {
    let there = |name: &String| manifest.metrics.iter().any(|m| m.spec.name == *name);
    if let Some(name) = without.iter().find(|w| !there(w)) {
        bail!("--without {name}: evaluator {} does not predict it", manifest.name);
    }
    let keep =
        |i: &usize| manifest.metrics.get(*i).is_some_and(|m| !without.contains(&m.spec.name));
    Ok((0..manifest.metrics.len()).filter(keep).collect())
}

/// The metrics that a new one is made of: for accuracies the known accuracies,
/// for all else the others; all that are known where there are none such.
fn known(manifest: &Manifest, without: &[String], accuracy: bool) -> anyhow::Result<Vec<usize>> {
    let all = known_of(manifest, without)?;
    let alike =
        |i: &usize| manifest.metrics.get(*i).is_some_and(|m| m.spec.is_accuracy() == accuracy);
    let same: Vec<usize> = all.iter().copied().filter(alike).collect();
    match (same.is_empty(), all.is_empty()) {
        (_, true) => bail!("--without: evaluator {} has no other metrics", manifest.name),
        (true, _) => Ok(all),
        _ => Ok(same),
    }
}

/// Some of the keys in their order, drawn with `seed`.
fn draw(keys: &[String], seed: u64) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let all: Vec<usize> = (0..keys.len()).collect();
    let mut drawn: Vec<usize> = all.sample(&mut rng, COMPARED).copied().collect();
    drawn.sort_unstable();
    drawn.into_iter().filter_map(|i| keys.get(i).cloned()).collect()
}

/// The evaluator to start from: new metrics are sums of its outputs, which those
/// that are multiples of a formula do not fit.
fn start(args: &EvaluatorArgs) -> anyhow::Result<Evaluator> {
    let evaluator = args.load()?;
    if evaluator.needs_costs() {
        bail!(
            "evaluator {}: predicts multiples of formulas of static costs (nneval train \
             --cost-formula), which cannot be adapted",
            evaluator.manifest().name
        );
    }
    Ok(evaluator)
}

/// The view that all of the metrics at the positions `known` have, and so has a sum of
/// them; the whole networks where they have several.
fn common_view(manifest: &Manifest, known: &[usize]) -> View {
    let mut views = known.iter().filter_map(|&i| manifest.metrics.get(i)).map(|m| m.view);
    let first = views.next().unwrap_or_default();
    if views.all(|view| view == first) { first } else { View::Whole }
}

/// Outputs for the metrics at the positions `known`, from a view that is theirs or the
/// whole networks.
fn outputs(encoded: &[Encoded], known: &[usize], view: View) -> Vec<Vec<f64>> {
    let of = |e: &Encoded, i: usize| {
        if view.is_whole() { e.whole.get(i) } else { e.outputs.get(i) }.copied()
    };
    encoded.iter().map(|e| known.iter().filter_map(|&i| of(e, i)).collect()).collect()
}

/// Rows of the table that have a label, encoded.
struct FewLabels {
    encoded: Vec<Encoded>,
    classes: Vec<u64>,
    /// By metric and row.
    reported: Vec<Vec<Option<f64>>>,
}

impl FewLabels {
    fn encode(
        evaluator: &Evaluator,
        source: &Source,
        table: &LabelTable,
        specs: &[MetricSpec],
    ) -> anyhow::Result<Self> {
        let columns = specs.iter().map(|s| table.column(&s.name));
        let columns: Vec<&[Option<f64>]> = columns.collect::<nneval::Result<_>>()?;
        let labelled = |r: &usize| columns.iter().any(|c| matches!(c.get(*r), Some(Some(_))));
        let rows: Vec<usize> = (0..table.rows()).filter(labelled).collect();
        let gather = specs.iter().map(|s| table.gather(&s.name, &rows));
        Ok(Self {
            encoded: encoding::rows(evaluator, source, table, &rows)?,
            classes: rows.iter().filter_map(|&r| table.class(r)).collect(),
            reported: gather.collect::<nneval::Result<_>>()?,
        })
    }

    /// The labelled rows, with the outputs of known metrics for all of them.
    fn labelled(&self, known: Vec<Vec<f64>>, reported: &[Option<f64>]) -> Vec<Labelled> {
        let row = |((known, label), class): ((Vec<f64>, &Option<f64>), &u64)| {
            Some(Labelled { known, label: (*label)?, class: *class })
        };
        known.into_iter().zip(reported).zip(&self.classes).filter_map(row).collect()
    }
}

/// The manifest of the adapted evaluator; checksums follow when it is saved.
fn describe(
    bundle: &mut Bundle,
    args: &Args,
    out: &Path,
    kept: &[usize],
    adapted: &[Adapted],
    classes: &[u64],
) {
    let manifest = &mut bundle.manifest;
    let old = kept.iter().filter_map(|&i| manifest.metrics.get(i).cloned());
    manifest.metrics = old.chain(adapted.iter().map(|a| a.metric.clone())).collect();
    manifest.name = run_folder::evaluator_name(args.name.as_deref(), out);
    let training = &mut manifest.training;
    training.command = format!("{} && {}", training.command, run_folder::command());
    seen(training, classes);
}

/// Adds classes to those trained on: scores leave them out.
fn seen(training: &mut Training, classes: &[u64]) {
    training.classes.extend(classes);
    training.classes.sort_unstable();
    training.classes.dedup();
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
