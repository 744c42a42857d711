//! Folders of shipped evaluators, training graphs and vocabulary.

use crate::error::{Error, Result};
use crate::graphs::TrainingGraphs;
use nneval_evaluator::tokenizer::Tokenizer;
use std::path::PathBuf;

/// Folders that may hold what is shipped; the first that has something is taken.
#[derive(Debug, Clone, Default)]
pub struct Shipped {
    /// Folders like `models/`.
    pub roots: Vec<PathBuf>,
}

impl Shipped {
    /// The folder that `name` means: a path to a folder, or an entry of one of the roots.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let given = PathBuf::from(name);
        if given.is_dir() {
            return Some(given);
        }
        if name.is_empty() || given.components().count() > 2 {
            return None;
        }
        self.roots.iter().map(|r| r.join(name)).find(|p| p.is_dir())
    }

    /// The vocabulary that new evaluators are trained with.
    pub fn vocabulary(&self) -> Option<Tokenizer> {
        self.roots.iter().find_map(|r| Tokenizer::open(&r.join("tokenizer.json")).ok())
    }

    /// Training graphs: a name below `graphs/`, or a folder.
    ///
    /// # Errors
    /// [`Error::Start`] where there is no such folder, or as [`TrainingGraphs::open`].
    pub fn graphs(&self, name: &str) -> Result<TrainingGraphs> {
        let missing =
            || Error::Start(format!("encoder {name}: no such folder, and not in models/graphs"));
        let found = self.find(&format!("graphs/{name}")).or_else(|| self.find(name));
        TrainingGraphs::open(&found.ok_or_else(missing)?)
    }
}
