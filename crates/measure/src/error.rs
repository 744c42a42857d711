//! Errors of measuring: settings, logs, measuring processes.

use nneval_runtime::Hint;
use std::path::{Path, PathBuf};

/// Why a model cannot be measured, or a measurement cannot continue.
///
/// `Display` writes the whole message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log of another run stands in the way.
    #[error("measuring: {} is there from an interrupted run", path.display())]
    Interrupted {
        /// The log.
        path: PathBuf,
    },
    /// A log is damaged, or belongs to other settings or another machine.
    #[error("measuring: {}{}{reason}", path.display(), line.map(|l| format!(", line {l}: ")).unwrap_or(" ".into()))]
    Log {
        /// The log.
        path: PathBuf,
        /// Line of the log, from 1, where one is at fault.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },
    /// An input of a model cannot be made, or a run fails.
    #[error("measuring: {reason}")]
    Model {
        /// What is wrong.
        reason: String,
        /// The error of ONNX Runtime.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A measuring process cannot be started, watched or understood.
    #[error("measuring: {reason}")]
    Process {
        /// What is wrong.
        reason: String,
        /// The error of the operating system or of the protocol.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] nneval_files::Error),
    /// A model is malformed.
    #[error(transparent)]
    Graph(#[from] nneval_graph::Error),
    /// A table is malformed.
    #[error(transparent)]
    Table(#[from] nneval_tables::Error),
    /// A network of a search space cannot be written.
    #[error(transparent)]
    Space(#[from] nneval_spaces::Error),
    /// ONNX Runtime is missing, or refused a request.
    #[error(transparent)]
    Runtime(#[from] nneval_runtime::Error),
}

/// Kind of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The log of another run stands in the way.
    Interrupted,
    /// A log is damaged or belongs to another run.
    Log,
    /// A model cannot be run or is malformed.
    Model,
    /// A measuring process failed.
    Process,
    /// A file could not be read or written.
    Io,
    /// A table is malformed.
    Table,
    /// A network of a search space cannot be written.
    Space,
    /// ONNX Runtime is missing, or refused a request.
    Runtime,
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Interrupted { .. } => ErrorKind::Interrupted,
            Self::Log { .. } => ErrorKind::Log,
            Self::Model { .. } | Self::Graph(_) => ErrorKind::Model,
            Self::Process { .. } => ErrorKind::Process,
            Self::File(_) => ErrorKind::Io,
            Self::Table(_) => ErrorKind::Table,
            Self::Space(_) => ErrorKind::Space,
            Self::Runtime(_) => ErrorKind::Runtime,
        }
    }

    /// The file at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Interrupted { path } | Self::Log { path, .. } => Some(path),
            Self::File(e) => Some(e.path()),
            Self::Graph(e) => e.path(),
            Self::Table(e) => e.path(),
            Self::Space(e) => e.path(),
            Self::Runtime(e) => e.path(),
            Self::Model { .. } | Self::Process { .. } => None,
        }
    }

    /// The node of the model at fault.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Graph(e) => e.node(),
            _ => None,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Runtime(e) => e.hint(),
            _ => None,
        }
    }

    /// An I/O error about `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        nneval_files::Error::io(path, source).into()
    }

    pub(crate) fn process(reason: impl Into<String>) -> Self {
        Self::Process { reason: reason.into(), source: None }
    }

    /// `what: source`.
    pub(crate) fn process_fails(
        what: impl std::fmt::Display,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Process { reason: format!("{what}: {source}"), source: Some(Box::new(source)) }
    }

    pub(crate) fn model(reason: impl Into<String>) -> Self {
        Self::Model { reason: reason.into(), source: None }
    }
}
