//! The control model: measured between the others to see the machine drift.

use crate::error::Result;
use nneval_spaces::{Batch, ModelOptions, Space, Weights};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Which model tells the drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// A small network of NATS-Bench's size search space: every stage 64 channels wide.
    BuiltIn,
    /// A model file.
    File(PathBuf),
    /// Nothing: no correction.
    None,
}

/// Channels of the built-in control model: a residual CNN of 15 blocks on 32 by
/// 32 pixels, of about a millisecond on one core.
pub const BUILT_IN: &str = "32:32:32:32:32";

impl Control {
    /// The model file; the built-in one is written to `folder`.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where it cannot be written.
    pub fn file(&self, folder: &Path) -> Result<Option<PathBuf>> {
        match self {
            Self::None => Ok(None),
            Self::File(path) => Ok(Some(path.clone())),
            Self::BuiltIn => {
                let options = ModelOptions {
                    weights: Weights::Random { seed: 0 },
                    batch: Batch::Fixed(1),
                    ..ModelOptions::default()
                };
                let path = folder.join("control.onnx");
                let bytes = Space::NatsSss.onnx_bytes(BUILT_IN, &options)?;
                nneval_files::write_atomic(&path, &bytes)?;
                Ok(Some(path))
            }
        }
    }
}
