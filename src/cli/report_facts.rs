//! What `nneval report` finds in a folder, and facts of an evaluator.

use super::shipped;
use anyhow::bail;
use nneval::evaluator::{Manifest, Metric};
use nneval::labels::ScoreRow;
use nneval::report::{PageMetric, PageScores};
use std::path::{Path, PathBuf};

/// What a folder holds.
pub struct Found {
    /// Folder of an evaluator.
    pub evaluator: Option<PathBuf>,
    /// `epochs.csv` of a training run.
    pub epochs: Option<PathBuf>,
    /// Folder of a search.
    pub search: Option<PathBuf>,
}

impl Found {
    /// Looks at a folder, or at the evaluator of that name.
    pub fn at(run: &Path) -> anyhow::Result<Self> {
        let named = || shipped::find(run.to_str()?);
        let dir = if run.is_dir() { run.to_owned() } else { named().unwrap_or(run.to_owned()) };
        let file = |path: PathBuf| path.is_file().then_some(path);
        let above = dir.parent().map(Path::to_owned);
        let evaluator = [Some(dir.clone()), above].into_iter().flatten();
        let is_run = dir.join("epochs.csv").is_file();
        let evaluator = evaluator.take(if is_run { 2 } else { 1 });
        let found = Self {
            evaluator: evaluator.into_iter().find(|d| d.join("evaluator.json").is_file()),
            epochs: file(dir.join("epochs.csv")).or_else(|| file(dir.join("run/epochs.csv"))),
            search: file(dir.join("pareto.json")).map(|_| dir.clone()),
        };
        if found.evaluator.is_none() && found.epochs.is_none() && found.search.is_none() {
            bail!(
                "{}: neither an evaluator (evaluator.json), nor a training run (epochs.csv), nor a \
                 search (pareto.json)",
                run.display()
            );
        }
        Ok(found)
    }
}

/// Names and values that describe an evaluator.
pub fn evaluator(m: &Manifest) -> Vec<(String, String)> {
    let t = &m.training;
    let calibrated = m.metrics.iter().filter(|x| x.interval.is_some()).count();
    let domain = match &m.domain {
        Some(_) => "networks outside of what it has seen are flagged",
        None => "no in-domain statistics",
    };
    let facts = [
        ("name", m.name.clone()),
        ("metrics", format!("{}, {calibrated} of them with intervals", m.metrics.len())),
        ("trained on", format!("{} rows of {} classes of {}", t.rows, t.classes.len(), t.labels)),
        ("chosen by", format!("{} classes that it was not trained on", t.validation_classes.len())),
        ("networks", format!("{}, {}", t.space, t.dataset)),
        ("window", format!("{} tokens, operation string version {}", m.window, m.string_version)),
        ("in domain", domain.to_owned()),
        ("seed", t.seed.to_string()),
        ("made by", t.command.clone()),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Agreement on the validation classes, as the evaluator states it itself.
pub fn validation(m: &Manifest) -> PageScores {
    let metric = |m: &Metric| {
        let v = m.validation.as_ref();
        let row = ScoreRow {
            metric: m.spec.name.clone(),
            unit: m.spec.unit.clone(),
            n: v.map_or(0, |v| v.rows),
            tau: v.and_then(|v| v.tau),
            rho: v.and_then(|v| v.rho),
            mae: v.and_then(|v| v.mae),
            ..ScoreRow::default()
        };
        PageMetric {
            row,
            baselines: Vec::new(),
            level: m.interval.as_ref().map(|i| i.level),
            reported: Vec::new(),
            predicted: Vec::new(),
            lo: Vec::new(),
            hi: Vec::new(),
        }
    };
    PageScores {
        about: "On the classes that chose the epoch, as the evaluator states it; nneval report \
                --labels compares with reported values and baselines."
            .into(),
        metrics: m.metrics.iter().map(metric).collect(),
        ..PageScores::default()
    }
}
