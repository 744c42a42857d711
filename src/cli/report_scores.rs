//! Scores of an evaluator as content of the page.

use super::scoring::{self, Rows, Scored};
use super::source_args::SourceArgs;
use super::verbosity;
use nneval::evaluator::Evaluator;
use nneval::labels::{INTERVAL_LEVEL, ScoreReport, bootstrap_tau, stats};
use nneval::report::{PageMetric, PageScores, PageTau, rounded};

/// Rows whose points are in the page, at most; more are thinned evenly.
const MOST_POINTS: usize = 2500;

/// What is to be scored.
pub struct Request<'a> {
    /// Label table and networks.
    pub source: &'a SourceArgs,
    /// Metrics; none: all that evaluator and table share.
    pub metrics: &'a [String],
    /// Which rows.
    pub rows: Rows,
    /// Label columns to rank by.
    pub baselines: &'a [String],
    /// Bootstrap resamples.
    pub bootstrap: usize,
    /// Its seed.
    pub seed: u64,
}

/// A baseline: its name and a value a row.
type Baseline = (String, Vec<Option<f64>>);

/// Predicts, compares, and compares baselines.
pub fn scores(evaluator: &Evaluator, request: &Request) -> anyhow::Result<PageScores> {
    let scored = Scored::new(
        evaluator,
        &scoring::Request {
            source: request.source,
            metrics: request.metrics,
            rows: request.rows,
            columns: request.baselines,
        },
    )?;
    let baselines = baselines(&scored, request.baselines)?;
    let report = scored.report(None, request.bootstrap, request.seed)?;
    let step = scored.rows.len().div_ceil(MOST_POINTS).max(1);
    let bar = verbosity::bar(scored.metrics.len() as u64, "metrics, baselines");
    let mut metrics = Vec::with_capacity(scored.metrics.len());
    for at in 0..scored.metrics.len() {
        metrics.extend(metric(&scored, &report, at, &baselines, request, step));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let keys = scored.rows.iter().step_by(step).filter_map(|&r| scored.table.key(r));
    let rows = scored.rows.len();
    let which = match request.rows {
        Rows::Unseen => "classes that it was not trained on",
        Rows::Test => "classes that it was neither trained on nor chosen by",
        Rows::All => "all classes, those that it was trained on among them",
    };
    let thinned = if step > 1 { format!(" One in {step} is drawn.") } else { String::new() };
    let about = format!(
        "{rows} rows of {which}. In grey: {:.0} % intervals, bootstrap over classes.{thinned}",
        INTERVAL_LEVEL * 100.0
    );
    Ok(PageScores {
        about,
        has_points: true,
        keys: keys.map(str::to_owned).collect(),
        baselines: baselines.into_iter().map(|b| b.0).collect(),
        metrics,
    })
}

/// MACs, parameters, and the columns asked for.
fn baselines(scored: &Scored, columns: &[String]) -> anyhow::Result<Vec<Baseline>> {
    let costs = scored.networks.costs(&scored.table, &scored.rows)?;
    let macs = costs.iter().map(|c| c.as_ref()?.macs.known().map(|n| n as f64)).collect();
    let parameters = costs.iter().map(|c| c.as_ref().map(|c| c.parameters as f64)).collect();
    let mut all = vec![("MACs".to_owned(), macs), ("parameters".to_owned(), parameters)];
    for name in columns {
        all.push((name.clone(), scored.table.gather(name, &scored.rows)?));
    }
    Ok(all)
}

fn metric(
    scored: &Scored,
    report: &ScoreReport,
    at: usize,
    baselines: &[Baseline],
    request: &Request,
    step: usize,
) -> Option<PageMetric> {
    let reported = scored.reported.get(at)?;
    let intervals = scored.intervals.get(at)?;
    let ends = |k: usize| {
        let end = |e: &Option<[f64; 2]>| e.and_then(|e| e.get(k).copied()).map(rounded);
        intervals.iter().step_by(step).map(end).collect()
    };
    Some(PageMetric {
        row: report.rows.get(at)?.clone(),
        baselines: baselines.iter().map(|b| rank(reported, &b.1, scored, request)).collect(),
        level: scored.metrics.get(at)?.interval.as_ref().map(|i| i.level),
        reported: reported.iter().step_by(step).map(|v| v.map(rounded)).collect(),
        predicted: scored.predicted.get(at)?.iter().step_by(step).copied().map(rounded).collect(),
        lo: ends(0),
        hi: ends(1),
    })
}

/// τ of a baseline, with its sign, on the rows that have both values.
fn rank(
    reported: &[Option<f64>],
    baseline: &[Option<f64>],
    scored: &Scored,
    request: &Request,
) -> PageTau {
    let both = reported.iter().zip(baseline).zip(&scored.classes);
    let known: Vec<(f64, f64, u64)> =
        both.filter_map(|((r, b), c)| Some(((*r)?, (*b)?, *c))).collect();
    let r: Vec<f64> = known.iter().map(|k| k.0).collect();
    let b: Vec<f64> = known.iter().map(|k| k.1).collect();
    let classes: Vec<u64> = known.iter().map(|k| k.2).collect();
    let interval = bootstrap_tau(&r, &b, &classes, request.bootstrap, INTERVAL_LEVEL, request.seed);
    let tau = stats::kendall_tau(&r, &b);
    PageTau { tau, lo: interval.map(|i| i.lo), hi: interval.map(|i| i.hi) }
}
