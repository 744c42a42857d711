//! The one error type of the library. Every variant names the file (or the
//! thing) at fault and the reason; model errors name the node as well. What
//! `Display` writes is the whole message: no error has a source beside it.

use std::path::{Path, PathBuf};

/// What went wrong, where, and why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// An ONNX model is malformed or asks for something nneval refuses.
    #[error("{}: {}{reason}", file.display(), node.as_ref().map(|n| format!("node {n}: ")).unwrap_or_default())]
    Model {
        /// The model file.
        file: PathBuf,
        /// Name of the node (or `OpType #index` where it has none).
        node: Option<String>,
        /// What is wrong there.
        reason: String,
    },
    /// An operation string does not follow the grammar.
    #[error("operation string, byte {offset}: {reason}")]
    OpString {
        /// Position in the string, in bytes from its start.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A search-space architecture string is malformed.
    #[error("architecture {arch:?}: {reason}")]
    Architecture {
        /// The string as given.
        arch: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A label table is malformed.
    #[error("{}{}: {reason}", file.display(), line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Labels {
        /// The table.
        file: PathBuf,
        /// Line of the file, from 1, where one is at fault.
        line: Option<u64>,
        /// What is wrong there.
        reason: String,
    },
    /// An evaluator bundle is missing a file, altered, or of another version.
    #[error("evaluator {}: {reason}", path.display())]
    Bundle {
        /// The evaluator's folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
    /// ONNX Runtime is missing, too old, or refused a request.
    #[error("ONNX Runtime: {0}")]
    Runtime(String),
    /// A model cannot be measured, or a measurement cannot go on.
    #[error("measuring: {0}")]
    Measure(String),
    /// A search cannot start or go on.
    #[error("search: {0}")]
    Search(String),
    /// A picture or a page cannot be made.
    #[error("{}: {reason}", file.display())]
    Picture {
        /// The file that it would be.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A training run cannot start or go on.
    #[error("training: {0}")]
    Training(String),
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, cause: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), cause }
    }

    /// A model error without a node.
    pub fn model(file: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Model { file: file.as_ref().to_owned(), node: None, reason: reason.into() }
    }

    /// A picture that cannot be made, and why.
    pub fn picture(file: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Picture { file: file.as_ref().to_owned(), reason: reason.into() }
    }
}
