//! Errors of training, recipes and adapting.

use super::environment::Environment;
use super::request_fault::RequestFault;
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
    /// Metrics or rows that were asked for do not fit the evaluator.
    #[error(transparent)]
    Request(#[from] RequestFault),
    /// The labels of a column admit no fit.
    #[error("{}: column {column}: {cause}", file.display())]
    Column {
        /// The label table.
        file: PathBuf,
        /// The column.
        column: String,
        /// Why not.
        #[source]
        cause: Box<Error>,
    },
    /// Too few labels for a regression, or no fit.
    #[error("training: {0}")]
    Regression(#[from] nneval_regression::Error),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] nneval_files::Error),
    /// A model is malformed.
    #[error(transparent)]
    Graph(#[from] nneval_graph::Error),
    /// A table is malformed, or does not hold what is asked of it.
    #[error(transparent)]
    Table(#[from] nneval_tables::Error),
    /// A network of a search space cannot be written.
    #[error(transparent)]
    Space(#[from] nneval_spaces::Error),
    /// ONNX Runtime is missing, or refused a request.
    #[error(transparent)]
    Runtime(#[from] nneval_runtime::Error),
    /// An evaluator cannot be loaded, calibrated, or cannot predict.
    #[error(transparent)]
    Evaluator(#[from] nneval_evaluator::Error),
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
    /// Metrics or rows that were asked for do not fit the evaluator.
    Request,
    /// Too few labels for a regression, or no fit.
    Regression,
    /// A file could not be read or written.
    Io,
    /// A model is malformed.
    Model,
    /// A table is malformed, or does not hold what is asked of it.
    Table,
    /// A network of a search space cannot be written.
    Space,
    /// An evaluator cannot be loaded, calibrated, or cannot predict.
    Evaluator,
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
        nneval_files::Error::io(path, cause).into()
    }

    /// Coarse kind of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Recipe { .. } => ErrorKind::Recipe,
            Self::Setting(_) => ErrorKind::Setting,
            Self::Data(_) | Self::Column { .. } => ErrorKind::Data,
            Self::Request(_) => ErrorKind::Request,
            Self::Start(_) | Self::Graphs { .. } => ErrorKind::Start,
            Self::Teacher(_) => ErrorKind::Teacher,
            Self::Checkpoint { .. } => ErrorKind::Checkpoint,
            Self::NotFinite { .. } => ErrorKind::Diverged,
            Self::Step(_) | Self::Runtime(_) => ErrorKind::Runtime,
            Self::Regression(_) => ErrorKind::Regression,
            Self::File(_) => ErrorKind::Io,
            Self::Graph(_) => ErrorKind::Model,
            Self::Table(_) => ErrorKind::Table,
            Self::Space(_) => ErrorKind::Space,
            Self::Evaluator(_) => ErrorKind::Evaluator,
        }
    }

    /// The file or folder at fault, where the error is about one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Recipe { file, .. } => file.as_deref(),
            Self::Graphs { path, .. } | Self::Checkpoint { path, .. } => Some(path),
            Self::Request(fault) => fault.table(),
            Self::Column { file, .. } => Some(file),
            Self::File(e) => Some(e.path()),
            Self::Graph(e) => e.path(),
            Self::Table(e) => e.path(),
            Self::Space(e) => e.path(),
            Self::Runtime(e) => e.path(),
            Self::Evaluator(e) => e.path(),
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

    /// What may help where ONNX Runtime is at fault.
    pub fn runtime_hint(&self) -> Option<nneval_runtime::Hint> {
        match self {
            Self::Runtime(e) => e.hint(),
            Self::Evaluator(e) => e.hint(),
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

/// `FILE, line N, KEY: REASON`, with the parts that are known.
fn place(file: Option<&Path>, line: Option<usize>, key: Option<&str>, reason: &str) -> String {
    let file = file.map_or("recipe".to_owned(), |f| f.display().to_string());
    let line = line.map(|l| format!(", line {l}")).unwrap_or_default();
    let key = key.map(|k| format!(", {k}")).unwrap_or_default();
    format!("{file}{line}{key}: {reason}")
}
