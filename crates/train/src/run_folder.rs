//! Files of a run folder beside checkpoints and logs: the recipe, and what the bits of the result
//! depend on beside it.

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::graphs::TrainingGraphs;
use crate::recipe::Recipe;
use nneval_files::{sha256, write_atomic};
use nneval_runtime::Runtime;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a run depends on.
#[derive(Debug)]
pub struct RunFiles<'a> {
    /// Threads and versions.
    pub environment: &'a Environment,
    /// ONNX Runtime.
    pub runtime: &'a Runtime,
    /// Files beside the graphs that the result depends on, by their role.
    pub inputs: Vec<(&'static str, PathBuf)>,
    /// Training graphs.
    pub graphs: &'a TrainingGraphs,
    /// Content of the tokenizer.
    pub tokenizer: &'a str,
}

impl RunFiles<'_> {
    /// Writes `environment.json`: versions, threads, the library, inputs and their SHA-256.
    ///
    /// # Errors
    /// [`Error::Base`] naming a file that cannot be read or written.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let mut sums = BTreeMap::from([
            ("train.onnx".to_owned(), sha256(&self.graphs.train)),
            ("encoder.onnx".to_owned(), sha256(&self.graphs.encoder)),
            ("tokenizer.json".to_owned(), sha256(self.tokenizer.as_bytes())),
        ]);
        let mut inputs = BTreeMap::new();
        for (role, path) in &self.inputs {
            let content = std::fs::read(path).map_err(|e| Error::io(path, e))?;
            sums.insert((*role).to_owned(), sha256(&content));
            inputs.insert(*role, path);
        }
        let text = json!({
            "environment": self.environment,
            "library": self.runtime.library(),
            "folder": std::env::current_dir().unwrap_or_default(),
            "inputs": inputs,
            "sha256": sums,
        });
        let text = serde_json::to_string_pretty(&text).map_err(|e| Error::Data(e.to_string()))?;
        Ok(write_atomic(&dir.join("environment.json"), (text + "\n").as_bytes())?)
    }
}

/// Writes `recipe.toml`.
///
/// # Errors
/// [`Error::Base`] naming a file that cannot be written.
pub fn write_recipe(dir: &Path, recipe: &Recipe) -> Result<()> {
    Ok(write_atomic(&dir.join("recipe.toml"), recipe.to_toml()?.as_bytes())?)
}

/// The recipe as it stands in an evaluator's folder: with all defaults, and the vocabulary that
/// lies beside it where all stages have the same.
pub fn bundled(recipe: &Recipe) -> Recipe {
    let mut recipe = recipe.explicit();
    if recipe.stages.iter().all(|s| s.settings.tokenizer.is_none()) {
        recipe.settings.tokenizer = Some("tokenizer.json".into());
    }
    recipe
}
