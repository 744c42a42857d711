//! Errors of search spaces: kind, architecture, file, line, cause.

use std::path::{Path, PathBuf};

/// What went wrong with an architecture, its model, or a list of architectures.
///
/// ```
/// use nneval_spaces::{ErrorKind, Space};
/// let error = Space::NatsSss.parse("8:8").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Architecture);
/// assert_eq!(error.to_string(), "architecture \"8:8\": 2 channel counts, expected 5");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An architecture string is malformed, or its model cannot be built.
    #[error("architecture {arch:?}: {reason}")]
    Architecture {
        /// The string as given.
        arch: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A model cannot be serialized.
    #[error("{model}: cannot be serialized: {cause}")]
    Serialize {
        /// Name of the graph.
        model: String,
        /// The reason of the encoder.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row of a list names an architecture that the space does not have.
    #[error("{}, line {line}: {cause}", file.display())]
    Listed {
        /// The list.
        file: PathBuf,
        /// Line of the row, from 1.
        line: u64,
        /// What is wrong with the architecture.
        #[source]
        cause: Box<Error>,
    },
    /// A list cannot be read.
    #[error(transparent)]
    Table(#[from] nneval_tables::Error),
    /// A model that was built cannot be read back.
    #[error(transparent)]
    Graph(#[from] nneval_graph::Error),
}

/// The class of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An architecture string is malformed, or its model cannot be built.
    Architecture,
    /// A model cannot be serialized.
    Serialize,
    /// A list cannot be read.
    Table,
    /// A model that was built cannot be read back.
    Graph,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Architecture { .. } => ErrorKind::Architecture,
            Self::Serialize { .. } => ErrorKind::Serialize,
            Self::Listed { cause, .. } => cause.kind(),
            Self::Table(_) => ErrorKind::Table,
            Self::Graph(_) => ErrorKind::Graph,
        }
    }

    /// The list at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Listed { file, .. } => Some(file),
            Self::Table(error) => error.path(),
            _ => None,
        }
    }

    /// Line of the list, from 1.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Listed { line, .. } => Some(*line),
            Self::Table(error) => error.line(),
            _ => None,
        }
    }
}

/// For callers that still use the error of all crates.
impl From<Error> for nneval_files::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Architecture { arch, reason } => Self::Architecture { arch, reason },
            Error::Serialize { model, cause } => {
                Self::model(model, format!("cannot be serialized: {cause}"))
            }
            Error::Listed { file, line, cause } => {
                Self::Labels { file, line: Some(line), reason: cause.to_string() }
            }
            Error::Table(error) => error.into(),
            #[allow(
                clippy::useless_conversion,
                reason = "another type once the graph crate has its own"
            )]
            Error::Graph(error) => error.into(),
        }
    }
}

/// A name that is not among the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {given:?}: expected {expected}")]
pub struct ParseOptionError {
    what: &'static str,
    given: String,
    expected: &'static str,
}

impl ParseOptionError {
    pub(crate) fn new(what: &'static str, given: &str, expected: &'static str) -> Self {
        Self { what, given: given.to_owned(), expected }
    }
}
