//! Errors of training, recipes and adapting.

use super::checkpoint::Environment;
use std::path::{Path, PathBuf};

/// What went wrong, where, and why. `Display` writes the whole message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A recipe, or a value that overrides one of its keys, is not understood.
    #[error("{}", place(file.as_deref(), *line, key.as_deref(), reason))]
    Recipe {
        /// The recipe; `None` for one that is not in a file.
        file: Option<PathBuf>,
        /// Line of the file, from 1.
        line: Option<usize>,
        /// The key at fault, with dots between its parts.
        key: Option<String>,
        /// What is wrong there.
        reason: String,
    },
    /// A setting has a value that makes no sense.
    #[error("training: {0}")]
    Setting(String),
    /// The rows, labels and networks do not make a training run.
    #[error("training: {0}")]
    Data(String),
    /// Training graphs, tokenizer or evaluator to start from are missing or do not fit together.
    #[error("{0}")]
    Start(String),
    /// A teacher cannot teach this run.
    #[error("{0}")]
    Teacher(String),
    /// A folder of training graphs is damaged.
    #[error("training: {}: {reason}", path.display())]
    Graphs {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint cannot be used.
    #[error("training: {}: {fault}", path.display())]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Why not.
        fault: CheckpointFault,
    },
    /// The loss or the gradient is infinite or not a number.
    #[error("training: the loss is not finite at step {step}")]
    NotFinite {
        /// Number of the step, from 1.
        step: u64,
    },
    /// ONNX Runtime could not run the training graph.
    #[error("training: {0}")]
    Step(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An error of the crates that training is built on.
    #[error(transparent)]
    Base(#[from] nneval_files::Error),
}

/// Why a checkpoint cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// The file is not a checkpoint, or was altered.
    #[error("not a checkpoint, or damaged")]
    Damaged,
    /// The checkpoint belongs to a run with other settings or data.
    #[error("is of a run with other settings or data; resume with the same, or start anew")]
    OtherRun,
    /// The checkpoint was computed in another environment.
    #[error(
        "was computed with {was}; here are {here}, with which the steps would differ in their last \
         bits; resume with the same"
    )]
    OtherEnvironment {
        /// That of the checkpoint.
        was: Box<Environment>,
        /// That of this process.
        here: Box<Environment>,
    },
    /// A run stands in the folder, and was not asked to go on.
    #[error("a run stands here")]
    RunStands,
}

/// Coarse kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A recipe is not understood.
    Recipe,
    /// A setting makes no sense.
    Setting,
    /// Rows, labels or networks do not make a run.
    Data,
    /// Training graphs, tokenizer or start are missing or do not fit.
    Start,
    /// A teacher cannot teach this run.
    Teacher,
    /// A checkpoint cannot be used.
    Checkpoint,
    /// The optimisation diverged.
    Diverged,
    /// ONNX Runtime failed.
    Runtime,
    /// An error of a crate below.
    Base,
}

/// What may help; the program words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// The run that stands can be resumed, or another folder be named.
    ResumeOrOtherFolder,
    /// A lower learning rate may keep the loss finite.
    LowerLearningRate,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, cause: std::io::Error) -> Self {
        Self::Base(nneval_files::Error::io(path, cause))
    }

    /// Coarse kind of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Recipe { .. } => ErrorKind::Recipe,
            Self::Setting(_) => ErrorKind::Setting,
            Self::Data(_) => ErrorKind::Data,
            Self::Start(_) | Self::Graphs { .. } => ErrorKind::Start,
            Self::Teacher(_) => ErrorKind::Teacher,
            Self::Checkpoint { .. } => ErrorKind::Checkpoint,
            Self::NotFinite { .. } => ErrorKind::Diverged,
            Self::Step(_) => ErrorKind::Runtime,
            Self::Base(_) => ErrorKind::Base,
        }
    }

    /// The file or folder at fault, where the error is about one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Recipe { file, .. } => file.as_deref(),
            Self::Graphs { path, .. } | Self::Checkpoint { path, .. } => Some(path),
            Self::Base(nneval_files::Error::Io { path, .. }) => Some(path),
            Self::Base(nneval_files::Error::Labels { file, .. }) => Some(file),
            _ => None,
        }
    }

    /// Line of the file at fault, from 1.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Recipe { line, .. } => *line,
            _ => None,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Checkpoint { fault: CheckpointFault::RunStands, .. } => {
                Some(Hint::ResumeOrOtherFolder)
            }
            Self::NotFinite { .. } => Some(Hint::LowerLearningRate),
            _ => None,
        }
    }
}

impl From<Error> for nneval_files::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Base(base) => base,
            other => {
                let text = other.to_string();
                Self::Training(text.strip_prefix("training: ").unwrap_or(&text).to_owned())
            }
        }
    }
}

/// `FILE, line N, KEY: REASON`, with the parts that are known.
fn place(file: Option<&Path>, line: Option<usize>, key: Option<&str>, reason: &str) -> String {
    let file = file.map_or("recipe".to_owned(), |f| f.display().to_string());
    let line = line.map(|l| format!(", line {l}")).unwrap_or_default();
    let key = key.map(|k| format!(", {k}")).unwrap_or_default();
    format!("{file}{line}{key}: {reason}")
}
