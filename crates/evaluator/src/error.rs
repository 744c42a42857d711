//! Errors of evaluators: bundles, tokenizers, predictions, calibration.

use nneval_runtime::Hint;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why an evaluator cannot be loaded, or cannot predict.
///
/// `Display` writes the whole message. Clones share the errors beneath: networks of one operation
/// string have one error.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A bundle is missing a file, altered, or of another version.
    #[error("evaluator {}: {reason}", path.display())]
    Bundle {
        /// The evaluator's folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No evaluator has that name.
    #[error("evaluator {name}: no such folder, and no such name in models/")]
    Unknown {
        /// The name or path that was asked for.
        name: String,
    },
    /// A tokenizer could not be loaded, built or applied.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// An evaluator predicts from static costs as well, and only a string is there.
    #[error(
        "evaluator {0}: predicts from static costs as well, which an operation string does not \
         tell; give it the model"
    )]
    NeedsModel(String),
    /// An evaluator's model gives nothing that a network's metrics could be.
    #[error("evaluator {evaluator}: {reason}")]
    Output {
        /// The evaluator's name.
        evaluator: String,
        /// What its model gives.
        reason: String,
    },
    /// The parameters of a model cannot be read or replaced.
    #[error("{0}")]
    Weights(String),
    /// A cost model cannot be fitted.
    #[error("{0}")]
    CostModel(String),
    /// An evaluator cannot be calibrated on the data.
    #[error("{0}")]
    Calibration(String),
    /// ONNX Runtime is missing, or refused a request.
    #[error(transparent)]
    Runtime(#[from] nneval_runtime::Error),
    /// A model or an operation string is at fault.
    #[error(transparent)]
    Graph(Arc<nneval_graph::Error>),
    /// Labels are at fault.
    #[error(transparent)]
    Table(Arc<nneval_tables::Error>),
    /// A file could not be read or written.
    #[error(transparent)]
    File(Arc<nneval_files::Error>),
    /// A defect of this crate.
    #[error("a defect of nneval: {0}")]
    Internal(&'static str),
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A bundle is missing, incomplete, altered, or of another version.
    Bundle,
    /// A tokenizer could not be loaded, built or applied.
    Tokenizer,
    /// The network's model is needed, and only its operation string is there.
    NeedsModel,
    /// Parameters, a cost model or a calibration do not fit the data.
    Fit,
    /// ONNX Runtime is missing, or refused a request.
    Runtime,
    /// A file or folder could not be read or written.
    Io,
    /// An ONNX model is malformed.
    Model,
    /// An operation string does not follow the grammar.
    OperationString,
    /// Labels are malformed.
    Labels,
    /// Something else.
    Other,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        use nneval_graph::ErrorKind as GraphKind;
        use nneval_tables::ErrorKind as TableKind;
        match self {
            Self::Bundle { .. } | Self::Unknown { .. } | Self::Output { .. } => ErrorKind::Bundle,
            Self::Tokenizer(_) => ErrorKind::Tokenizer,
            Self::NeedsModel(_) => ErrorKind::NeedsModel,
            Self::Weights(_) | Self::CostModel(_) | Self::Calibration(_) => ErrorKind::Fit,
            Self::Runtime(_) => ErrorKind::Runtime,
            Self::Internal(_) => ErrorKind::Other,
            Self::File(_) => ErrorKind::Io,
            Self::Graph(e) => match e.kind() {
                GraphKind::Io => ErrorKind::Io,
                GraphKind::OpString => ErrorKind::OperationString,
                _ => ErrorKind::Model,
            },
            Self::Table(e) if e.kind() == TableKind::Io => ErrorKind::Io,
            Self::Table(_) => ErrorKind::Labels,
        }
    }

    /// The file or folder at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Bundle { path, .. } => Some(path),
            Self::Runtime(e) => e.path(),
            Self::Graph(e) => e.path(),
            Self::Table(e) => e.path(),
            Self::File(e) => Some(e.path()),
            _ => None,
        }
    }

    /// The node of the model at fault: its name, or its type and position.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Graph(e) => e.node(),
            _ => None,
        }
    }

    /// The reason alone, without file and node.
    pub fn reason(&self) -> String {
        match self {
            Self::Bundle { reason, .. } | Self::Tokenizer(reason) => reason.clone(),
            Self::Runtime(e) => match e.provider() {
                Some(provider) => format!("provider {provider}: {}", e.reason()),
                None => e.reason(),
            },
            Self::Graph(e) => e.reason(),
            Self::Table(e) => e.reason(),
            Self::File(e) => e.reason(),
            other => other.to_string(),
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Runtime(e) => e.hint(),
            _ => None,
        }
    }

    pub(crate) fn internal(what: &'static str) -> Self {
        Self::Internal(what)
    }
}

impl From<nneval_files::Error> for Error {
    fn from(e: nneval_files::Error) -> Self {
        Self::File(Arc::new(e))
    }
}

impl From<nneval_graph::Error> for Error {
    fn from(e: nneval_graph::Error) -> Self {
        Self::Graph(Arc::new(e))
    }
}

impl From<nneval_tables::Error> for Error {
    fn from(e: nneval_tables::Error) -> Self {
        Self::Table(Arc::new(e))
    }
}
