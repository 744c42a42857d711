//! `nneval search`: the best architectures of a space.

use super::run_folder::lock;
use super::search_output::{Context, Outside, write};
use super::source_args::model_options;
use super::{paths, search_talk};
use anyhow::bail;
use nneval::search::{
    Algorithm, Benchmark, CandidateEvaluator, Files, Search, SearchSpace, Settings, State, Subset,
};
use nneval::spaces::Space;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub use super::search_args::Args;

/// Candidates measured at once where none depends on another.
const CHUNK: usize = 1024;
/// Least time between two writes of the state.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let [name] = args.space.as_slice()
        && let Ok(space) = name.parse::<Space>()
    {
        let options = model_options(space, args.dataset)?;
        return on(&args, &Benchmark::new(space, options), space.columns());
    }
    let named: Vec<PathBuf> = args.space.iter().map(PathBuf::from).collect();
    if let Some(missing) = named.iter().find(|p| !p.exists()) {
        let known = Space::NAMES.join(", ");
        bail!("--space {}: no such file or folder, and no space ({known})", missing.display());
    }
    on(&args, &Files::new(paths::models(&named)?)?.with_limits(args.reading.limits()), &[])
}

/// Searches a space whose architectures are in `columns` of a table.
fn on<S: SearchSpace>(args: &Args, space: &S, columns: &[&str]) -> anyhow::Result<ExitCode> {
    match args.listed(columns)? {
        Some(keys) => go(args, &Subset::new(space, keys)?),
        None => go(args, space),
    }
}

fn go<S: SearchSpace>(args: &Args, space: &S) -> anyhow::Result<ExitCode> {
    let problem = args.problem()?;
    let _lock = args.out.as_deref().map(lock).transpose()?;
    let state = args.out.as_deref().map(|dir| previous(dir, args.resume)).transpose()?.flatten();
    let settings = args.settings(&problem, state.as_ref().map(State::settings));
    let loaded = args.load(&problem)?;
    let measure = CandidateEvaluator::new(loaded.evaluators, &problem.columns, args.ask_tell)?
        .with_outside(args.allow_outside);
    let mut search = match state {
        Some(state) => {
            state.check_source(&loaded.names)?;
            Search::resume(space, problem, settings.clone(), state)?
        }
        None => Search::new(space, problem, settings.clone())?,
    };
    let context = Context {
        measure: &measure,
        settings: &settings,
        source: &loaded.names,
        top: args.top,
        dir: args.out.as_deref(),
        format: args.format.into(),
        limits: args.reading.limits(),
        outside: if args.allow_outside { Outside::Taken } else { Outside::Refused },
    };
    if args.ask_tell {
        search = search.with_prior(&measure);
        return search_talk::talk(&mut search, &context, args.budget);
    }
    measure_all(&mut search, &context)?;
    super::console::print(write(&search, &context)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The state to go on from.
fn previous(dir: &Path, resume: bool) -> anyhow::Result<Option<State>> {
    let path = dir.join("state.json");
    match (path.exists(), resume) {
        (true, false) => {
            bail!("{} holds a search; --resume goes on with it", dir.display())
        }
        (false, _) => {
            nneval::files::check_writable(dir)?;
            Ok(None)
        }
        (true, true) => Ok(Some(State::load(&path)?)),
    }
}

/// Candidates that are chosen before the next ones are: a function of the
/// settings, so that a resumed search is cut in the same way.
fn generation(settings: &Settings, size: Option<usize>) -> usize {
    match settings.algorithm {
        _ if size.is_some_and(|n| settings.budget >= n) => CHUNK,
        Algorithm::Random => CHUNK,
        Algorithm::Evolution | Algorithm::Bayesian => (settings.population / 5).clamp(1, 20),
        Algorithm::Nsga2 => settings.population,
    }
}

fn measure_all<S: SearchSpace>(search: &mut Search<S>, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings;
    let size = search.space().size();
    let step = generation(settings, size);
    let total = settings.budget.min(size.unwrap_or(usize::MAX));
    let bar = super::verbosity::bar(total as u64, "candidates");
    let mut saved: Option<Instant> = None;
    while search.history().len() < settings.budget {
        let done = search.history().len();
        let keys = search.ask(step.min(settings.budget - done));
        if keys.is_empty() {
            break;
        }
        let values = context.measure.values(search.space(), &keys);
        for (key, values) in keys.into_iter().zip(values) {
            search.add(key, values);
        }
        bar.set_position(search.history().len() as u64);
        super::console::detail(format_args!("{} candidates evaluated", search.history().len()));
        if saved.is_none_or(|t| t.elapsed() >= SAVE_EVERY) {
            context.save(search)?;
            saved = Some(Instant::now());
        }
    }
    bar.finish_and_clear();
    Ok(())
}
