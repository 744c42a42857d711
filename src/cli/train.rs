//! `nneval train`: labels in, evaluator bundle out.

use super::calibrate;
use super::encoding;
use super::run_folder;
use super::runtime_args::{RuntimeArgs, tell_placement};
use super::shipped;
use super::shrink;
use super::source_args::SourceArgs;
use super::start_args::{Begun, StartArgs};
use super::teachers::{Parts, TeacherArgs};
use super::train_data::{self, DataArgs, Reading, RowCosts};
use super::training_view::View;
use super::views::{Seen, ViewArgs};
use anyhow::{Context, bail};
use nneval::evaluator::weights;
use nneval::evaluator::{Bundle, Evaluator, FORMAT, Manifest, Metric, Options, Training};
use nneval::labels::{LabelTable, MetricSpec, STDIN, Split3, split_by_class, split3, subsample};
use nneval::opstring::{self, OpGraph};
use nneval::training::{Environment, Examples, Run, TrainingGraphs};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Train an evaluator on a label table.
///
/// The run's folder (checkpoints, steps.csv, epochs.csv, curves.svg, config.json,
/// reproduce.sh) is DIR/run
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
    #[command(flatten)]
    start: StartArgs,
    /// Share of the rows, by whole classes, held out for validation
    #[arg(long, default_value_t = 0.1)]
    valid_fraction: f64,
    /// Share of the rows, by whole classes, that this run does not touch at all
    #[arg(long, default_value_t = 0.0)]
    test_fraction: f64,
    /// Seed of the split into training and validation classes
    #[arg(long, default_value_t = 0)]
    split_seed: u64,
    /// Train on this many of the training rows only
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Go on from the last checkpoint
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    views: ViewArgs,
    #[command(flatten)]
    teachers: TeacherArgs,
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
    if args.source.labels.as_os_str() == STDIN {
        bail!("--labels {STDIN}: a run that can be repeated needs its table in a file");
    }
    let table = args.source.table(&names)?;
    let graphs = open_graphs(&args.graphs)?;
    let from = args.start.bundle()?;
    let reading = args.data.reading(from.as_ref())?;
    let split = args.split(&table)?;
    let train_rows = match args.rows {
        Some(n) => subsample(&table, &split.train, n, args.split_seed)?,
        None => split.train.clone(),
    };
    let costs = args.costs(&table, [&train_rows, &split.valid])?;
    let mut metrics = fit(&table, &train_rows, &names, costs.as_ref())?;
    args.views.set(&mut metrics)?;
    let (runtime, session) = args.runtime.load()?;
    tell_placement(&runtime, &graphs.train, &session)?;
    let held_out = [split.valid.as_slice(), &split.test].concat();
    let teachers = args.teachers.open(&runtime, &table, &held_out)?;
    let rows = [train_rows.as_slice(), &split.valid];
    let data = args.examples(&table, &reading, &metrics, &teachers, rows, costs.as_ref())?;
    let config = args.settings.config();
    let scales: Vec<f32> = args.metrics.iter().map(|m| m.1.sqrt()).collect();
    let begun = Begun {
        graphs: &graphs.info,
        table: &table,
        rows: &train_rows,
        metrics: &metrics,
        scales: &scales,
    };
    let run_dir = args.run_dir.clone().unwrap_or_else(|| args.out.join("run"));
    let run = Run {
        runtime: &runtime,
        session,
        graphs: &graphs,
        config: &config,
        train: &data.train,
        valid: &data.valid,
        unlabelled: &data.unlabelled,
        initial: args.start.parameters(from.as_ref(), &begun, config.seed)?,
        dir: &run_dir,
    };
    run.check(args.resume)?;
    nneval::files::check_writable(&args.out)?;
    let counts = rows.map(<[usize]>::len);
    describe(&run_dir, &args, &run, &reading, counts)?;
    let mut view = View::new(&config, counts[0], counts[1], &names);
    let mut curves = run_folder::Curves::new(&run_dir);
    let outcome = run.execute(args.resume, &mut |e| {
        view.show(e);
        curves.show(e);
    })?;
    view.finish(&outcome);
    let model = |scales: &[f32]| {
        let parameters = graphs.info.scaled_parameters(&outcome.params, scales);
        weights::embed(&graphs.encoder, parameters, &["metrics", "pooled"])
    };
    let manifest =
        manifest(&args, &reading, metrics, &table, [&train_rows, &split.valid], config.seed);
    let bundle = Bundle { manifest, tokenizer: reading.tokenizer, model: model(&scales)? };
    let mut evaluator = Evaluator::from_bundle(bundle, &runtime, Options::default())?;
    let source = args.source.source()?;
    let shares = shrink::shares(&evaluator, &source, &table, &split.valid)?;
    if shares.iter().any(|s| *s < 1.0) {
        super::note(format_args!("corrections of formulas kept: {shares:?}"));
        let smaller: Vec<f32> = scales.iter().zip(&shares).map(|(scale, s)| scale / s).collect();
        let bundle = Bundle { model: model(&smaller)?, ..evaluator.bundle().clone() };
        evaluator = Evaluator::from_bundle(bundle, &runtime, Options::default())?;
    }
    let bundle = calibrate::with_table(&evaluator, &source, &table, &train_rows, &split.valid)?;
    bundle.save(&args.out)?;
    super::print(format_args!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

struct Data {
    train: Examples,
    valid: Examples,
    unlabelled: Examples,
}

impl Args {
    fn split(&self, table: &LabelTable) -> anyhow::Result<Split3> {
        let (valid, test) = (self.valid_fraction, self.test_fraction);
        if !(valid > 0.0 && valid < 1.0) {
            bail!("--valid-fraction {valid}: must lie between 0 and 1");
        }
        if test != 0.0 {
            return Ok(split3(table, valid, test, self.split_seed)?);
        }
        let split = split_by_class(table, valid, self.split_seed)?;
        Ok(Split3 { train: split.train, valid: split.valid, test: Vec::new() })
    }

    /// Static costs of the rows, where metrics are multiples of formulas of them.
    fn costs(&self, table: &LabelTable, rows: [&[usize]; 2]) -> anyhow::Result<Option<RowCosts>> {
        let costs = || RowCosts::new(&self.source.source()?, table, &rows.concat());
        self.data.cost_formula.then(costs).transpose()
    }

    fn examples(
        &self,
        table: &LabelTable,
        reading: &Reading,
        metrics: &[Metric],
        teachers: &[Evaluator],
        [train_rows, valid_rows]: [&[usize]; 2],
        costs: Option<&RowCosts>,
    ) -> anyhow::Result<Data> {
        let source = self.source.source()?;
        let weights: Vec<f32> = self.metrics.iter().map(|m| m.1).collect();
        let graphs = |rows: &[usize]| encoding::graphs(&source, table, rows);
        let (train_graphs, valid_graphs) = (graphs(train_rows)?, graphs(valid_rows)?);
        let more: Vec<OpGraph> = match self.settings.config().unlabelled > 0.0 {
            true => train_data::unlabelled(&self.source, table, train_rows)?,
            false => Vec::new(),
        };
        let mut train = self.data.tokens(reading, &train_graphs)?;
        let mut valid = self.data.tokens(reading, &valid_graphs)?;
        let mut unlabelled = self.data.tokens(reading, &more)?;
        let labels = train_data::labels(table, train_rows, metrics, self.data.class_mean, costs)?;
        let labels = self.data.steady(labels, metrics, &train_graphs, train_rows)?;
        train_data::add_labels(&labels, metrics, &weights, &mut train);
        let reported = train_data::labels(table, valid_rows, metrics, false, costs)?;
        train_data::add_labels(&reported, metrics, &weights, &mut valid);
        train_data::add_unknown(metrics, &mut unlabelled);
        let parts = Parts { train: &train_graphs, unlabelled: &more, valid: &valid_graphs };
        let known = [labels.as_slice(), reported.as_slice()];
        let asking = super::verbosity::spinner("asking the teachers");
        let taught = self.teachers.taught(teachers, metrics, &parts, known)?;
        asking.finish_and_clear();
        if let Some([own, other]) = taught {
            self.teachers.teach(&own, &weights, &mut train);
            self.teachers.teach(&other, &weights, &mut unlabelled);
        }
        let mut parts = [(train_graphs.as_slice(), &mut train), (more.as_slice(), &mut unlabelled)];
        self.data.add_structure(&mut parts);
        for seen in Seen::all(metrics, &self.data, reading) {
            seen.share(&mut parts)?;
            seen.split(&valid_graphs, &mut valid)?;
        }
        Ok(Data { train, valid, unlabelled })
    }
}

pub(super) fn open_graphs(name: &str) -> anyhow::Result<TrainingGraphs> {
    let dir = shipped::find(&format!("graphs/{name}"))
        .or_else(|| shipped::find(name))
        .with_context(|| format!("--graphs {name}: no such folder, and not in models/graphs"))?;
    Ok(TrainingGraphs::open(&dir)?)
}

/// Specifications of the metrics, transforms fitted to the training rows.
fn fit(
    table: &LabelTable,
    rows: &[usize],
    names: &[String],
    costs: Option<&RowCosts>,
) -> anyhow::Result<Vec<Metric>> {
    let mut metrics = Vec::with_capacity(names.len());
    for name in names {
        let spec = MetricSpec::from_column(name);
        let cells = table.gather(name, rows)?;
        let labelled = rows.iter().zip(&cells).filter_map(|(row, v)| Some((*row, (*v)?)));
        let (rows, values): (Vec<usize>, Vec<f64>) = labelled.unzip();
        if values.is_empty() {
            bail!("{}: column {name} has no value in any training row", table.file().display());
        }
        metrics.push(match costs.filter(|_| !spec.is_accuracy()) {
            Some(costs) => Metric::fit_ratio(spec, &costs.of(&rows), &values)?,
            None => Metric::fit(spec, &values)?,
        });
    }
    Ok(metrics)
}

fn describe(
    dir: &Path,
    args: &Args,
    run: &Run,
    reading: &Reading,
    counts: [usize; 2],
) -> anyhow::Result<()> {
    let options = serde_json::json!({
        "metrics": args.metrics,
        "labels": args.source.labels,
        "space": args.source.space_name(),
        "dataset": args.source.networks.dataset.to_string(),
        "graphs": args.graphs,
        "valid_fraction": args.valid_fraction,
        "test_fraction": args.test_fraction,
        "split_seed": args.split_seed,
        "rows": args.rows,
        "train_rows": counts[0],
        "valid_rows": counts[1],
        "init": args.start.init,
        "from": args.start.from,
        "data": args.data,
        "views": args.views,
        "window": reading.window,
        "style": reading.style,
        "teachers": args.teachers,
    });
    let description = run_folder::Description {
        config: run.config,
        environment: &Environment::new(run.runtime, &run.session),
        runtime: run.runtime,
        inputs: std::iter::once(("labels", args.source.labels.clone()))
            .chain(args.start.inputs()?)
            .collect(),
        graphs: run.graphs,
        tokenizer: &reading.tokenizer.to_json()?,
        options,
    };
    run_folder::write(dir, &description)
}

fn manifest(
    args: &Args,
    reading: &Reading,
    metrics: Vec<Metric>,
    table: &LabelTable,
    [rows, valid]: [&[usize]; 2],
    seed: u64,
) -> Manifest {
    let classes_of = |rows: &[usize]| {
        let mut classes: Vec<u64> = rows.iter().filter_map(|&r| table.class(r)).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    };
    let file = args.source.labels.file_name().map(|n| n.to_string_lossy().into_owned());
    Manifest {
        format: FORMAT,
        string_version: opstring::VERSION,
        string_style: reading.style,
        name: run_folder::evaluator_name(args.name.as_deref(), &args.out),
        window: reading.window,
        metrics,
        training: Training {
            labels: file.unwrap_or_default(),
            space: args.source.space_name(),
            dataset: args.source.networks.dataset.to_string(),
            rows: rows.len(),
            seed,
            classes: classes_of(rows),
            validation_classes: classes_of(valid),
            command: run_folder::command(),
        },
        domain: None,
        files: BTreeMap::new(),
    }
}
