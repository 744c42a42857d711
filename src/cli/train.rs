//! `nneval train`: labels in, evaluator bundle out.

use super::runtime_args::RuntimeArgs;
use super::shipped;
use super::source_args::SourceArgs;
use super::training_view::View;
use anyhow::{Context, bail};
use clap::builder::RangedU64ValueParser;
use nneval::evaluator::weights;
use nneval::evaluator::{
    Bundle, Evaluator, FORMAT, Manifest, Metric, Options, Training, Validation,
};
use nneval::labels::{
    LabelTable, MetricSpec, TargetTransform, TransformKind, split_by_class, stats, subsample,
};
use nneval::opstring::{self, OpGraph, features};
use nneval::tokenizer::Tokenizer;
use nneval::training::{Config, Examples, Run, TrainingGraphs, spellings};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Train an evaluator on a label table.
///
/// The run's folder (checkpoints, steps.csv, epochs.csv, config.json) is DIR/run
/// unless --run-dir names another; the finished evaluator is written to DIR.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Label column to predict; may be repeated. NAME=WEIGHT weighs its loss
    #[arg(long = "metric", value_name = "NAME[=WEIGHT]", required = true, value_parser = metric)]
    metrics: Vec<(String, f32)>,
    /// Folder that the evaluator is written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder for checkpoints and logs [default: DIR/run]
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Name of the evaluator [default: the last part of DIR]
    #[arg(long)]
    name: Option<String>,
    /// Training graphs: a name in models/graphs, or a folder
    #[arg(long, default_value = "medium")]
    graphs: String,
    /// Vocabulary [default: models/tokenizer.json]
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Share of the rows, by whole classes, held out for validation
    #[arg(long, default_value_t = 0.1)]
    valid_fraction: f64,
    /// Seed of the split into training and validation classes
    #[arg(long, default_value_t = 0)]
    split_seed: u64,
    /// Train on this many of the training rows only
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Other spellings of each network to train on beside the canonical one
    #[arg(long, value_name = "N", default_value_t = 0)]
    spellings: usize,
    /// Weight of exact structural facts of the networks (path counts, depths)
    /// as auxiliary targets; 0: none
    #[arg(long, default_value_t = 1.0)]
    structure_weight: f32,
    /// Go on from the last checkpoint
    #[arg(long)]
    resume: bool,
    /// Longest token sequence that is encoded in one piece
    #[arg(long, default_value_t = 512,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    window: usize,
    #[command(flatten)]
    settings: super::train_settings::TrainSettings,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

fn metric(s: &str) -> Result<(String, f32), String> {
    let Some((name, weight)) = s.split_once('=') else { return Ok((s.to_owned(), 1.0)) };
    match weight.parse::<f32>() {
        Ok(w) if w.is_finite() && w > 0.0 => Ok((name.to_owned(), w)),
        _ => Err(format!("the weight {weight:?} is not a positive number")),
    }
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let names: Vec<String> = args.metrics.iter().map(|m| m.0.clone()).collect();
    if let Some(n) = names.iter().enumerate().find(|(i, n)| names.iter().take(*i).any(|m| m == *n))
    {
        bail!("--metric {} is given twice", n.1);
    }
    let table = args.source.table(&names)?;
    let graphs = open_graphs(&args.graphs)?;
    let tokenizer = open_tokenizer(args.tokenizer.as_deref())?;
    let share = args.valid_fraction;
    if !(share > 0.0 && share < 1.0) {
        bail!("--valid-fraction {share}: must lie between 0 and 1");
    }
    let split = split_by_class(&table, args.valid_fraction, args.split_seed)?;
    let train_rows = match args.rows {
        Some(n) => subsample(&table, &split.train, n, args.split_seed)?,
        None => split.train,
    };
    let metrics = fit(&table, &train_rows, &names)?;
    let train = examples(&args, &table, &tokenizer, &metrics, &train_rows)?;
    let valid = examples(&args, &table, &tokenizer, &metrics, &split.valid)?;
    let config = args.settings.config();
    let run_dir = args.run_dir.clone().unwrap_or_else(|| args.out.join("run"));
    let runtime = args.runtime.load()?;
    let run = Run {
        runtime: &runtime,
        session: args.runtime.session_options(),
        graphs: &graphs,
        config: &config,
        train: &train,
        valid: &valid,
        initial: None,
        dir: &run_dir,
    };
    run.check(args.resume)?;
    nneval::fsio::check_writable(&args.out)?;
    write_config(&run_dir, &config)?;
    let mut view = View::new(&config, train.tokens.len(), valid.tokens.len(), &names);
    let outcome = run.execute(args.resume, &mut |e| view.show(e))?;
    view.finish(&outcome);
    let scales: Vec<f32> = args.metrics.iter().map(|m| m.1.sqrt()).collect();
    let parameters = graphs.info.scaled_parameters(&outcome.params, &scales);
    let model = weights::embed(&graphs.encoder, parameters, &["metrics", "pooled"])?;
    let manifest = manifest(&args, metrics, &table, &train_rows, config.seed);
    let mut bundle = Bundle { manifest, tokenizer, model };
    validate(&mut bundle, &args, &runtime, &table, &split.valid)?;
    bundle.save(&args.out)?;
    super::print(format_args!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn open_graphs(name: &str) -> anyhow::Result<TrainingGraphs> {
    let dir = shipped::find(&format!("graphs/{name}"))
        .or_else(|| shipped::find(name))
        .with_context(|| format!("--graphs {name}: no such folder, and not in models/graphs"))?;
    Ok(TrainingGraphs::open(&dir)?)
}

fn open_tokenizer(path: Option<&Path>) -> anyhow::Result<Tokenizer> {
    match path {
        Some(p) => Ok(Tokenizer::open(p)?),
        None => shipped::vocabulary()
            .context("models/tokenizer.json is not there; name one by --tokenizer"),
    }
}

/// Specifications of the metrics, transforms fitted to the training rows.
fn fit(table: &LabelTable, rows: &[usize], names: &[String]) -> anyhow::Result<Vec<Metric>> {
    let mut metrics = Vec::with_capacity(names.len());
    for name in names {
        let values: Vec<f64> = table.gather(name, rows)?.into_iter().flatten().collect();
        if values.is_empty() {
            bail!("{}: column {name} has no value in any training row", table.file().display());
        }
        let transform = TargetTransform::fit(TransformKind::Auto, &values)?;
        let lo = values.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spec = MetricSpec::from_column(name);
        metrics.push(Metric { spec, transform, range: [lo, hi], validation: None });
    }
    Ok(metrics)
}

fn examples(
    args: &Args,
    table: &LabelTable,
    tokenizer: &Tokenizer,
    metrics: &[Metric],
    rows: &[usize],
) -> anyhow::Result<Examples> {
    let graphs = args.source.source()?.graphs(table, rows)?;
    let cut = AtomicUsize::new(0);
    let encode = |(i, g): (usize, &OpGraph)| -> nneval::Result<Vec<Vec<u32>>> {
        let spelled = spellings(g, args.spellings, (i * args.spellings) as u64);
        let encoded = spelled.iter().map(|s| {
            let mut t = tokenizer.encode(s)?;
            if t.len() > args.window {
                cut.fetch_add(1, Ordering::Relaxed);
                t.truncate(args.window);
            }
            Ok(t)
        });
        encoded.collect()
    };
    let tokens = graphs.par_iter().enumerate().map(encode).collect::<nneval::Result<Vec<_>>>()?;
    match cut.into_inner() {
        0 => {}
        n => super::note(format_args!(
            "{n} strings are longer than --window {}: trained on their start",
            args.window
        )),
    }
    let mut targets = vec![Vec::with_capacity(metrics.len()); rows.len()];
    for (m, (_, weight)) in metrics.iter().zip(&args.metrics) {
        for (target, value) in targets.iter_mut().zip(table.gather(&m.spec.name, rows)?) {
            let z = value.and_then(|v| m.transform.apply(v));
            target.push(z.map(|z| z as f32 * weight.sqrt()));
        }
    }
    let mut names: Vec<String> = metrics.iter().map(|m| m.spec.name.clone()).collect();
    let mut auxiliary = 0;
    if args.structure_weight > 0.0 {
        auxiliary = features::NAMES.len();
        names.extend(features::NAMES.map(|n| format!("structure_{n}")));
        add_structure(&graphs, args.structure_weight.sqrt(), &mut targets);
    }
    Ok(Examples { names, auxiliary, tokens, targets })
}

/// Appends structural facts, standardised over these rows, as targets.
fn add_structure(graphs: &[OpGraph], scale: f32, targets: &mut [Vec<Option<f32>>]) {
    let facts: Vec<Vec<f64>> = graphs.par_iter().map(features::structure).collect();
    for i in 0..features::NAMES.len() {
        let column: Vec<f64> = facts.iter().filter_map(|f| f.get(i).copied()).collect();
        let n = column.len().max(1) as f64;
        let mean = column.iter().sum::<f64>() / n;
        let sd = (column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt().max(1e-6);
        for (target, x) in targets.iter_mut().zip(&column) {
            target.push(Some(((x - mean) / sd) as f32 * scale));
        }
    }
}

fn write_config(dir: &Path, config: &Config) -> anyhow::Result<()> {
    let command: Vec<String> = std::env::args().collect();
    let text = serde_json::json!({"config": config, "command": command});
    let text = serde_json::to_string_pretty(&text)? + "\n";
    Ok(nneval::fsio::write_atomic(&dir.join("config.json"), text.as_bytes())?)
}

fn manifest(
    args: &Args,
    metrics: Vec<Metric>,
    table: &LabelTable,
    rows: &[usize],
    seed: u64,
) -> Manifest {
    let mut classes: Vec<u64> = rows.iter().filter_map(|&r| table.class(r)).collect();
    classes.sort_unstable();
    classes.dedup();
    let last = args.out.file_name().map(|n| n.to_string_lossy().into_owned());
    let file = args.source.labels.file_name().map(|n| n.to_string_lossy().into_owned());
    Manifest {
        format: FORMAT,
        string_version: opstring::VERSION,
        name: args.name.clone().or(last).unwrap_or_default(),
        window: args.window,
        metrics,
        training: Training {
            labels: file.unwrap_or_default(),
            space: args.source.space_name(),
            dataset: args.source.dataset.to_string(),
            rows: rows.len(),
            seed,
            classes,
            command: shown_command(),
        },
        files: BTreeMap::new(),
    }
}

/// The command line, the program by its name alone.
fn shown_command() -> String {
    let rest = std::env::args().skip(1).map(|a| match a.contains([' ', '|', '~', '*']) {
        true => format!("'{a}'"),
        false => a,
    });
    std::iter::once("nneval".to_owned()).chain(rest).collect::<Vec<_>>().join(" ")
}

/// Predicts the validation rows with the finished bundle and records how well.
fn validate(
    bundle: &mut Bundle,
    args: &Args,
    runtime: &nneval::runtime::Runtime,
    table: &LabelTable,
    rows: &[usize],
) -> anyhow::Result<()> {
    let strings = args.source.source()?.strings(table, rows)?;
    let evaluator = Evaluator::from_bundle(bundle.clone(), runtime, Options::default())?;
    let predictions =
        evaluator.evaluate_strings(&strings).into_iter().collect::<nneval::Result<Vec<_>>>()?;
    for (i, m) in bundle.manifest.metrics.iter_mut().enumerate() {
        let reported = table.gather(&m.spec.name, rows)?;
        let predicted: Vec<Option<f64>> =
            predictions.iter().map(|p| p.metrics.get(i).copied()).collect();
        let (r, p) = stats::paired(&reported, &predicted);
        m.validation = Some(Validation {
            rows: r.len(),
            tau: stats::kendall_tau(&r, &p),
            rho: stats::spearman_rho(&r, &p),
            mae: stats::mean_absolute_error(&r, &p),
        });
    }
    Ok(())
}
