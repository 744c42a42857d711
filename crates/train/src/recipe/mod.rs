//! Recipes: TOML files that say how an evaluator is trained.
//!
//! ```
//! use nneval_train::recipe::Recipe;
//! let text = r#"
//! format = 1
//! space = "nats-tss"
//! metrics = [{ name = "*_test_acc_pct", weight = 4 }, { name = "help_*" }]
//!
//! [[stage]]
//! name = "base"
//! epochs = 20
//!
//! [[stage]]
//! name = "distil"
//! from = "base/best.ckpt"
//! teachers = ["base", "gbdt"]
//! "#;
//! let mut recipe = Recipe::parse(text, None)?;
//! recipe.set("stage.distil.lr", "4e-3")?;
//! assert_eq!(recipe.stages[1].settings.lr, Some(4e-3));
//! # Ok::<(), nneval_train::Error>(())
//! ```

mod metrics;
mod overrides;
mod read;
mod settings;
mod stage;

pub use metrics::{ChosenMetric, select};
pub use nneval_graph::reduce::Reduction;
pub use settings::{MetricPattern, Settings, Split, Transform};
pub use stage::{BY_CLASS, MAX_LENGTH, StageSettings};

use crate::error::{Error, Result};
use nneval_spaces::Space;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Layout of recipes that this version reads and writes.
pub const FORMAT: u32 = 1;

/// The recipe of one stage with defaults alone.
const ONE_STAGE: &str = include_str!("one-stage.toml");

/// How an evaluator is trained: stages that run one after another.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recipe {
    /// Layout of the file, [`FORMAT`].
    pub format: u32,
    /// Name of the evaluator; else that of the folder it is written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Threads within an operator, on which the last bits of a training depend; 0: all cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u16>,
    /// Settings of all stages that do not have their own.
    #[serde(flatten)]
    pub settings: Settings,
    /// Stages, in the order in which they run; one at least, no two of one name.
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
}

/// One training run of a recipe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Name, by which later stages refer to it; also of its folder.
    pub name: String,
    /// What differs from the recipe's settings.
    #[serde(flatten)]
    pub settings: Settings,
}

impl Recipe {
    /// A recipe of one stage, with defaults alone.
    ///
    /// # Errors
    /// None: the recipe is part of the library.
    pub fn one_stage() -> Result<Self> {
        Self::parse(ONE_STAGE, None)
    }

    /// Reads a recipe. Paths in it that lead somewhere from its own folder are taken from there,
    /// others from the working directory.
    ///
    /// # Errors
    /// [`Error::Recipe`] with line and key, or [`Error::File`] where the file cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        let mut recipe = Self::parse(&text, Some(path))?;
        recipe.take_paths_from(path.parent().unwrap_or(Path::new("")));
        Ok(recipe)
    }

    /// Reads the text of a recipe; `file` names it in errors.
    ///
    /// # Errors
    /// [`Error::Recipe`] with line and key.
    pub fn parse(text: &str, file: Option<&Path>) -> Result<Self> {
        read::recipe(text, file)
    }

    /// The recipe as TOML.
    ///
    /// # Errors
    /// [`Error::Recipe`]: a number that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|e| refuse(None, e.to_string()))
    }

    /// Settings of all stages, with defaults filled in.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value that makes no sense, [`Error::Recipe`] for keys that
    /// contradict one another.
    pub fn resolve(&self) -> Result<Vec<StageSettings>> {
        self.stages.iter().map(|s| StageSettings::new(s, &self.settings)).collect()
    }

    /// The recipe with all defaults written out at its top level.
    #[must_use]
    pub fn explicit(&self) -> Self {
        let mut settings = self.settings.clone().or(&stage::defaults());
        let space = match settings.models.is_none() {
            true => *settings.space.get_or_insert(Space::NatsTss),
            false => Space::NatsTss,
        };
        settings.dataset.get_or_insert(space.default_dataset());
        Self { settings, ..self.clone() }
    }

    /// The recipe of one of several runs: `seed` for the split of every stage and for the
    /// recipe's own seed.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Self {
        let mut recipe = self.clone();
        recipe.settings.seed = Some(seed);
        let split = recipe.settings.split.get_or_insert_default();
        (split.seed, split.seeds) = (Some(seed), None);
        let splits = recipe.stages.iter_mut().filter_map(|s| s.settings.split.as_mut());
        splits.for_each(|split| split.seed = None);
        recipe
    }

    /// Seeds of the runs that the recipe asks for; none: one run.
    pub fn seeds(&self) -> &[u64] {
        let split = self.settings.split.as_ref();
        split.and_then(|s| s.seeds.as_deref()).unwrap_or_default()
    }

    /// Position of a stage.
    pub fn position(&self, stage: &str) -> Option<usize> {
        self.stages.iter().position(|s| s.name == stage)
    }

    fn take_paths_from(&mut self, folder: &Path) {
        let there = |p: &Path| {
            let path = folder.join(p);
            (p.is_relative() && path.exists()).then_some(path)
        };
        let moved = |p: &mut Option<PathBuf>| {
            if let Some(found) = p.as_deref().and_then(there) {
                *p = Some(found);
            }
        };
        let names: Vec<String> = self.stages.iter().map(|s| s.name.clone()).collect();
        let renamed = |s: &mut String| {
            let found = there(Path::new(s.as_str())).filter(|_| !names.contains(s));
            if let Some(path) = found.as_ref().and_then(|p| p.to_str()) {
                path.clone_into(s);
            }
        };
        let own = std::iter::once(&mut self.settings);
        for settings in own.chain(self.stages.iter_mut().map(|s| &mut s.settings)) {
            moved(&mut settings.tokenizer);
            moved(&mut settings.models);
            let single = settings.encoder.iter_mut().chain(&mut settings.from);
            single.chain(settings.teachers.iter_mut().flatten()).for_each(renamed);
        }
    }
}

/// A fault that stands nowhere in a file.
fn refuse(key: Option<&str>, reason: String) -> Error {
    Error::Recipe { file: None, line: None, key: key.map(str::to_owned), reason }
}

#[cfg(test)]
mod tests;
