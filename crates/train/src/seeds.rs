//! Runs of a recipe on several splits, each scored on its test classes.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::plan::{Datasets, LabelFiles, Plan};
use crate::progress::{Observer, Progress};
use crate::recipe::Recipe;
use crate::score::{Bootstrap, ScoredTable};
use crate::train::RunOptions;
use crate::trainer::Trainer;
use nneval_evaluator::{Bundle, Evaluator, Options};
use nneval_files::write_atomic;
use nneval_tables::statistics::ScoreReport;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bootstrap resamples of the classes behind the intervals of a score.
const RESAMPLES: usize = 200;

/// Agreement with the test labels over several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedScores {
    /// Metric.
    pub metric: String,
    /// Kendall's τ-b of each run.
    pub taus: Vec<f64>,
}

impl SeedScores {
    /// Mean of the runs.
    pub fn mean(&self) -> f64 {
        self.taus.iter().sum::<f64>() / self.taus.len() as f64
    }

    /// Standard deviation between the runs, with n - 1; 0 for one run.
    pub fn deviation(&self) -> f64 {
        let (mean, n) = (self.mean(), self.taus.len());
        if n < 2 {
            return 0.0;
        }
        let squares = self.taus.iter().map(|t| (t - mean).powi(2)).sum::<f64>();
        (squares / (n - 1) as f64).sqrt()
    }
}

impl Trainer<'_> {
    /// Trains one evaluator a seed, with its own split, and scores it on the test classes of the
    /// split. A seed's evaluator is in `out/seedN/evaluator`, its scores in `out/seedN/scores.csv`;
    /// a seed that has scores is not run again.
    ///
    /// # Errors
    /// [`Error::Setting`] where the split has no test rows, or as [`Trainer::train`].
    pub fn train_seeds(
        &self,
        recipe: &Recipe,
        seeds: &[u64],
        labels: &LabelFiles,
        options: &RunOptions,
        observer: Observer,
    ) -> Result<Vec<SeedScores>> {
        if recipe.resolve()?.last().is_none_or(|s| s.test == 0.0) {
            return Err(Error::Setting("split.test is 0: no rows are left to score on".into()));
        }
        let mut datasets = Datasets::default();
        let mut taus: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut order: Vec<String> = Vec::new();
        for &seed in seeds {
            let folder = options.out.join(format!("seed{seed}"));
            let scores = folder.join("scores.csv");
            if !scores.exists() {
                observer(&Progress::Seed(seed));
                let plan = Plan::new(&recipe.with_seed(seed), labels, &mut datasets)?;
                self.train_seed(&plan, &mut datasets, &folder, options, observer)?;
            }
            for (metric, tau) in read_taus(&scores)? {
                if !taus.contains_key(&metric) {
                    order.push(metric.clone());
                }
                taus.entry(metric).or_default().push(tau);
            }
        }
        let scores = order.into_iter().filter_map(|metric| {
            let taus = taus.remove(&metric)?;
            Some(SeedScores { metric, taus })
        });
        Ok(scores.collect())
    }

    fn train_seed(
        &self,
        plan: &Plan,
        datasets: &mut Datasets,
        folder: &Path,
        options: &RunOptions,
        observer: Observer,
    ) -> Result<()> {
        let missing = || Error::Setting("the recipe has no stage".into());
        let stage = plan.stages.last().ok_or_else(missing)?;
        let own = RunOptions {
            out: folder.join("evaluator"),
            run_folder: folder.join("run"),
            ..options.clone()
        };
        let bundle = self.train(plan, datasets, &own, observer)?;
        let report = self.score(bundle, datasets.get(stage.dataset)?, &stage.test, observer)?;
        write_atomic(&folder.join("scores.csv"), report.to_csv()?.as_bytes())?;
        observer(&Progress::Scored(folder));
        Ok(())
    }

    fn score(
        &self,
        bundle: Bundle,
        dataset: &mut Dataset,
        rows: &[usize],
        observer: Observer,
    ) -> Result<ScoreReport> {
        let evaluator = Evaluator::from_bundle(bundle, self.runtime, Options::default())?;
        let encoded = dataset.encode(&evaluator, rows, observer)?;
        let manifest = evaluator.manifest();
        let all = (0..manifest.metrics.len()).collect();
        let scored = ScoredTable::new(manifest, dataset.table(), all, rows.to_vec(), encoded)?;
        scored.report(None, Bootstrap { resamples: RESAMPLES, seed: 0 }, observer)
    }
}

/// τ of each metric in a file of scores.
fn read_taus(file: &Path) -> Result<Vec<(String, f64)>> {
    let damaged = |e: &dyn std::fmt::Display| {
        Error::Data(format!("{}: not a table of scores: {e}", file.display()))
    };
    let mut table = csv::Reader::from_path(file).map_err(|e| damaged(&e))?;
    let header = table.headers().map_err(|e| damaged(&e))?.clone();
    let at = |name: &str| {
        header.iter().position(|h| h == name).ok_or_else(|| damaged(&format!("no column {name}")))
    };
    let (metric, tau) = (at("metric")?, at("tau")?);
    let mut taus = Vec::new();
    for row in table.records() {
        let row = row.map_err(|e| damaged(&e))?;
        let value = row.get(tau).and_then(|t| t.parse().ok());
        taus.extend(row.get(metric).map(str::to_owned).zip(value));
    }
    Ok(taus)
}

/// Folder of the evaluator of a seed.
pub fn seed_evaluator(out: &Path, seed: u64) -> PathBuf {
    out.join(format!("seed{seed}")).join("evaluator")
}
