//! `nneval train`: labels in, evaluator bundle out.

use super::run_folder;
use super::runtime_args::RuntimeArgs;
use super::training_view::{View, worded};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::runtime::ProviderSelection;
use nneval::spaces::Space;
use nneval::tables::{STDIN, inert};
use nneval::training::recipe::MetricPattern;
use nneval::training::{
    Datasets, LabelFiles, Plan, Recipe, RunOptions, SeedScores, Shipped, Trainer, seed_evaluator,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `--help` says after the options.
const KEYS: &str = "\
A recipe is a TOML file; without one, a recipe of one stage with defaults is taken. --set overrides
its keys: KEY=VALUE at its top, stage.NAME.KEY=VALUE of one stage. docs/training.md lists the keys.
DIR holds the finished evaluator; DIR/run checkpoints, steps.csv, epochs.csv, curves.svg, recipe.toml.";

/// Train an evaluator on a label table
#[derive(Debug, clap::Args)]
#[command(after_help = KEYS)]
pub struct Args {
    /// Recipe: stages, metrics, teachers
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Label table, CSV, JSON lines or Parquet; NAME=FILE for recipes with several
    #[arg(long, value_name = "[NAME=]FILE", required = true)]
    labels: Vec<String>,
    /// Search space of the architectures (docs/spaces.md) [default: nats-tss]
    #[arg(long, conflicts_with = "models",
          value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()),
          hide_possible_values = true)]
    space: Option<Space>,
    /// Folder that the column path is relative to
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Column to predict, * for any characters; may be repeated
    #[arg(long = "metric", value_name = "NAME[=WEIGHT]", value_parser = metric,
          required_unless_present_any = ["recipe", "sets"])]
    metrics: Vec<MetricPattern>,
    /// Folder that the evaluator is written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder for checkpoints and logs [default: DIR/run]
    #[arg(long, value_name = "DIR", conflicts_with = "seeds")]
    run_dir: Option<PathBuf>,
    /// Override a key of the recipe; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    sets: Vec<(String, String)>,
    /// Train this stage alone
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// Seed of initial parameters, batches and dropout
    #[arg(long)]
    seed: Option<u64>,
    /// Train and score one evaluator a seed, each on its own split: 0..5 or 0,3,7
    #[arg(long, value_parser = Seeds::parse, conflicts_with = "seed")]
    seeds: Option<Seeds>,
    /// Go on from the last checkpoint
    #[arg(long)]
    resume: bool,
    /// Threads within an operator; 0: all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: Option<u16>,
    /// Execution provider
    #[arg(long, default_value = "cpu", hide_possible_values = true,
          value_parser = PossibleValuesParser::new(ProviderSelection::NAMES).try_map(|s| s.parse::<ProviderSelection>()))]
    provider: ProviderSelection,
    /// The ONNX Runtime shared library
    #[arg(long, value_name = "PATH")]
    onnxruntime: Option<PathBuf>,
}

/// Seeds of several runs.
#[derive(Debug, Clone)]
struct Seeds(Vec<u64>);

impl Seeds {
    fn parse(s: &str) -> Result<Self, String> {
        let number = |s: &str| s.parse::<u64>().map_err(|_| format!("{s:?} is no seed"));
        let seeds = match s.split_once("..") {
            Some((first, end)) => (number(first)?..number(end)?).collect::<Vec<_>>(),
            None => s.split(',').map(number).collect::<Result<_, _>>()?,
        };
        match seeds.is_empty() {
            true => Err("has no seed".into()),
            false => Ok(Self(seeds)),
        }
    }
}

fn metric(s: &str) -> Result<MetricPattern, String> {
    let Some((name, weight)) = s.split_once('=') else { return Ok(MetricPattern::new(s, 1.0)) };
    match weight.parse::<f32>() {
        Ok(w) if w.is_finite() && w > 0.0 => Ok(MetricPattern::new(name, w)),
        _ => Err(format!("the weight {weight:?} is not a positive number")),
    }
}

/// A key and its value.
pub(super) fn setting(s: &str) -> Result<(String, String), String> {
    let (key, value) = s.split_once('=').ok_or("has the form KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// Sets keys of a recipe; an error is wrong usage, and told.
pub(super) fn set(recipe: &mut Recipe, sets: &[(String, String)]) -> Result<(), ExitCode> {
    for (key, value) in sets {
        recipe.set(key, value).map_err(|e| {
            let reason = match e {
                nneval::training::Error::Recipe { reason, .. } => reason,
                other => other.to_string(),
            };
            super::console::error(format_args!("--set {key}={value}: {reason}"));
            ExitCode::from(2)
        })?;
    }
    Ok(())
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut recipe = args.start().map_err(worded)?;
    if let Err(code) = set(&mut recipe, &args.sets) {
        return Ok(code);
    }
    let labels = args.label_files(&recipe)?;
    let seeds = args.seeds.as_ref().map_or(recipe.seeds(), |s| &s.0).to_vec();
    let mut options = RunOptions::new(&args.out);
    options.resume = args.resume;
    options.only.clone_from(&args.stage);
    if let Some(folder) = &args.run_dir {
        options.run_folder.clone_from(folder);
    }
    let _lock = run_folder::lock(&args.out)?;
    let _run_lock = args.run_dir.as_deref().filter(|dir| *dir != args.out).map(run_folder::lock);
    let _run_lock = _run_lock.transpose()?;
    match seeds.is_empty() {
        true => args.one(&recipe, &labels, &options)?,
        false => args.several(&recipe, &seeds, &labels, &options)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// The recipe with what options say, but for `--set`.
    fn start(&self) -> nneval::training::Result<Recipe> {
        let mut recipe = match &self.recipe {
            Some(file) => Recipe::open(file)?,
            None => Recipe::one_stage()?,
        };
        let settings = &mut recipe.settings;
        if let Some(space) = self.space {
            (settings.space, settings.models) = (Some(space), None);
        }
        if let Some(models) = &self.models {
            (settings.space, settings.models) = (None, Some(models.clone()));
        }
        settings.seed = self.seed.or(settings.seed);
        recipe.threads = self.threads.or(recipe.threads);
        if !self.metrics.is_empty() {
            recipe.set_metrics(self.metrics.clone());
        }
        Ok(recipe)
    }

    /// The label tables: `NAME=FILE` where a stage asks for NAME.
    fn label_files(&self, recipe: &Recipe) -> anyhow::Result<LabelFiles> {
        let stages = recipe.stages.iter().map(|s| &s.settings);
        let names: BTreeSet<&str> =
            stages.chain([&recipe.settings]).filter_map(|s| s.labels.as_deref()).collect();
        let mut files = LabelFiles::default();
        for given in &self.labels {
            let named = given.split_once('=').filter(|(name, _)| names.contains(name));
            let (file, twice) = match named {
                Some((name, file)) => {
                    (file, files.named.insert(name.into(), file.into()).is_some())
                }
                None => (given.as_str(), files.default.replace(given.into()).is_some()),
            };
            anyhow::ensure!(!twice, "--labels {given}: is the second table of its name");
            anyhow::ensure!(
                file != STDIN,
                "--labels {STDIN}: a run that can be repeated needs its table in a file"
            );
        }
        Ok(files)
    }

    fn runtime(&self, recipe: &Recipe) -> RuntimeArgs {
        RuntimeArgs {
            onnxruntime: self.onnxruntime.clone(),
            provider: self.provider,
            fp16: false,
            threads: recipe.threads.unwrap_or_default(),
        }
    }

    fn one(
        &self,
        recipe: &Recipe,
        labels: &LabelFiles,
        options: &RunOptions,
    ) -> anyhow::Result<()> {
        let mut datasets = Datasets::default();
        let plan = Plan::new(recipe, labels, &mut datasets).map_err(worded)?;
        let (runtime, session) = self.runtime(recipe).load()?;
        let trainer = Trainer { runtime: &runtime, session, shipped: Shipped::default() };
        let mut view = View::default();
        let trained = trainer.train(&plan, &mut datasets, options, &mut |p| view.show(p));
        trained.map_err(worded)?;
        super::console::print(format_args!("{}\n", self.out.display()))
    }

    fn several(
        &self,
        recipe: &Recipe,
        seeds: &[u64],
        labels: &LabelFiles,
        options: &RunOptions,
    ) -> anyhow::Result<()> {
        recipe.resolve().map_err(worded)?;
        let (runtime, session) = self.runtime(recipe).load()?;
        let trainer = Trainer { runtime: &runtime, session, shipped: Shipped::default() };
        let mut view = View::default();
        let show = &mut |p: &nneval::training::Progress| view.show(p);
        let scores = trainer.train_seeds(recipe, seeds, labels, options, show).map_err(worded)?;
        for seed in seeds {
            super::console::detail(seed_evaluator(Path::new(&self.out), *seed).display());
        }
        super::console::print(table(&scores))
    }
}

/// Scores of several runs as CSV: mean, standard deviation, and each of them.
fn table(scores: &[SeedScores]) -> String {
    let mut text = "metric,tau_mean,tau_sd,taus\n".to_owned();
    for s in scores {
        let taus: Vec<String> = s.taus.iter().map(|t| format!("{t}")).collect();
        let (mean, deviation) = (s.mean(), s.deviation());
        text += &format!("{},{mean:.4},{deviation:.4},{}\n", inert(&s.metric), taus.join(" "));
    }
    text
}
