//! `nneval measure`: latency and memory of models on this machine.

use super::bind_args::BindArgs;
use super::limits_args::LimitsArgs;
use super::measure_list::{self, ListArgs};
use super::measure_view::{self, View};
use super::run_folder::command;
use super::runtime_args::RuntimeArgs;
use anyhow::{Context, bail};
use nneval::files::{OutputLock, check_writable, is_stream};
use nneval::measure::protocol::Bounds;
use nneval::measure::{Control, Launcher, Log, Machine, Schedule, Settings, Table, Target};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measure latency and memory of models on this machine.
///
/// Each model runs in a process of its own: one that crashes, hangs or runs out
/// of memory has an error in its row, the rest go on. The table is one for
/// `nneval train --labels`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, folders that are walked for *.onnx, and lists (.csv, .tsv, .json,
    /// .jsonl, .parquet, - for stdin) with a column path (relative to the list) or
    /// arch_str (networks of --space)
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Table to write: .csv, .jsonl or .parquet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Go on with an interrupted run, or add models to a finished table
    #[arg(long)]
    resume: bool,
    /// Seed of inputs, random weights and the order in rounds
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    sizes: BindArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
    #[command(flatten)]
    limits: LimitsArgs,
}

/// How long and how often.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Measurement")]
struct TimingArgs {
    /// Rounds in which each model is measured, others in between; 0: peak memory
    /// alone
    #[arg(long, value_name = "N", default_value_t = Settings::default().rounds,
          value_parser = clap::value_parser!(u32).range(0..=1000))]
    rounds: u32,
    /// Processes that a model is opened in for its peak memory, which is averaged;
    /// 0: no figure
    #[arg(long, value_name = "N", default_value_t = Settings::default().memory_runs,
          value_parser = clap::value_parser!(u32).range(0..=1000))]
    memory_runs: u32,
    /// A round ends when half the 95 % confidence interval of the median is
    /// this share of the median
    #[arg(long, value_name = "SHARE", default_value_t = Settings::default().bounds.relative_error,
          value_parser = positive)]
    relative_error: f64,
    /// Least time of a round in seconds
    #[arg(long, value_name = "S", default_value_t = Settings::default().bounds.least_seconds,
          value_parser = positive)]
    min_time: f64,
    /// Time after which a round starts no further run, in seconds
    #[arg(long, value_name = "S", default_value_t = Settings::default().bounds.most_seconds,
          value_parser = positive)]
    time_limit: f64,
    /// Longest time that opening a model or its first run may take, or a round
    /// beyond its limit, in seconds
    #[arg(long, value_name = "S", default_value_t = Settings::default().timeout_seconds,
          value_parser = positive)]
    timeout: f64,
    /// Most memory that a model may take, in megabytes (Linux) [default: none]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    memory_limit: Option<u64>,
    /// Model whose latency tells the machine's drift, or none [default: a small
    /// CNN that nneval builds]
    #[arg(long, value_name = "MODEL|none")]
    control: Option<PathBuf>,
    /// Models between two measurements of the control model
    #[arg(long, value_name = "N", default_value_t = Settings::default().control_every,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=256))]
    control_every: usize,
}

/// The measuring process that `nneval measure` starts for each model.
#[derive(Debug, clap::Args)]
pub struct ChildArgs {}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0 && *v < 1e9);
    value.ok_or_else(|| format!("{text:?} is not a positive number"))
}

/// Runs the measuring process.
pub fn run_child(_: ChildArgs) -> anyhow::Result<ExitCode> {
    nneval::measure::serve()?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let settings = args.settings();
    if settings.rounds == 0 && settings.memory_runs == 0 {
        bail!("--rounds 0 --memory-runs 0: there is nothing to measure");
    }
    let targets = measure_list::targets(&args.paths, &args.list)?;
    if is_stream(&args.out) {
        bail!("--out {}: is no regular file, which a table that grows must be", args.out.display());
    }
    let folder = args.out.parent().filter(|p| !p.as_os_str().is_empty());
    check_writable(folder.unwrap_or(Path::new(".")))?;
    let _lock = OutputLock::file(&args.out, &command())?;
    let before = finished(&args.out, args.resume)?;
    let (runtime, session) = args.runtime.load()?;
    runtime.check(&session)?;
    if session.tensorrt.fp16 {
        bail!("--fp16: models are measured in their own precision");
    }
    let settings = Settings { provider: session.provider.to_string(), ..settings };
    let machine = Machine::this(&runtime.version());
    let partial = partial(&args.out)?;
    let mut log = match args.resume && partial.exists() {
        true => Log::resume(&partial, &settings, &machine)?,
        false => Log::create(&partial, &settings, &machine)?,
    };
    let left = left(&targets, &log, before.as_ref());
    let launcher = Launcher {
        program: std::env::current_exe().context("the program's own file")?,
        arguments: vec!["measure-child".into()],
    };
    let mut view = View::new(targets.len(), left.len(), settings.rounds);
    let schedule = Schedule::new(&settings, &launcher, runtime.library());
    let schedule = schedule.with_limits(args.limits.limits());
    let times = schedule.run(&left, &mut log, &mut |event| view.on(&event));
    view.end();
    let times = match times {
        Ok(times) => times,
        Err(e) => {
            if log.records().next().is_none() {
                log.remove()?;
            }
            return Err(e.into());
        }
    };
    let mut table = Table::of_log(&log, &settings);
    let failed = log.records().filter(|r| !r.error.is_empty()).count();
    let all = log.records().count();
    let summary = measure_view::summary(&log, &times, &args.out);
    if let Some(mut before) = before {
        before.append(table);
        table = before;
    }
    table.write(&args.out)?;
    log.remove()?;
    super::console::print(summary)?;
    Ok(if failed == all && all > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Args {
    fn settings(&self) -> Settings {
        let (sizes, t) = (self.sizes.bindings(), &self.timing);
        Settings {
            provider: self.runtime.provider.to_string(),
            threads: self.runtime.threads.into(),
            dims: sizes.dims.into_iter().collect(),
            inputs: sizes.inputs.into_iter().collect(),
            rounds: t.rounds,
            memory_runs: t.memory_runs,
            bounds: Bounds {
                least_seconds: t.min_time,
                most_seconds: t.time_limit,
                relative_error: t.relative_error,
                ..Settings::default().bounds
            },
            timeout_seconds: t.timeout,
            memory_limit: t.memory_limit.map(|mb| mb.saturating_mul(1_000_000)),
            control: match &t.control {
                None => Control::BuiltIn,
                Some(path) if path.as_os_str() == "none" => Control::None,
                Some(path) => Control::File(path.clone()),
            },
            control_every: t.control_every,
            seed: self.seed,
        }
    }
}

/// `FILE.partial`, the log of an unfinished run.
fn partial(out: &Path) -> anyhow::Result<PathBuf> {
    let mut name = out
        .file_name()
        .with_context(|| format!("--out {}: names no file", out.display()))?
        .to_owned();
    name.push(".partial");
    Ok(out.with_file_name(name))
}

/// The table that is there already, which only `--resume` may add to.
fn finished(out: &Path, resume: bool) -> anyhow::Result<Option<Table>> {
    match (out.exists(), resume) {
        (false, _) => Ok(None),
        (true, true) => Ok(Some(Table::read(out)?)),
        (true, false) => {
            bail!("{} is there already: add to it with --resume, or remove it", out.display())
        }
    }
}

/// Targets that neither the log nor the finished table has.
fn left(targets: &[Target], log: &Log, before: Option<&Table>) -> Vec<Target> {
    let mut done: HashSet<String> = before.map(Table::keys).unwrap_or_default();
    done.extend(log.records().map(|r| r.key().to_owned()));
    targets.iter().filter(|t| !done.contains(t.key())).cloned().collect()
}
