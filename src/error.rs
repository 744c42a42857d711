//! Error of the whole library: that of the layer where it happened.

use nneval_runtime::Hint;
use std::path::Path;

/// Why a call failed.
///
/// `Display` writes the whole message. Programs decide by [`Error::kind`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Files.
    #[error(transparent)]
    File(#[from] nneval_files::Error),
    /// Models, operation strings, static costs.
    #[error(transparent)]
    Graph(#[from] nneval_graph::Error),
    /// Label tables.
    #[error(transparent)]
    Table(#[from] nneval_tables::Error),
    /// Search spaces.
    #[error(transparent)]
    Space(#[from] nneval_spaces::Error),
    /// ONNX Runtime.
    #[error(transparent)]
    Runtime(#[from] nneval_runtime::Error),
    /// Evaluators: bundles, predictions.
    #[error(transparent)]
    Evaluator(#[from] nneval_evaluator::Error),
    /// Measuring.
    #[error(transparent)]
    Measure(#[from] nneval_measure::Error),
    /// Regression.
    #[error(transparent)]
    Regression(#[from] nneval_regression::Error),
    /// Training, calibration, adapting, scoring.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Train(#[from] nneval_train::Error),
    /// Search.
    #[error(transparent)]
    Search(#[from] nneval_search::Error),
    /// Pictures and pages.
    #[error(transparent)]
    Report(#[from] nneval_report::Error),
}

/// Kind of an [`Error`], whatever the layer.
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
    /// A table is malformed.
    Table,
    /// A bundle is missing, incomplete, altered, or of another version.
    Bundle,
    /// A tokenizer could not be loaded, built or applied.
    Tokenizer,
    /// ONNX Runtime is missing, or refused a request.
    Runtime,
    /// A model cannot be measured.
    Measure,
    /// A search cannot start or continue.
    Search,
    /// A training cannot start or continue, or its data do not fit.
    Training,
    /// A picture or page cannot be made.
    Report,
    /// Something else.
    Other,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::File(_) => ErrorKind::Io,
            Self::Graph(e) => graph_kind(e.kind()),
            Self::Table(e) if e.kind() == nneval_tables::ErrorKind::Io => ErrorKind::Io,
            Self::Table(_) => ErrorKind::Table,
            Self::Space(_) => ErrorKind::Architecture,
            Self::Runtime(e) if e.kind() == nneval_runtime::ErrorKind::Io => ErrorKind::Io,
            Self::Runtime(_) => ErrorKind::Runtime,
            Self::Evaluator(e) => evaluator_kind(e.kind()),
            Self::Measure(_) => ErrorKind::Measure,
            Self::Regression(_) => ErrorKind::Training,
            #[cfg(feature = "train")]
            Self::Train(_) => ErrorKind::Training,
            Self::Search(_) => ErrorKind::Search,
            Self::Report(_) => ErrorKind::Report,
        }
    }

    /// The file or folder at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(e) => Some(e.path()),
            Self::Graph(e) => e.path(),
            Self::Table(e) => e.path(),
            Self::Space(e) => e.path(),
            Self::Runtime(e) => e.path(),
            Self::Evaluator(e) => e.path(),
            Self::Measure(e) => e.path(),
            Self::Regression(_) => None,
            #[cfg(feature = "train")]
            Self::Train(e) => e.path(),
            Self::Search(e) => e.path(),
            Self::Report(e) => e.path(),
        }
    }

    /// The node of the model at fault: its name, or its type and position.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Graph(e) => e.node(),
            Self::Evaluator(e) => e.node(),
            Self::Measure(e) => e.node(),
            Self::Search(e) => e.node(),
            _ => None,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Evaluator(e) => e.hint(),
            Self::Runtime(e) => e.hint(),
            Self::Measure(e) => e.hint(),
            #[cfg(feature = "train")]
            Self::Train(e) => e.runtime_hint(),
            Self::Search(e) => e.hint(),
            _ => None,
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        nneval_files::Error::io(path, source).into()
    }
}

fn graph_kind(kind: nneval_graph::ErrorKind) -> ErrorKind {
    match kind {
        nneval_graph::ErrorKind::Io => ErrorKind::Io,
        nneval_graph::ErrorKind::OpString => ErrorKind::OperationString,
        _ => ErrorKind::Model,
    }
}

fn evaluator_kind(kind: nneval_evaluator::ErrorKind) -> ErrorKind {
    use nneval_evaluator::ErrorKind as Kind;
    match kind {
        Kind::Bundle => ErrorKind::Bundle,
        Kind::Tokenizer => ErrorKind::Tokenizer,
        Kind::NeedsModel | Kind::Model => ErrorKind::Model,
        Kind::Fit => ErrorKind::Training,
        Kind::Runtime => ErrorKind::Runtime,
        Kind::Io => ErrorKind::Io,
        Kind::OperationString => ErrorKind::OperationString,
        Kind::Labels => ErrorKind::Table,
        _ => ErrorKind::Other,
    }
}
