//! What `nneval report` finds in a folder.

use super::shipped;
use anyhow::bail;
use std::path::{Path, PathBuf};

/// What a folder holds.
pub struct Found {
    /// Folder of an evaluator.
    pub evaluator: Option<PathBuf>,
    /// `epochs.csv` of a training run.
    pub epochs: Option<PathBuf>,
    /// Folder of a search.
    pub search: Option<PathBuf>,
}

impl Found {
    /// Looks at a folder, or at the evaluator of that name.
    pub fn at(run: &Path) -> anyhow::Result<Self> {
        let named = || shipped::find(run.to_str()?);
        let dir = if run.is_dir() { run.to_owned() } else { named().unwrap_or(run.to_owned()) };
        let file = |path: PathBuf| path.is_file().then_some(path);
        let above = dir.parent().map(Path::to_owned);
        let evaluator = [Some(dir.clone()), above].into_iter().flatten();
        let is_run = dir.join("epochs.csv").is_file();
        let evaluator = evaluator.take(if is_run { 2 } else { 1 });
        let found = Self {
            evaluator: evaluator.into_iter().find(|d| d.join("evaluator.json").is_file()),
            epochs: file(dir.join("epochs.csv")).or_else(|| file(dir.join("run/epochs.csv"))),
            search: file(dir.join("pareto.json")).map(|_| dir.clone()),
        };
        if found.evaluator.is_none() && found.epochs.is_none() && found.search.is_none() {
            bail!(
                "{}: neither an evaluator (evaluator.json), nor an ONNX file, nor a training run (epochs.csv), nor a \
                 search (pareto.json)",
                run.display()
            );
        }
        Ok(found)
    }
}
