//! Errors of reports: pictures, pages and the files they show.

use std::path::{Path, PathBuf};

/// Why a picture or a page cannot be made.
///
/// `Display` writes the whole message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A picture or a page cannot be drawn.
    #[error("{}: {reason}", file.display())]
    Picture {
        /// The file that it would be, or the name of what it shows.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The log of a training run cannot be shown.
    #[error("training: {}: {reason}", file.display())]
    Log {
        /// The log.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] nneval_files::Error),
    /// A table is malformed.
    #[error(transparent)]
    Table(#[from] nneval_tables::Error),
    /// A model is malformed.
    #[error(transparent)]
    Graph(#[from] nneval_graph::Error),
    /// An evaluator's data are malformed.
    #[error(transparent)]
    Evaluator(#[from] nneval_evaluator::Error),
}

/// Kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A picture or a page cannot be drawn.
    Picture,
    /// The log of a training run cannot be shown.
    Log,
    /// A file could not be read or written.
    Io,
    /// A table is malformed.
    Table,
    /// A model is malformed.
    Model,
    /// An evaluator's data are malformed.
    Evaluator,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Picture { .. } => ErrorKind::Picture,
            Self::Log { .. } => ErrorKind::Log,
            Self::File(_) => ErrorKind::Io,
            Self::Table(_) => ErrorKind::Table,
            Self::Graph(_) => ErrorKind::Model,
            Self::Evaluator(_) => ErrorKind::Evaluator,
        }
    }

    /// The file at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Picture { file, .. } | Self::Log { file, .. } => Some(file),
            Self::File(e) => Some(e.path()),
            Self::Table(e) => e.path(),
            Self::Graph(e) => e.path(),
            Self::Evaluator(e) => e.path(),
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        nneval_files::Error::io(path, source).into()
    }

    /// A picture that cannot be made, and why.
    pub fn picture(file: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Picture { file: file.as_ref().to_owned(), reason: reason.into() }
    }
}
