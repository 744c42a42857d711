//! Settings of a training stage, as a recipe gives them.

use nneval_graph::opstring::Style;
use nneval_graph::reduce::Reduction;
use nneval_spaces::{Dataset, Space};
use nneval_tables::labels::TransformKind;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What a recipe says of a stage; all keys may be left out. A key that a stage lacks is taken from
/// the recipe's top level, then from the defaults ([`super::StageSettings`]).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Name of the label table, for recipes that learn from several.
    pub labels: Option<String>,
    /// Search space of the column `arch_str`.
    #[serde(default, with = "text")]
    pub space: Option<Space>,
    /// Folder that the column `path` is relative to; takes the place of a search space.
    pub models: Option<PathBuf>,
    /// Dataset whose networks of the search space are taken.
    #[serde(default, with = "text")]
    pub dataset: Option<Dataset>,
    /// Training graphs: `tiny`, `small`, `medium`, `base`, or a folder.
    pub encoder: Option<String>,
    /// Vocabulary; else the shipped one.
    pub tokenizer: Option<PathBuf>,
    /// Spelling of the operation strings.
    pub style: Option<Style>,
    /// Longest token sequence that is encoded in one piece.
    pub max_length: Option<NonZeroUsize>,
    /// Held-out rows.
    pub split: Option<Split>,
    /// Training rows that are drawn; else all.
    pub train_rows: Option<usize>,
    /// Columns to predict. The first pattern that a column matches decides.
    pub metrics: Option<Vec<MetricPattern>>,
    /// Train accuracies on the mean over the training rows of their class.
    pub average_duplicates: Option<bool>,
    /// Predict metrics other than accuracies as multiples of a model of static costs.
    pub cost_model: Option<bool>,
    /// Predict metrics as multiples of a model of the design of image networks.
    pub design_model: Option<bool>,
    /// Free the training labels from the device's drift over the rows of the table.
    pub detrend: Option<bool>,
    /// Other spellings of each network that are trained on beside the canonical one.
    pub augment: Option<usize>,
    /// Weight of structural facts of the networks as auxiliary targets; 0: none.
    pub aux_weight: Option<f32>,
    /// Parts of the classes, each predicted by a run on the others: intervals and the share of
    /// corrections to cost models come from these; 0: from the validation rows.
    pub folds: Option<usize>,
    /// What the parameters start from: a stage, `STAGE/best.ckpt`, an evaluator or a checkpoint.
    pub from: Option<String>,
    /// Teachers: `gbdt`, `pairwise-ridge`, `gp`, stages, evaluators.
    pub teachers: Option<Vec<String>>,
    /// Share of the teachers' prediction in the target of a labelled network.
    pub distill_weight: Option<f64>,
    /// Networks without labels that join a batch, as a multiple of its rows.
    pub unlabelled_per_labelled: Option<f32>,
    /// Seed of initial parameters, batches and dropout.
    pub seed: Option<u64>,
    /// Passes over the training rows.
    pub epochs: Option<usize>,
    /// Rows in a batch.
    pub batch: Option<usize>,
    /// Peak learning rate.
    pub lr: Option<f32>,
    /// Share of all steps that warm up.
    pub warmup: Option<f32>,
    /// Decoupled weight decay.
    pub weight_decay: Option<f32>,
    /// Largest global norm of the gradient.
    pub clip_norm: Option<f32>,
    /// Weight of the pairwise ranking loss beside the squared error.
    pub rank_weight: Option<f32>,
    /// Dropout rate on residual branches.
    pub dropout: Option<f32>,
    /// Decay of the moving average of the parameters; 0: none.
    pub ema_decay: Option<f32>,
    /// Epochs without a better validation score before stopping; 0: never.
    pub patience: Option<usize>,
    /// Steps between checkpoints, beside the one after every epoch; 0: none.
    pub checkpoint_steps: Option<u64>,
}

/// How rows are held out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Split {
    /// What stays on one side: rows of one isomorphism class (`class`), or those with the same
    /// text in the column of that name.
    pub by: Option<String>,
    /// Share of the rows that epochs, teachers and intervals are chosen by.
    pub valid: Option<f64>,
    /// Share of the rows that training does not touch.
    pub test: Option<f64>,
    /// Seed of the split.
    pub seed: Option<u64>,
    /// Seeds of several runs, each with its own split; of a recipe's top level alone.
    pub seeds: Option<Vec<u64>>,
}

/// Columns of the label table, and how they are learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MetricPattern {
    /// Name of a column; `*` stands for any characters.
    pub name: String,
    /// Weight of the loss.
    #[serde(default = "one")]
    pub weight: f32,
    /// What of a network the metric depends on.
    #[serde(default, skip_serializing_if = "Reduction::is_none")]
    pub reduce: Reduction,
    /// From labels to targets.
    #[serde(default, skip_serializing_if = "Transform::is_auto")]
    pub transform: Transform,
}

fn one() -> f32 {
    1.0
}

impl MetricPattern {
    /// The column `name` with a weight.
    pub fn new(name: impl Into<String>, weight: f32) -> Self {
        let (reduce, transform) = (Reduction::None, Transform::Auto);
        Self { name: name.into(), weight, reduce, transform }
    }
}

/// The map from labels to targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Chosen from the labels.
    #[default]
    Auto,
    /// Labels as they are, standardised.
    Identity,
    /// Natural logarithm.
    Log,
    /// Normal score of the empirical quantile.
    RankNormal,
}

impl Transform {
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

impl From<Transform> for TransformKind {
    fn from(transform: Transform) -> Self {
        match transform {
            Transform::Auto => Self::Auto,
            Transform::Identity => Self::Identity,
            Transform::Log => Self::Log,
            Transform::RankNormal => Self::RankNormal,
        }
    }
}

impl Settings {
    /// These settings, those that are missing from `below`; a split key by key.
    #[must_use]
    pub fn or(self, below: &Self) -> Self {
        macro_rules! first {
            ($($key:ident),*) => { Self {
                split: Split::either(self.split, below.split.as_ref()),
                $($key: self.$key.or_else(|| below.$key.clone()),)*
            } };
        }
        first!(
            labels,
            space,
            models,
            dataset,
            encoder,
            tokenizer,
            style,
            max_length,
            train_rows,
            metrics,
            average_duplicates,
            cost_model,
            design_model,
            detrend,
            augment,
            aux_weight,
            folds,
            from,
            teachers,
            distill_weight,
            unlabelled_per_labelled,
            seed,
            epochs,
            batch,
            lr,
            warmup,
            weight_decay,
            clip_norm,
            rank_weight,
            dropout,
            ema_decay,
            patience,
            checkpoint_steps
        )
    }
}

impl Split {
    fn either(own: Option<Self>, below: Option<&Self>) -> Option<Self> {
        let (Some(own), Some(below)) = (&own, below) else { return own.or(below.cloned()) };
        Some(Self {
            by: own.by.clone().or_else(|| below.by.clone()),
            valid: own.valid.or(below.valid),
            test: own.test.or(below.test),
            seed: own.seed.or(below.seed),
            seeds: own.seeds.clone().or_else(|| below.seeds.clone()),
        })
    }
}

/// Values that are written as they are displayed.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub fn serialize<T: Display, S: Serializer>(v: &Option<T>, s: S) -> Result<S::Ok, S::Error> {
        match v {
            Some(v) => s.collect_str(v),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, T, D>(d: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| t.parse().map_err(D::Error::custom)).transpose()
    }
}
