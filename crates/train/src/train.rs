//! Training of an evaluator by a recipe, stage after stage.

use crate::dataset::Dataset;
use crate::distillation::{Kind, Teachers, open_teachers};
use crate::error::{Error, Result};
use crate::graphs::TrainingGraphs;
use crate::plan::{CHECKPOINT, Datasets, Plan, PlannedStage};
use crate::progress::{Observer, Progress};
use crate::stage_run::{StageRun, Start};
use crate::trainer::Trainer;
use nneval_evaluator::Bundle;
use nneval_evaluator::shipped::Shipped;
use std::path::{Path, PathBuf};

/// Where a training writes, and how it begins.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Folder of the evaluator.
    pub out: PathBuf,
    /// Folder of checkpoints and logs; those of several stages are in folders of their names.
    pub run_folder: PathBuf,
    /// Go on from the last checkpoints.
    pub resume: bool,
    /// Train this stage alone; what it refers to must have been trained.
    pub only: Option<String>,
}

impl RunOptions {
    /// A new run with all stages, its checkpoints and logs below the evaluator's folder.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        let out = out.into();
        Self { run_folder: out.join("run"), out, resume: false, only: None }
    }
}

impl Trainer<'_> {
    /// Trains the stages of `plan` one after another and writes the evaluator of the last.
    ///
    /// # Errors
    /// As the run of a stage: [`Error`] of any kind. Checkpoints stay, and so do the evaluators of
    /// earlier stages.
    pub fn train(
        &self,
        plan: &Plan,
        datasets: &mut Datasets,
        options: &RunOptions,
        observer: Observer,
    ) -> Result<Bundle> {
        if let Some(only) = &options.only
            && plan.recipe.position(only).is_none()
        {
            return Err(Error::Setting(format!("the recipe has no stage {only}")));
        }
        let mut last = None;
        for (at, stage) in plan.stages.iter().enumerate() {
            let name = &stage.settings.name;
            if options.only.as_ref().is_some_and(|only| only != name) {
                continue;
            }
            observer(&Progress::Stage(name, at + 1, plan.stages.len()));
            let dataset = datasets.get(stage.dataset)?;
            last = Some(self.stage(plan, at, stage, dataset, options, observer)?);
        }
        last.ok_or_else(|| Error::Setting("the recipe has no stage".into()))
    }

    fn stage(
        &self,
        plan: &Plan,
        at: usize,
        stage: &PlannedStage,
        dataset: &mut Dataset,
        options: &RunOptions,
        observer: Observer,
    ) -> Result<Bundle> {
        let places = Places { plan, options, shipped: &self.shipped };
        let start = stage.settings.from.as_deref().map(|f| places.start(f)).transpose()?;
        let held_out = [stage.valid.as_slice(), &stage.test].concat();
        let held_out = dataset.classes(&held_out);
        let (folders, fitted) = places.teachers(&stage.settings.teachers)?;
        StageRun {
            trainer: self,
            recipe: &plan.recipe,
            stage,
            graphs: TrainingGraphs::find(&self.shipped, &stage.settings.encoder)?,
            start,
            run_folder: places.run_folder(at),
            recipe_folder: &options.run_folder,
            out: places.evaluator(at),
            name: places.name(at),
            resume: options.resume,
        }
        .execute(
            dataset,
            || {
                let evaluators = open_teachers(&folders, self.runtime, &held_out)?;
                Ok(Teachers { evaluators, fitted })
            },
            observer,
        )
    }
}

/// Folders of the stages, and what names in a recipe mean.
struct Places<'a> {
    plan: &'a Plan,
    options: &'a RunOptions,
    shipped: &'a Shipped,
}

impl Places<'_> {
    /// Folder of checkpoints and logs of a stage.
    fn run_folder(&self, at: usize) -> PathBuf {
        match self.plan.stages.get(at) {
            Some(stage) if self.plan.stages.len() > 1 => {
                self.options.run_folder.join(&stage.settings.name)
            }
            _ => self.options.run_folder.clone(),
        }
    }

    /// Folder of the evaluator of a stage.
    fn evaluator(&self, at: usize) -> PathBuf {
        match at + 1 == self.plan.stages.len() {
            true => self.options.out.clone(),
            false => self.run_folder(at).join("evaluator"),
        }
    }

    /// What the evaluator of a stage is called.
    fn name(&self, at: usize) -> String {
        let stage = || self.plan.stages.get(at).map(|s| s.settings.name.clone());
        match at + 1 == self.plan.stages.len() {
            true => evaluator_name(self.plan.recipe.name.as_deref(), &self.options.out),
            false => stage().unwrap_or_default(),
        }
    }

    fn start(&self, from: &str) -> Result<Start> {
        let stage = from.strip_suffix(CHECKPOINT).and_then(|s| self.plan.recipe.position(s));
        if let Some(at) = stage {
            return Ok(Start::Checkpoint(self.run_folder(at).join("best.ckpt")));
        }
        if Path::new(from).is_file() {
            return Ok(Start::Checkpoint(from.into()));
        }
        let missing = || {
            Error::Start(format!(
                "from {from}: no such stage, folder or checkpoint, and no such name in models/"
            ))
        };
        Ok(Start::Evaluator(self.find(from).ok_or_else(missing)?))
    }

    /// Folders of teachers that are evaluators, and the kinds of the others.
    fn teachers(&self, names: &[String]) -> Result<(Vec<PathBuf>, Vec<Kind>)> {
        let (mut folders, mut fitted) = (Vec::new(), Vec::new());
        for name in names {
            match Kind::from_name(name) {
                Some(kind) => fitted.push(kind),
                None => folders.push(self.find(name).ok_or_else(|| {
                    Error::Teacher(format!(
                        "teacher {name}: none of {}, no stage, no folder, and no name in models/",
                        Kind::NAMES.join(", ")
                    ))
                })?),
            }
        }
        Ok((folders, fitted))
    }

    /// The folder of an evaluator: of a stage, one that is there, or a shipped one.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let stage = self.plan.recipe.position(name).map(|at| self.evaluator(at));
        stage.or_else(|| self.shipped.find(name))
    }
}

/// What an evaluator in `out` is called: as given, else as the folder.
pub fn evaluator_name(given: Option<&str>, out: &Path) -> String {
    let last = || out.file_name().map(|n| n.to_string_lossy().into_owned());
    given.map(str::to_owned).or_else(last).unwrap_or_default()
}
