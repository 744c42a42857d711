//! Plan of a training: the rows and metrics of each stage, checked before anything is trained.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::recipe::{ChosenMetric, Recipe, StageSettings, select};
use crate::source::NetworkSource;
use nneval_spaces::ModelOptions;
use nneval_tables::STDIN;
use nneval_tables::labels::{LabelTable, Split3, split_by_class, split3, subsample};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Label tables of a recipe.
#[derive(Debug, Clone, Default)]
pub struct LabelFiles {
    /// The table of stages that name none.
    pub default: Option<PathBuf>,
    /// Tables by the name that stages give them.
    pub named: BTreeMap<String, PathBuf>,
}

impl LabelFiles {
    /// One table for all stages.
    pub fn one(file: impl Into<PathBuf>) -> Self {
        Self { default: Some(file.into()), named: BTreeMap::new() }
    }

    fn of(&self, s: &StageSettings) -> Result<&Path> {
        let file = match &s.labels {
            Some(name) => self.named.get(name),
            None => self.default.as_ref(),
        };
        let missing = || match &s.labels {
            Some(name) => format!("stage {} needs the label table {name}", s.name),
            None => format!("stage {} needs a label table", s.name),
        };
        let file = file.ok_or_else(|| Error::Data(missing()))?;
        match file.as_os_str() == STDIN {
            true => Err(Error::Data("a run that can be repeated needs its table in a file".into())),
            false => Ok(file),
        }
    }
}

/// Datasets of several stages and runs, each read once.
#[derive(Debug, Default)]
pub struct Datasets(Vec<(String, Dataset)>);

impl Datasets {
    /// The dataset of a stage.
    fn open(&mut self, s: &StageSettings, labels: &LabelFiles) -> Result<usize> {
        let file = labels.of(s)?;
        let (place, by) = (file.display(), &s.split_by);
        let key = format!("{place}\n{:?}\n{}\n{}\n{by:?}", s.models, s.space, s.dataset);
        if let Some(at) = self.0.iter().position(|d| d.0 == key) {
            return Ok(at);
        }
        let source = source(s)?;
        let plain = s.metrics.iter().map(|m| &m.name).filter(|name| !name.contains('*'));
        let columns = Some(plain.cloned().collect());
        let table = source.read_labels(file, columns, s.split_by.clone())?;
        self.0.push((key, Dataset::new(table, source)));
        Ok(self.0.len() - 1)
    }

    pub(crate) fn get(&mut self, at: usize) -> Result<&mut Dataset> {
        let found = self.0.get_mut(at).map(|d| &mut d.1);
        found.ok_or_else(|| Error::Data("the plan is of other datasets".into()))
    }
}

/// Where the networks of a stage are.
///
/// # Errors
/// [`Error::Data`] where the folder is missing.
pub fn source(s: &StageSettings) -> Result<NetworkSource> {
    match &s.models {
        Some(dir) if !dir.is_dir() => {
            Err(Error::Data(format!("{}: no such folder", dir.display())))
        }
        Some(dir) => Ok(NetworkSource::Folder(dir.clone())),
        None => {
            let options = ModelOptions { dataset: s.dataset, ..Default::default() };
            Ok(NetworkSource::Space(s.space, options))
        }
    }
}

/// A stage with its rows and metrics.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedStage {
    /// Settings.
    pub settings: StageSettings,
    /// Label table.
    pub labels: PathBuf,
    /// Rows trained on.
    pub train: Vec<usize>,
    /// Rows to choose by.
    pub valid: Vec<usize>,
    /// Rows that are not touched.
    pub test: Vec<usize>,
    /// Columns to learn.
    pub metrics: Vec<ChosenMetric>,
    pub(crate) dataset: usize,
}

/// A recipe, its stages checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The recipe.
    pub recipe: Recipe,
    /// Its stages.
    pub stages: Vec<PlannedStage>,
}

impl Plan {
    /// Reads the label tables of a recipe, splits their rows and chooses the metrics.
    ///
    /// # Errors
    /// As [`Recipe::resolve`]; [`Error::Data`] for a missing table or metric, [`Error::Recipe`]
    /// for a stage that refers to a later one, [`Error::Table`] for a table that cannot be read or
    /// split.
    pub fn new(recipe: &Recipe, labels: &LabelFiles, datasets: &mut Datasets) -> Result<Self> {
        let mut stages = Vec::new();
        for (at, settings) in recipe.resolve()?.into_iter().enumerate() {
            check_references(recipe, at, &settings)?;
            let dataset = datasets.open(&settings, labels)?;
            let table = datasets.get(dataset)?.table();
            let metrics = select(table, &settings.metrics)?;
            let Split3 { train, valid, test } = split(table, &settings)?;
            let train = match settings.train_rows {
                Some(n) => subsample(table, &train, n, settings.split_seed)?,
                None => train,
            };
            let labels = table.file().to_owned();
            stages.push(PlannedStage { settings, labels, train, valid, test, metrics, dataset });
        }
        Ok(Self { recipe: recipe.clone(), stages })
    }
}

/// Rows to train on, to choose by and to hold out, by whole classes.
fn split(table: &LabelTable, s: &StageSettings) -> Result<Split3> {
    if s.test != 0.0 {
        return Ok(split3(table, s.valid, s.test, s.split_seed)?);
    }
    let split = split_by_class(table, s.valid, s.split_seed)?;
    Ok(Split3 { train: split.train, valid: split.valid, test: Vec::new() })
}

/// Stages that a stage refers to must run before it.
fn check_references(recipe: &Recipe, at: usize, s: &StageSettings) -> Result<()> {
    let from = s.from.iter().map(|f| ("from", f.strip_suffix(CHECKPOINT).unwrap_or(f)));
    let teachers = s.teachers.iter().map(|t| ("teachers", t.as_str()));
    for (key, name) in from.chain(teachers) {
        if recipe.position(name).is_some_and(|other| other >= at) {
            return Err(Error::Recipe {
                file: None,
                line: None,
                key: Some(format!("stage.{}.{key}", s.name)),
                reason: format!("{name} does not run before it"),
            });
        }
    }
    Ok(())
}

/// What follows the name of a stage whose checkpoint is meant, not its evaluator.
pub(crate) const CHECKPOINT: &str = "/best.ckpt";

#[cfg(test)]
mod tests;
