//! Errors of search: problem, space, state, candidates.

use std::path::{Path, PathBuf};

/// Why a search cannot start or continue.
///
/// `Display` writes the whole message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Objectives, limits or settings make no sense.
    #[error("search: {0}")]
    Problem(String),
    /// Nothing gives a column its values, or several evaluators do.
    #[error("search: {reason}")]
    Metric {
        /// Name of the column.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A list of architectures or files is unusable.
    #[error("search: {0}")]
    Space(String),
    /// An architecture is not part of the space.
    #[error("architecture {arch:?}: {reason}")]
    Architecture {
        /// The string as given.
        arch: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A saved state is damaged, or belongs to another search.
    #[error("search: {}{reason}", path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
    State {
        /// The state's file, where it comes from one.
        path: Option<PathBuf>,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] nneval_files::Error),
    /// A model is malformed.
    #[error(transparent)]
    Graph(#[from] nneval_graph::Error),
    /// A network of a search space cannot be written.
    #[error(transparent)]
    Network(#[from] nneval_spaces::Error),
    /// An evaluator cannot predict.
    #[error(transparent)]
    Evaluator(#[from] nneval_evaluator::Error),
}

/// Kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Objectives, limits or settings make no sense.
    Problem,
    /// Nothing gives a column its values, or several evaluators do.
    Metric,
    /// A list of architectures or files is unusable.
    Space,
    /// An architecture is not part of the space.
    Architecture,
    /// A saved state is damaged, or belongs to another search.
    State,
    /// A file could not be read or written.
    Io,
    /// A model is malformed.
    Model,
    /// An evaluator cannot predict.
    Evaluator,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Problem(_) => ErrorKind::Problem,
            Self::Metric { .. } => ErrorKind::Metric,
            Self::Space(_) => ErrorKind::Space,
            Self::Architecture { .. } | Self::Network(_) => ErrorKind::Architecture,
            Self::State { .. } => ErrorKind::State,
            Self::File(_) => ErrorKind::Io,
            Self::Graph(_) => ErrorKind::Model,
            Self::Evaluator(_) => ErrorKind::Evaluator,
        }
    }

    /// The file at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::State { path, .. } => path.as_deref(),
            Self::File(e) => Some(e.path()),
            Self::Graph(e) => e.path(),
            Self::Network(e) => e.path(),
            Self::Evaluator(e) => e.path(),
            _ => None,
        }
    }

    /// The node of the model at fault.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Graph(e) => e.node(),
            Self::Evaluator(e) => e.node(),
            _ => None,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<nneval_evaluator::Hint> {
        match self {
            Self::Evaluator(e) => e.hint(),
            _ => None,
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        nneval_files::Error::io(path, source).into()
    }

    pub(crate) fn state(reason: impl Into<String>) -> Self {
        Self::State { path: None, reason: reason.into() }
    }
}
