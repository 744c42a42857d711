//! `nneval report`: results as one page.

use super::report_facts::{self, Found};
use super::report_scores;
use super::run_folder::command;
use super::runtime_args::RuntimeArgs;
use super::scoring::ScoringArgs;
use super::source_args::{NetworkArgs, SourceArgs};
use super::{evaluator_args, shipped};
use anyhow::{Context, bail};
use nneval::evaluator::Bundle;
use nneval::files::write_atomic;
use nneval::report::{Page, PageCurves, PageSearch};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show an evaluator, a training run or a search as one HTML page.
///
/// The page holds all that it shows and asks for nothing: it opens from a file,
/// without a network. It has the facts of the evaluator, Kendall's τ beside
/// baselines and predictions against reported values where --labels gives
/// these, the learning curves of a training run, and the front, the candidates
/// and the graphs of the winners of a search.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Evaluator (a name in models/, or a folder), folder of a training run, or
    /// folder of a search
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// Folder of a search to show beside the evaluator
    #[arg(long, value_name = "DIR")]
    search: Option<PathBuf>,
    /// Evaluator: a name in models/, or a folder [default: that of RUN]
    #[arg(long, value_name = "NAME|DIR")]
    evaluator: Option<String>,
    /// Heading [default: what is shown]
    #[arg(long)]
    title: Option<String>,
    /// Label table to compare predictions with
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    networks: NetworkArgs,
    /// Metrics to score [default: all that the evaluator and the table share]
    #[arg(long = "metric", value_name = "NAME", requires = "labels")]
    metrics: Vec<String>,
    #[command(flatten)]
    scoring: ScoringArgs,
    /// Label column to rank by, beside MACs and parameters; may be repeated
    #[arg(long = "baseline", value_name = "COLUMN", requires = "labels")]
    baselines: Vec<String>,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let found = Found::at(&args.run)?;
    let search = args.search.as_deref().or(found.search.as_deref()).map(PageSearch::read);
    let search = search.transpose()?;
    let bundle = args.bundle(&found, search.as_ref())?;
    let curves = found.epochs.as_deref().map(PageCurves::read).transpose()?;
    let evaluator = bundle.as_ref().map(|b| report_facts::evaluator(&b.manifest));
    let title = args.title.clone().unwrap_or_else(|| title(bundle.as_ref(), search.as_ref()));
    let scores = match (bundle, &args.labels) {
        (None, Some(_)) => bail!("--labels: which evaluator predicts? --evaluator names it"),
        (None, None) => None,
        (Some(bundle), None) => Some(report_facts::validation(&bundle.manifest)),
        (Some(bundle), Some(labels)) => Some(args.scores(bundle, labels)?),
    };
    let program = concat!("nneval ", env!("CARGO_PKG_VERSION")).to_owned();
    let page = Page { title, program, command: command(), evaluator, scores, curves, search };
    write_atomic(&args.out, page.to_html()?.as_bytes())?;
    super::print(format_args!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// The evaluator that is asked for, that of the run, or the first that a
    /// search was made with, where that one is still there and the same.
    fn bundle(&self, found: &Found, search: Option<&PageSearch>) -> anyhow::Result<Option<Bundle>> {
        if let Some(name) = &self.evaluator {
            return evaluator_args::open(name).map(Some);
        }
        if let Some(dir) = &found.evaluator {
            return Ok(Some(Bundle::open(dir)?));
        }
        let Some(named) = search.and_then(|s| s.evaluators.split(", ").next()) else {
            return Ok(None);
        };
        let Some((name, sum)) = named.rsplit_once(' ') else { return Ok(None) };
        let bundle = shipped::find(name).and_then(|dir| Bundle::open(&dir).ok());
        Ok(bundle.filter(|b| nneval::files::sha256(&b.model).starts_with(sum)))
    }

    fn scores(&self, bundle: Bundle, labels: &Path) -> anyhow::Result<nneval::report::PageScores> {
        let (runtime, session) = self.runtime.load()?;
        let evaluator = evaluator_args::evaluator(bundle, &runtime, &session)?;
        let source = SourceArgs { labels: labels.to_owned(), networks: self.networks.clone() };
        let request = report_scores::Request {
            source: &source,
            metrics: &self.metrics,
            rows: self.scoring.rows,
            baselines: &self.baselines,
            bootstrap: self.scoring.bootstrap,
            seed: self.scoring.seed,
        };
        report_scores::scores(&evaluator, &request).with_context(|| labels.display().to_string())
    }
}

fn title(bundle: Option<&Bundle>, search: Option<&PageSearch>) -> String {
    let evaluator = bundle.map(|b| format!("evaluator {}", b.manifest.name));
    let space = search.and_then(|s| s.facts.iter().find(|f| f.0 == "space"));
    let search = space.map(|(_, space)| format!("search of {space}"));
    match (search, evaluator) {
        (Some(s), Some(e)) => format!("nneval: {s}, {e}"),
        (Some(one), None) | (None, Some(one)) => format!("nneval: {one}"),
        (None, None) => "nneval: training run".to_owned(),
    }
}
