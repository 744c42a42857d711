//! `nneval report`: results as one page.

use super::bars::Bars;
use super::bind_args::BindArgs;
use super::evaluate_list::Reading;
use super::limits_args::LimitsArgs;
use super::report_folder::Found;
use super::run_folder::command;
use super::runtime_args::RuntimeArgs;
use super::scoring::{ScoringArgs, worded_score};
use super::source_args::{NetworkArgs, SourceArgs};
use super::{evaluator_args, report_model, shipped, verbosity};
use anyhow::{Context, bail};
use nneval::evaluator::{Bundle, Evaluator, Manifest};
use nneval::files::{is_stream, write_atomic};
use nneval::labels::LabelTable;
use nneval::report::{
    ComparedMetric, Comparison, Page, PageCurves, PageScores, PageSearch, evaluator_facts,
};
use nneval::training::score::{Baseline, RowSelection, ScoreRequest, ScoredTable};
use nneval::training::{NetworkSource, Progress};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show a model, an evaluator, a training run or a search as one HTML page.
///
/// The page of a model has its static facts, the predictions of the shipped evaluators that know
/// such networks, its costs by block, and its graph.
///
/// The page holds all that it shows and asks for nothing: it opens from a file,
/// without a network. It has the facts of the evaluator, Kendall's τ beside
/// baselines and predictions against reported values where --labels gives
/// these, the learning curves of a training run, and the front, the candidates
/// and the graphs of the winners of a search.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file, evaluator (a name in models/, or a folder), folder of a training
    /// run, or folder of a search
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
    bind: BindArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
    #[command(flatten)]
    limits: LimitsArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.run.is_file() {
        return args.model();
    }
    let found = Found::at(&args.run)?;
    let search = args.search.as_deref().or(found.search.as_deref()).map(PageSearch::read);
    let search = search.transpose()?;
    let bundle = args.bundle(&found, search.as_ref())?;
    let curves = found.epochs.as_deref().map(PageCurves::read).transpose()?;
    let evaluator = bundle.as_ref().map(|b| evaluator_facts(&b.manifest));
    let title = args.title.clone().unwrap_or_else(|| title(bundle.as_ref(), search.as_ref()));
    let scores = match (bundle, &args.labels) {
        (None, Some(_)) => bail!("--labels: which evaluator predicts? --evaluator names it"),
        (None, None) => None,
        (Some(bundle), None) => Some(validation(&bundle.manifest)),
        (Some(bundle), Some(labels)) => Some(args.scores(bundle, labels)?),
    };
    let page = Page { evaluator, scores, curves, search, ..page(title) };
    args.write(&page)
}

/// A page without content.
fn page(title: String) -> Page {
    let program = concat!("nneval ", env!("CARGO_PKG_VERSION")).to_owned();
    Page { title, program, command: command(), ..Page::default() }
}

impl Args {
    /// The page of a model file.
    fn model(&self) -> anyhow::Result<ExitCode> {
        if self.labels.is_some() || self.search.is_some() || self.evaluator.is_some() {
            bail!(
                "{}: a model's page takes no --labels, --search or --evaluator",
                self.run.display()
            );
        }
        let reading = Reading { limits: self.limits.limits(), sizes: self.bind.bindings() };
        let model = report_model::page(&self.run, &self.runtime, &reading)?;
        let name = self.run.file_name().unwrap_or(self.run.as_os_str()).to_string_lossy();
        let title = self.title.clone().unwrap_or_else(|| name.into_owned());
        self.write(&Page { model: Some(model), ..page(title) })
    }

    fn write(&self, page: &Page) -> anyhow::Result<ExitCode> {
        let is_file = !is_stream(&self.out);
        write_atomic(&self.out, page.to_html()?.as_bytes())?;
        if is_file {
            super::console::print(format_args!("{}\n", self.out.display()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

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

    fn scores(&self, bundle: Bundle, labels: &Path) -> anyhow::Result<PageScores> {
        let (runtime, session) = self.runtime.load()?;
        let evaluator = evaluator_args::evaluator(bundle, &runtime, &session)?;
        let source = SourceArgs { labels: labels.to_owned(), networks: self.networks.clone() };
        let columns = [self.baselines.as_slice(), &self.metrics].concat();
        let compare = || {
            let (table, networks) = (source.table(&columns)?, source.source()?);
            self.compare(&evaluator, &table, &networks).map_err(worded_score)
        };
        compare().with_context(|| labels.display().to_string())
    }

    fn compare(
        &self,
        evaluator: &Evaluator,
        table: &LabelTable,
        networks: &NetworkSource,
    ) -> nneval::training::Result<PageScores> {
        let rows = RowSelection::from(self.scoring.rows);
        let request = ScoreRequest { metrics: &self.metrics, rows };
        let mut bars = Bars::default();
        let show = &mut |p: &Progress| bars.show(p);
        let scored = ScoredTable::predict(evaluator, networks, table, &request, show)?;
        let baselines = self.baselines(table, networks, &scored.rows)?;
        let bootstrap = self.scoring.bootstrap();
        let report = scored.report(None, bootstrap, show)?;
        let columns = scored.reported.iter().zip(&scored.predicted).zip(&scored.intervals);
        let metrics = scored.metrics.iter().zip(&report.rows).zip(columns);
        let comparison = Comparison {
            about: rows.classes(),
            keys: scored.rows.iter().filter_map(|&r| table.key(r)).collect(),
            classes: &scored.classes,
            metrics: metrics
                .map(|((metric, row), ((reported, predicted), intervals))| ComparedMetric {
                    row,
                    level: metric.interval.as_ref().map(|i| i.level),
                    reported,
                    predicted,
                    intervals,
                })
                .collect(),
            baselines: baselines.iter().map(|b| (b.name.as_str(), b.values.as_slice())).collect(),
            resamples: bootstrap.resamples,
            seed: bootstrap.seed,
        };
        let bar = verbosity::bar(scored.metrics.len() as u64, "metrics, baselines");
        let scores = PageScores::compare(&comparison, &mut || bar.inc(1));
        bar.finish_and_clear();
        Ok(scores)
    }

    /// MACs, parameters, and the columns asked for.
    fn baselines(
        &self,
        table: &LabelTable,
        networks: &NetworkSource,
        rows: &[usize],
    ) -> nneval::training::Result<Vec<Baseline>> {
        let mut all = Vec::from(Baseline::costs(networks, table, rows)?);
        for name in &self.baselines {
            all.push(Baseline::column(name, table, rows)?);
        }
        Ok(all)
    }
}

/// What the evaluator states itself, and how to have more.
fn validation(manifest: &Manifest) -> PageScores {
    PageScores {
        about: "On the classes that chose the epoch, as the evaluator states it; nneval report \
                --labels compares with reported values and baselines."
            .into(),
        ..PageScores::validation(manifest)
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
