//! Evaluators that come with nneval, found by name.
//!
//! They lie in folders called `models`, which are searched in this order.
//! 1. The folder that the variable `NNEVAL_MODELS` names.
//! 2. `models` in the working folder.
//! 3. `models` beside the program.
//! 4. `share/nneval/models` below the prefix that the program is installed in.
//! 5. `models` in the source tree that the program was built from.

use crate::tokenizer::Tokenizer;
use std::path::PathBuf;

/// The evaluator that programs use where none is named.
pub const DEFAULT_EVALUATOR: &str = "nats-tss";

/// Folders that may hold what is shipped; the first that has something is taken.
#[derive(Debug, Clone)]
pub struct Shipped {
    /// Folders like `models`, some of which may not exist.
    pub roots: Vec<PathBuf>,
}

impl Default for Shipped {
    /// The folders that are searched, in their order.
    fn default() -> Self {
        let named = std::env::var_os("NNEVAL_MODELS").map(PathBuf::from);
        let program = std::env::current_exe().ok();
        let folder = program.as_deref().and_then(|p| p.parent());
        let beside = folder.map(|f| f.join("models"));
        let installed = folder.and_then(|f| Some(f.parent()?.join("share/nneval/models")));
        let source = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
        let all = [named, Some("models".into()), beside, installed, Some(source)];
        Self { roots: all.into_iter().flatten().collect() }
    }
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

    /// The folders of all evaluators, by name, the default one first. An evaluator of an earlier
    /// root hides one of its name in a later root.
    pub fn evaluators(&self) -> Vec<PathBuf> {
        let entries = self.roots.iter().filter_map(|r| std::fs::read_dir(r).ok()).flatten();
        let folders = entries.filter_map(|e| Some(e.ok()?.path()));
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in folders.filter(|f| f.join("evaluator.json").is_file()) {
            if found.iter().all(|f| f.file_name() != folder.file_name()) {
                found.push(folder);
            }
        }
        let key = |f: &PathBuf| f.file_name().map(|n| (n != DEFAULT_EVALUATOR, n.to_owned()));
        found.sort_by_key(key);
        found
    }

    /// The vocabulary that new evaluators are trained with.
    pub fn vocabulary(&self) -> Option<Tokenizer> {
        self.roots.iter().find_map(|r| Tokenizer::open(&r.join("tokenizer.json")).ok())
    }
}

/// As [`Shipped::find`], in the folders that are searched.
///
/// ```
/// use nneval_evaluator::shipped;
/// assert!(shipped::find("nats-tss").is_some());
/// assert_eq!(shipped::find("no-such-evaluator"), None);
/// ```
pub fn find(name: &str) -> Option<PathBuf> {
    Shipped::default().find(name)
}

/// The tokenizer of the default evaluator.
pub fn tokenizer() -> Option<Tokenizer> {
    Tokenizer::open(&find(DEFAULT_EVALUATOR)?.join("tokenizer.json")).ok()
}
