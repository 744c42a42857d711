//! Errors of models and operation strings.

use nneval_files::printable;
use std::path::{Path, PathBuf};

/// What went wrong with a model or an operation string.
///
/// `Display` writes the whole message on one line: file, node and reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model file could not be read.
    #[error("{}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// An ONNX model is malformed or asks for something nneval refuses.
    #[error("{}: {}{}", shown(file), node.as_ref().map(|n| format!("node {}: ", printable(n))).unwrap_or_default(), printable(reason))]
    Model {
        /// The model file.
        file: PathBuf,
        /// Name of the node (or `OpType #index` where it has none).
        node: Option<String>,
        /// What is wrong there.
        reason: String,
        /// The error of the decoder, where it refused the file. `reason`
        /// contains its text.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// An operation string does not follow the grammar.
    #[error("operation string, byte {offset}: {}", printable(reason))]
    OpString {
        /// Position in the string, in bytes from its start.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },
}

/// A path on one line.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Error::Io`]
    Io,
    /// [`Error::Model`]
    Model,
    /// [`Error::OpString`]
    OpString,
}

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Io,
            Self::Model { .. } => ErrorKind::Model,
            Self::OpString { .. } => ErrorKind::OpString,
        }
    }

    /// The file at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. } => Some(path),
            Self::Model { file, .. } => Some(file),
            Self::OpString { .. } => None,
        }
    }

    /// The node at fault: its name, or `OpType #index` where it has none.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Model { node, .. } => node.as_deref(),
            _ => None,
        }
    }

    /// The reason alone, without file and node.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => source.to_string(),
            Self::Model { reason, .. } => reason.clone(),
            Self::OpString { offset, reason } => format!("byte {offset}: {reason}"),
        }
    }

    /// Position in the operation string, in bytes.
    pub fn offset(&self) -> Option<usize> {
        match self {
            Self::OpString { offset, .. } => Some(*offset),
            _ => None,
        }
    }

    /// An I/O error about `path`.
    pub(crate) fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), source }
    }

    /// A model error without a node.
    pub(crate) fn model(file: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::at(file, None, reason)
    }

    /// A model error about `node`.
    pub(crate) fn at(
        file: impl AsRef<Path>,
        node: Option<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Model { file: file.as_ref().to_owned(), node, reason: reason.into(), source: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Limits, Model};
    use std::error::Error as _;

    #[test]
    fn errors_tell_kind_file_node_and_source() {
        let missing = Model::open("no/such/file.onnx", &Limits::default()).unwrap_err();
        assert_eq!((missing.kind(), missing.node()), (ErrorKind::Io, None));
        assert_eq!(missing.path(), Some(Path::new("no/such/file.onnx")));
        assert!(missing.source().is_some_and(|s| s.is::<std::io::Error>()));
        let name = Path::new("bad.onnx");
        let bad = Model::from_bytes(vec![0xff; 4].into(), name, &Limits::default()).unwrap_err();
        assert_eq!((bad.kind(), bad.path()), (ErrorKind::Model, Some(name)));
        let source = bad.source().map(ToString::to_string).unwrap();
        assert!(bad.to_string().ends_with(&source), "{bad}");
        let string = crate::opstring::parse("|1:Input").unwrap_err();
        assert_eq!((string.kind(), string.offset()), (ErrorKind::OpString, Some(3)));
        assert_eq!(bad.to_string(), format!("bad.onnx: not an ONNX model, or truncated: {source}"));
    }
}
