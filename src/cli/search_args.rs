//! Options of `nneval search`.

use super::evaluator_args;
use super::limits_args::LimitsArgs;
use super::runtime_args::RuntimeArgs;
use super::source_args::dataset_parser;
use super::table_args::FileFormat;
use super::{evaluator_args::open, shipped};
use clap::ValueEnum;
use nneval::evaluator::{Bundle, Evaluator};
use nneval::search::{Algorithm, COSTS, Limit, Problem, Settings};
use nneval::spaces::Dataset;
use nneval::tables::read_joined;
use std::path::PathBuf;

/// Search a space for the best architectures.
///
/// Objectives and limits are metrics of evaluators and static costs (parameters
/// or params, buffers, weight_bytes, macs, flops, activation_bytes_read,
/// activation_bytes_written, weight_bytes_read, peak_activation_bytes,
/// arithmetic_intensity, depth; for one sample). Where the budget covers a
/// finite space, every architecture is evaluated. DIR gets pareto.csv,
/// pareto.json, candidates.csv (of another --format: with its ending), front.svg,
/// state.json and, in winners/, the networks of the Pareto set as ONNX files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A search space (nats-tss, nats-sss, nasbench101, transnas-micro, transnas-macro,
    /// nasbench-macro, accel-nasbench, ofa, fbnet), or ONNX files and folders that are
    /// walked for *.onnx
    #[arg(long, value_name = "SPACE|PATH", num_args = 1.., required = true)]
    pub space: Vec<String>,
    /// Search only these architectures: a table with a column arch_str or the columns
    /// of the space (CSV, JSON lines, Parquet; - for stdin), or one architecture a line
    #[arg(long, value_name = "FILE")]
    pub among: Option<PathBuf>,
    /// Data set whose networks of a space are taken [default: the first of the space]
    #[arg(long, value_parser = dataset_parser())]
    pub dataset: Option<Dataset>,
    /// Metric to make large; may be repeated
    #[arg(long, value_name = "METRIC")]
    pub maximize: Vec<String>,
    /// Metric to make small; may be repeated
    #[arg(long, value_name = "METRIC")]
    pub minimize: Vec<String>,
    /// What is allowed: METRIC<=X or METRIC>=X, X in the metric's unit; may be
    /// repeated
    #[arg(long = "limit", value_name = "METRIC<=X|METRIC>=X")]
    pub limits: Vec<Limit>,
    /// Metric to list beside objectives and limits; may be repeated
    #[arg(long, value_name = "METRIC")]
    pub show: Vec<String>,
    /// Candidates to evaluate
    #[arg(long, value_name = "N", required_unless_present = "ask_tell")]
    pub budget: Option<usize>,
    /// How candidates are chosen [default: evolution for one objective, nsga2
    /// for several]
    #[arg(long, value_enum)]
    pub algorithm: Option<AlgorithmArg>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Members of the population [default: a tenth of the budget, 10 to 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub population: Option<u32>,
    /// Members drawn in a tournament of evolution [default: a quarter of the
    /// population]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub tournament: Option<u32>,
    /// With one objective: how many of the best are winners
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// Folder to write to
    #[arg(long, value_name = "DIR", required_unless_present = "ask_tell")]
    pub out: Option<PathBuf>,
    /// Format of the tables in DIR: pareto and candidates
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = FileFormat::Csv)]
    pub format: FileFormat,
    /// Go on from DIR/state.json
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// Take candidates that the evaluator flags: it has seen no networks like them, and
    /// its predictions of them are without evidence
    #[arg(long)]
    pub allow_outside: bool,
    /// Speak JSON lines on stdin and stdout: docs/searching.md
    #[arg(long)]
    pub ask_tell: bool,
    /// Evaluator: a name in models/, a folder, or none; may be repeated
    /// [default: nats-tss, where a metric is no static cost]
    #[arg(long = "evaluator", value_name = "NAME|DIR|none")]
    pub evaluators: Vec<String>,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub reading: LimitsArgs,
}

/// How candidates are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlgorithmArg {
    /// Uniformly at random
    Random,
    /// Regularised evolution (Real et al. 2019)
    Evolution,
    /// NSGA-II (Deb et al. 2002)
    Nsga2,
    /// Gaussian processes on facts of the networks, for true values that are
    /// dear (--ask-tell): one or two objectives
    Bayesian,
}

/// Loaded evaluators, and their names with the checksums of their models.
pub struct Loaded {
    /// The evaluators.
    pub evaluators: Vec<Evaluator>,
    /// What a resumed search compares.
    pub names: String,
}

impl Args {
    /// What is wanted.
    pub fn problem(&self) -> anyhow::Result<Problem> {
        let mut problem = Problem::new(&self.maximize, &self.minimize, &self.limits)?;
        problem.show(&self.show);
        Ok(problem)
    }

    /// How the search goes; population and tournament, where none are asked for, as
    /// it went `before`.
    pub fn settings(&self, problem: &Problem, before: Option<&Settings>) -> Settings {
        let algorithm = match self.algorithm {
            Some(AlgorithmArg::Random) => Algorithm::Random,
            Some(AlgorithmArg::Evolution) => Algorithm::Evolution,
            Some(AlgorithmArg::Nsga2) => Algorithm::Nsga2,
            Some(AlgorithmArg::Bayesian) => Algorithm::Bayesian,
            None if problem.objectives.len() == 1 => Algorithm::Evolution,
            None => Algorithm::Nsga2,
        };
        let budget = self.budget.unwrap_or(0);
        let population = self.population.map(|n| n as usize).or(before.map(|s| s.population));
        let population = population.unwrap_or((budget / 10).clamp(10, 100));
        let tournament = self.tournament.map(|n| n as usize).or(before.map(|s| s.tournament));
        let tournament = tournament.unwrap_or(population.div_ceil(4));
        Settings { algorithm, seed: self.seed, budget, population, tournament }
    }

    /// Loads the evaluators asked for, ONNX Runtime only where there are any.
    pub fn load(&self, problem: &Problem) -> anyhow::Result<Loaded> {
        let is_cost = |name: &String| COSTS.iter().any(|c| c.name == name);
        let names: Vec<&str> = match self.evaluators.as_slice() {
            [] if problem.columns.iter().all(is_cost) => Vec::new(),
            [] => vec![shipped::DEFAULT_EVALUATOR],
            [none] if none == "none" => Vec::new(),
            some => some.iter().map(String::as_str).collect(),
        };
        let bundles = names.iter().map(|n| open(n)).collect::<anyhow::Result<Vec<_>>>()?;
        let described: Vec<String> = bundles.iter().map(describe).collect();
        let mut evaluators = Vec::new();
        if !bundles.is_empty() {
            let (runtime, session) = self.runtime.load()?;
            for bundle in bundles {
                super::console::detail(format_args!("evaluator {}", describe(&bundle)));
                evaluators.push(evaluator_args::evaluator(bundle, &runtime, &session)?);
            }
        }
        Ok(Loaded { evaluators, names: described.join(", ") })
    }

    /// The architectures that --among names, in the column arch_str or those of the space.
    pub fn listed(&self, columns: &[&str]) -> anyhow::Result<Option<Vec<String>>> {
        let Some(path) = &self.among else { return Ok(None) };
        let groups: Vec<&[&str]> = match columns {
            [] => vec![&["arch_str"]],
            own => vec![&["arch_str"], own],
        };
        Ok(Some(read_joined(path, &groups)?))
    }
}

fn describe(bundle: &Bundle) -> String {
    let sum = nneval::files::sha256(&bundle.model);
    format!("{} {}", bundle.manifest.name, sum.get(..12).unwrap_or_default())
}
