//! Errors of tables: kind, file, line, column, cause.

use nneval_files::printable;
use std::path::{Path, PathBuf};

/// The error below an [`Error`]: of csv, JSON, Parquet or the operating system.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong with a table or with the numbers in it.
///
/// ```
/// use nneval_tables::{ErrorKind, TableReader};
/// let mut table = TableReader::from_reader("t.csv", "a,b\n1\n".as_bytes())?;
/// let error = table.next_row().unwrap_err();
/// assert_eq!((error.kind(), error.line()), (ErrorKind::Malformed, Some(2)));
/// assert_eq!(error.to_string(), "t.csv, line 2: 1 cells, the header has 2");
/// # Ok::<(), nneval_tables::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be opened or its first bytes cannot be read.
    #[error("{}: {cause}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The answer of the operating system.
        #[source]
        cause: std::io::Error,
    },
    /// A table cannot be read, or does not hold what is asked of it.
    #[error("{}{}: {}", shown(file), line.map(|l| format!(", line {l}")).unwrap_or_default(), printable(reason))]
    Table {
        /// The class of the error.
        kind: ErrorKind,
        /// The table.
        file: PathBuf,
        /// Line of the file, from 1, where one is at fault.
        line: Option<u64>,
        /// Name of the column, where one is at fault.
        column: Option<Box<str>>,
        /// What is wrong there.
        reason: String,
        /// The error below, where there is one; its text is part of `reason`.
        #[source]
        cause: Option<Cause>,
    },
    /// Reported values, predictions and classes do not fit together.
    #[error("scores: {reason}")]
    Scores {
        /// What does not fit.
        reason: String,
    },
    /// A target transform cannot be fitted.
    #[error("training: target transform: {reason}")]
    Transform {
        /// Why not.
        reason: String,
    },
}

/// The class of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file cannot be opened.
    Io,
    /// The bytes are damaged, too many, or no table.
    Unreadable,
    /// A row, cell, key or class breaks the rules of the table.
    Malformed,
    /// There is no column of that name.
    UnknownColumn,
    /// This build cannot read the format.
    Unsupported,
    /// The rows cannot be split or drawn as asked.
    Split,
    /// Values to be scored do not fit together.
    Scores,
    /// A target transform cannot be fitted.
    Transform,
}

/// A path on one line.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Io,
            Self::Table { kind, .. } => *kind,
            Self::Scores { .. } => ErrorKind::Scores,
            Self::Transform { .. } => ErrorKind::Transform,
        }
    }

    /// The file at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. } => Some(path),
            Self::Table { file, .. } => Some(file),
            Self::Scores { .. } | Self::Transform { .. } => None,
        }
    }

    /// Line of the file, from 1.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Table { line, .. } => *line,
            _ => None,
        }
    }

    /// Name of the column at fault.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Table { column, .. } => column.as_deref(),
            _ => None,
        }
    }

    /// The message without file and line.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { cause, .. } => cause.to_string(),
            Self::Table { reason, .. } | Self::Scores { reason } | Self::Transform { reason } => {
                reason.clone()
            }
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, cause: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), cause }
    }

    /// A table that breaks its rules, at a line where one is at fault.
    pub fn malformed(file: impl AsRef<Path>, line: Option<u64>, reason: impl Into<String>) -> Self {
        Self::table(ErrorKind::Malformed, file, line, reason)
    }

    /// An error about a table, without column and cause.
    pub(crate) fn table(
        kind: ErrorKind,
        file: impl AsRef<Path>,
        line: Option<u64>,
        reason: impl Into<String>,
    ) -> Self {
        let (file, reason) = (file.as_ref().to_owned(), reason.into());
        Self::Table { kind, file, line, column: None, reason, cause: None }
    }

    /// The same error about a column.
    pub(crate) fn in_column(mut self, name: &str) -> Self {
        if let Self::Table { column, .. } = &mut self {
            *column = Some(name.into());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_message_names_file_line_and_reason() {
        let io = || std::io::Error::other("no disk");
        for (error, text) in [
            (Error::io("a.csv", io()), "a.csv: no disk"),
            (Error::malformed("a.csv", Some(3), "bad"), "a.csv, line 3: bad"),
            (Error::malformed("a.csv", None, "bad"), "a.csv: bad"),
            (Error::Scores { reason: "1 but 2".into() }, "scores: 1 but 2"),
            (Error::Transform { reason: "no".into() }, "training: target transform: no"),
        ] {
            assert_eq!(error.to_string(), text);
            assert!(text.ends_with(&error.reason()));
        }
    }

    #[test]
    fn causes_are_sources() {
        assert!(Error::io("a", std::io::Error::other("x")).source().is_some());
        assert!(Error::malformed("a", None, "b").source().is_none());
        let error = Error::malformed("a", None, "b").in_column("c");
        assert_eq!((error.column(), error.path()), (Some("c"), Some(Path::new("a"))));
        let cause: Option<Cause> = Some("below".into());
        let (kind, file) = (ErrorKind::Unreadable, PathBuf::from("a"));
        let error =
            Error::Table { kind, file, line: None, column: None, reason: "b".into(), cause };
        assert_eq!(error.source().map(ToString::to_string), Some("below".to_owned()));
    }
}
