//! What is measured.

use crate::error::Result;
use nneval_spaces::{ModelOptions, Space};
use std::path::{Path, PathBuf};

/// Columns of a list that go to the table unchanged.
pub const CARRIED: [&str; 3] = ["arch_index", "arch_str", "unique_rep_index"];

/// Where the model is.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A network of a search space, written to a temporary file while it is
    /// measured.
    Space(Space, ModelOptions),
}

/// One model to be measured.
#[derive(Debug, Clone)]
pub struct Target {
    /// The path as the table has it; empty for a network of a search space.
    pub path: String,
    /// Cells of [`CARRIED`]; empty where a list does not give them.
    pub carried: [String; 3],
    /// Where the model is.
    pub origin: Origin,
}

impl Target {
    /// A model file; `path` is what the table says.
    pub fn file(path: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        let origin = Origin::File(file.into());
        Self { path: path.into(), carried: Default::default(), origin }
    }

    /// What tells this target from others: the path, else the architecture.
    pub fn key(&self) -> &str {
        let [_, arch, _] = &self.carried;
        if self.path.is_empty() { arch } else { &self.path }
    }

    /// The model file; a network of a space is written to `scratch`.
    ///
    /// # Errors
    /// [`crate::Error::Architecture`]; [`crate::Error::Io`].
    pub(super) fn open(&self, scratch: &Path) -> Result<PathBuf> {
        match &self.origin {
            Origin::File(path) => Ok(path.clone()),
            Origin::Space(space, options) => {
                let [_, arch, _] = &self.carried;
                let bytes = space.onnx_bytes(arch, options)?;
                std::fs::write(scratch, bytes).map_err(|e| crate::Error::io(scratch, e))?;
                Ok(scratch.to_owned())
            }
        }
    }
}
