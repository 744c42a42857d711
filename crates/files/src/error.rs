//! Error of file operations: the file and the answer of the operating system.

use std::path::{Path, PathBuf};

/// A file or folder could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct Error {
    path: PathBuf,
    source: std::io::Error,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error about the file or folder `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self { path: path.as_ref().to_owned(), source }
    }

    /// The file or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Kind of the operating system's answer.
    pub fn kind(&self) -> std::io::ErrorKind {
        self.source.kind()
    }

    /// The answer of the operating system.
    pub fn cause(&self) -> &std::io::Error {
        &self.source
    }

    /// The reason alone, without the file.
    pub fn reason(&self) -> String {
        self.source.to_string()
    }
}
