//! Settings of a stage with all defaults filled in.

use super::settings::{MetricPattern, Settings, Split};
use super::{Stage, refuse};
use crate::Config;
use crate::error::{Error, Result};
use nneval_graph::opstring::Style;
use nneval_spaces::{Dataset, Space};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Longest token sequence where nothing else is said.
pub const MAX_LENGTH: usize = 512;

/// A split of isomorphism classes.
pub const BY_CLASS: &str = "class";

/// Everything that a recipe says of a stage.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StageSettings {
    /// Name of the stage.
    pub name: String,
    /// Name of the label table; `None` for the only one.
    pub labels: Option<String>,
    /// Search space of the networks.
    pub space: Space,
    /// Folder of the networks, in place of a search space.
    pub models: Option<PathBuf>,
    /// Dataset of the search space's networks.
    pub dataset: Dataset,
    /// Training graphs: a name or a folder.
    pub encoder: String,
    /// Vocabulary; `None` for the shipped one or that of the evaluator that is started from.
    pub tokenizer: Option<PathBuf>,
    /// Whether the stage itself, not the recipe, names tokenizer or style.
    pub own_tokens: bool,
    /// Spelling of the operation strings.
    pub style: Style,
    /// Longest token sequence; `None`: that of the evaluator started from, or [`MAX_LENGTH`].
    pub max_length: Option<usize>,
    /// Column whose rows of one text stay together; `None` for isomorphism classes.
    pub split_by: Option<String>,
    /// Share of the rows held out for validation.
    pub valid: f64,
    /// Share of the rows that training does not touch.
    pub test: f64,
    /// Seed of the split.
    pub split_seed: u64,
    /// Training rows that are drawn.
    pub train_rows: Option<usize>,
    /// Patterns of the columns to learn.
    pub metrics: Vec<MetricPattern>,
    /// Accuracies are learnt as the mean of their class.
    pub average_duplicates: bool,
    /// Metrics other than accuracies are multiples of a cost model.
    pub cost_model: bool,
    /// Metrics are multiples of a model of the network's design.
    pub design_model: bool,
    /// Labels are freed of the device's drift.
    pub detrend: bool,
    /// Other spellings of each network.
    pub augment: usize,
    /// Weight of structural facts as auxiliary targets.
    pub aux_weight: f32,
    /// Parts of the classes that are predicted by runs on the others; 0: none.
    pub folds: usize,
    /// What the parameters start from.
    pub from: Option<String>,
    /// Teachers.
    pub teachers: Vec<String>,
    /// Share of the teachers in the target of a labelled network.
    pub distill_weight: f64,
    /// The optimisation.
    pub config: Config,
}

/// What a recipe that says nothing says; `max-length` and what has no default are left out.
pub fn defaults() -> Settings {
    let c = Config::default();
    Settings {
        encoder: Some("medium".to_owned()),
        style: Some(Style::V1),
        split: Some(Split {
            by: Some(BY_CLASS.to_owned()),
            valid: Some(0.1),
            test: Some(0.0),
            seed: Some(0),
            seeds: None,
        }),
        average_duplicates: Some(false),
        cost_model: Some(false),
        design_model: Some(false),
        detrend: Some(false),
        augment: Some(0),
        aux_weight: Some(1.0),
        folds: Some(0),
        distill_weight: Some(0.5),
        unlabelled_per_labelled: Some(c.unlabelled),
        seed: Some(c.seed),
        epochs: Some(c.epochs),
        batch: Some(c.batch),
        lr: Some(c.lr),
        warmup: Some(c.warmup),
        weight_decay: Some(c.weight_decay),
        clip_norm: Some(c.clip_norm),
        rank_weight: Some(c.rank_weight),
        dropout: Some(c.dropout),
        ema_decay: Some(c.average_decay),
        patience: Some(c.patience),
        checkpoint_steps: Some(c.checkpoint_steps),
        ..Settings::default()
    }
}

impl StageSettings {
    /// The settings of `stage`, what it lacks from `shared`, then from the defaults.
    ///
    /// # Errors
    /// As [`super::Recipe::resolve`].
    pub fn new(stage: &Stage, shared: &Settings) -> Result<Self> {
        let own = &stage.settings;
        let contradiction = |both: [&str; 2]| {
            let key = format!("stage.{}.{}", stage.name, both[0]);
            refuse(Some(&key), format!("{} takes its place; give one of them", both[1]))
        };
        if own.space.is_some() && own.models.is_some() {
            return Err(contradiction(["space", "models"]));
        }
        let own_tokens = own.tokenizer.is_some() || own.style.is_some();
        let mut merged = own.clone().or(shared);
        if own.space.is_some() {
            merged.models = None;
        }
        let s = merged.or(&defaults());
        let split = s.split.unwrap_or_default();
        let space = s.space.unwrap_or(Space::NatsTss);
        let dataset = match &s.models {
            Some(_) => s.dataset.unwrap_or_default(),
            None => Self::dataset_of(space, own.dataset, shared.dataset)?,
        };
        let c = Config::default();
        let settings = Self {
            name: stage.name.clone(),
            labels: s.labels,
            space,
            models: s.models,
            dataset,
            encoder: s.encoder.unwrap_or_default(),
            tokenizer: s.tokenizer,
            own_tokens,
            style: s.style.unwrap_or_default(),
            max_length: s.max_length.map(NonZeroUsize::get),
            split_by: split.by.filter(|by| by != BY_CLASS),
            valid: split.valid.unwrap_or_default(),
            test: split.test.unwrap_or_default(),
            split_seed: split.seed.unwrap_or_default(),
            train_rows: s.train_rows,
            metrics: s.metrics.unwrap_or_default(),
            average_duplicates: s.average_duplicates.unwrap_or_default(),
            cost_model: s.cost_model.unwrap_or_default(),
            design_model: s.design_model.unwrap_or_default(),
            detrend: s.detrend.unwrap_or_default(),
            augment: s.augment.unwrap_or_default(),
            aux_weight: s.aux_weight.unwrap_or(1.0),
            folds: s.folds.unwrap_or_default(),
            from: s.from,
            teachers: s.teachers.unwrap_or_default(),
            distill_weight: s.distill_weight.unwrap_or(0.5),
            config: Config {
                seed: s.seed.unwrap_or(c.seed),
                epochs: s.epochs.unwrap_or(c.epochs),
                batch: s.batch.unwrap_or(c.batch),
                lr: s.lr.unwrap_or(c.lr),
                warmup: s.warmup.unwrap_or(c.warmup),
                weight_decay: s.weight_decay.unwrap_or(c.weight_decay),
                clip_norm: s.clip_norm.unwrap_or(c.clip_norm),
                unlabelled: s.unlabelled_per_labelled.unwrap_or(c.unlabelled),
                rank_weight: s.rank_weight.unwrap_or(c.rank_weight),
                dropout: s.dropout.unwrap_or(c.dropout),
                average_decay: s.ema_decay.unwrap_or(c.average_decay),
                patience: s.patience.unwrap_or(c.patience),
                checkpoint_steps: s.checkpoint_steps.unwrap_or(c.checkpoint_steps),
                ..c
            },
        };
        settings.check()?;
        Ok(settings)
    }

    /// The data set of a stage: its own, which its space must have; else that of the
    /// recipe, where the space has it; else the first of the space.
    fn dataset_of(space: Space, own: Option<Dataset>, shared: Option<Dataset>) -> Result<Dataset> {
        match own {
            Some(own) if !space.datasets().contains(&own) => {
                Err(Error::Setting(format!("dataset {own}: {space} has no networks for it")))
            }
            _ => {
                let shared = shared.filter(|d| space.datasets().contains(d));
                Ok(own.or(shared).unwrap_or(space.default_dataset()))
            }
        }
    }

    /// Refuses values that make no sense.
    fn check(&self) -> Result<()> {
        let (valid, share) = (self.valid, self.distill_weight);
        if !(valid > 0.0 && valid < 1.0) {
            return Err(Error::Setting(format!("split.valid {valid}: must lie between 0 and 1")));
        }
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::Setting(format!(
                "distill-weight {share}: must lie between 0 and 1"
            )));
        }
        if self.folds == 1 {
            return Err(Error::Setting("folds 1: must be 0, or 2 and more".into()));
        }
        if self.folds > 0 && !self.teachers.is_empty() {
            return Err(Error::Setting("folds: cannot be combined with teachers".into()));
        }
        if self.design_model && (self.cost_model || self.detrend || !self.teachers.is_empty()) {
            return Err(Error::Setting(
                "design-model: cannot be combined with cost-model, detrend or teachers".into(),
            ));
        }
        match self.config.fault() {
            Some(fault) => Err(Error::Setting(fault.into())),
            None => Ok(()),
        }
    }
}
