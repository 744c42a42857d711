//! The evaluators and graphs that come with nneval.

use nneval::tokenizer::Tokenizer;
use std::path::PathBuf;

/// Folders that may hold `models/`: named by `NNEVAL_MODELS`, the working
/// directory, beside the program, and the source tree it was built from.
pub fn roots() -> impl Iterator<Item = PathBuf> {
    let named = std::env::var_os("NNEVAL_MODELS").map(PathBuf::from);
    let beside = std::env::current_exe().ok().and_then(|p| Some(p.parent()?.join("models")));
    let source = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models"));
    named.into_iter().chain([PathBuf::from("models")]).chain(beside).chain([source])
}

/// The folder that `name` means: a path to a folder, or an entry of `models/`.
pub fn find(name: &str) -> Option<PathBuf> {
    let given = PathBuf::from(name);
    if given.is_dir() {
        return Some(given);
    }
    if name.is_empty() || given.components().count() > 2 {
        return None;
    }
    roots().map(|r| r.join(name)).find(|p| p.is_dir())
}

/// The vocabulary that new evaluators are trained with.
pub fn vocabulary() -> Option<Tokenizer> {
    roots().find_map(|r| Tokenizer::open(&r.join("tokenizer.json")).ok())
}

/// The tokenizer of the default evaluator, where it is there.
pub fn tokenizer() -> Option<Tokenizer> {
    Tokenizer::open(&find(DEFAULT_EVALUATOR)?.join("tokenizer.json")).ok()
}

/// The evaluator that is used where none is named.
pub const DEFAULT_EVALUATOR: &str = "nats-tss";
