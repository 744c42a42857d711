//! The error of all layers.

use nneval_runtime::Hint;
use std::path::Path;

/// Why a call failed: the error of the layer that it comes from.
///
/// `Display` writes the whole message. [`Error::kind`] is what programs decide by.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Evaluators: bundles, predictions, calibration.
    #[error(transparent)]
    Evaluator(#[from] nneval_evaluator::Error),
    /// ONNX Runtime.
    #[error(transparent)]
    Runtime(#[from] nneval_runtime::Error),
    /// All other layers.
    #[error(transparent)]
    Files(#[from] nneval_files::Error),
}

/// What kind of thing went wrong, whatever the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder could not be read or written.
    Io,
    /// An ONNX model is malformed.
    Model,
    /// An operation string does not follow the grammar.
    OperationString,
    /// An architecture of a search space is malformed.
    Architecture,
    /// Labels are malformed.
    Labels,
    /// A bundle is missing, incomplete, altered, or of another version.
    Bundle,
    /// A tokenizer could not be loaded, built or applied.
    Tokenizer,
    /// ONNX Runtime is missing, or refused a request.
    Runtime,
    /// A model cannot be measured.
    Measure,
    /// A search cannot start or go on.
    Search,
    /// A training cannot start or go on, or data do not fit.
    Training,
    /// A picture or page cannot be made.
    Picture,
    /// Something else.
    Other,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        use nneval_evaluator::ErrorKind as Evaluator;
        use nneval_files::Error as Base;
        match self {
            Self::Runtime(e) if e.kind() == nneval_runtime::ErrorKind::Io => ErrorKind::Io,
            Self::Runtime(_) => ErrorKind::Runtime,
            Self::Evaluator(e) => match e.kind() {
                Evaluator::Bundle => ErrorKind::Bundle,
                Evaluator::Tokenizer => ErrorKind::Tokenizer,
                Evaluator::NeedsModel | Evaluator::Model => ErrorKind::Model,
                Evaluator::Fit => ErrorKind::Training,
                Evaluator::Runtime => ErrorKind::Runtime,
                Evaluator::Io => ErrorKind::Io,
                Evaluator::OperationString => ErrorKind::OperationString,
                Evaluator::Labels => ErrorKind::Labels,
                _ => ErrorKind::Other,
            },
            Self::Files(e) => match e {
                Base::Io { .. } => ErrorKind::Io,
                Base::Model { .. } | Base::NeedsModel(_) => ErrorKind::Model,
                Base::OpString { .. } => ErrorKind::OperationString,
                Base::Architecture { .. } => ErrorKind::Architecture,
                Base::Labels { .. } => ErrorKind::Labels,
                Base::Bundle { .. } => ErrorKind::Bundle,
                Base::Tokenizer(_) => ErrorKind::Tokenizer,
                Base::Runtime(_) => ErrorKind::Runtime,
                Base::Measure(_) => ErrorKind::Measure,
                Base::Search(_) => ErrorKind::Search,
                Base::Training(_) => ErrorKind::Training,
                Base::Picture { .. } => ErrorKind::Picture,
                _ => ErrorKind::Other,
            },
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Evaluator(e) => e.hint(),
            Self::Runtime(e) => e.hint(),
            Self::Files(_) => None,
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, cause: std::io::Error) -> Self {
        nneval_files::Error::io(path, cause).into()
    }
}
