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
    /// A model, an operation string, a label or a file is at fault.
    #[error(transparent)]
    Lower(Arc<nneval_files::Error>),
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
        use nneval_files::Error as Base;
        match self {
            Self::Bundle { .. } | Self::Unknown { .. } => ErrorKind::Bundle,
            Self::Tokenizer(_) => ErrorKind::Tokenizer,
            Self::NeedsModel(_) => ErrorKind::NeedsModel,
            Self::Weights(_) | Self::CostModel(_) | Self::Calibration(_) => ErrorKind::Fit,
            Self::Runtime(_) => ErrorKind::Runtime,
            Self::Internal(_) => ErrorKind::Other,
            Self::Lower(e) => match &**e {
                Base::Io { .. } => ErrorKind::Io,
                Base::Model { .. } => ErrorKind::Model,
                Base::OpString { .. } => ErrorKind::OperationString,
                Base::Labels { .. } => ErrorKind::Labels,
                _ => ErrorKind::Other,
            },
        }
    }

    /// The file or folder at fault.
    pub fn path(&self) -> Option<&Path> {
        use nneval_files::Error as Base;
        match self {
            Self::Bundle { path, .. } => Some(path),
            Self::Runtime(e) => e.path(),
            Self::Lower(e) => match &**e {
                Base::Io { path, .. } => Some(path),
                Base::Model { file, .. } | Base::Labels { file, .. } => Some(file),
                _ => None,
            },
            _ => None,
        }
    }

    /// The node of the model at fault: its name, or its type and position.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Lower(e) => match &**e {
                nneval_files::Error::Model { node, .. } => node.as_deref(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The reason alone, without file and node.
    pub fn reason(&self) -> String {
        use nneval_files::Error as Base;
        match self {
            Self::Bundle { reason, .. } | Self::Tokenizer(reason) => reason.clone(),
            Self::Runtime(e) => match e.provider() {
                Some(provider) => format!("provider {provider}: {}", e.reason()),
                None => e.reason(),
            },
            Self::Lower(e) => match &**e {
                Base::Io { cause, .. } => cause.to_string(),
                Base::Model { reason, .. } => reason.clone(),
                Base::OpString { offset, reason } => format!("byte {offset}: {reason}"),
                other => other.to_string(),
            },
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
        Self::Lower(Arc::new(e))
    }
}

impl From<Error> for nneval_files::Error {
    /// For callers without an error type of their own.
    fn from(e: Error) -> Self {
        match e {
            Error::Bundle { path, reason } => Self::Bundle { path, reason },
            Error::Tokenizer(reason) => Self::Tokenizer(reason),
            Error::NeedsModel(name) => Self::NeedsModel(name),
            Error::Runtime(e) => e.into(),
            Error::Weights(told) | Error::CostModel(told) | Error::Calibration(told) => {
                Self::Training(told)
            }
            Error::Lower(e) => Arc::try_unwrap(e).unwrap_or_else(|e| Self::Runtime(e.to_string())),
            Error::Unknown { .. } | Error::Internal(_) => Self::Runtime(e.to_string()),
        }
    }
}
