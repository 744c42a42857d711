//! Errors of regression: too few or too many labels, no fit.

/// Why a regression cannot be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of labelled rows is out of range.
    #[error("{reason}")]
    Rows {
        /// How many rows have a label.
        labelled: usize,
        /// What is needed.
        reason: String,
    },
    /// No parameters explain the labels.
    #[error("{0}")]
    NoFit(String),
}

/// Kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The number of labelled rows is out of range.
    Rows,
    /// No parameters explain the labels.
    NoFit,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rows { .. } => ErrorKind::Rows,
            Self::NoFit(_) => ErrorKind::NoFit,
        }
    }
}
