//! Errors of ONNX Runtime: what failed, with which provider, and what helps.

use crate::provider::{Provider, UnknownProvider};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The error beneath another one.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why ONNX Runtime cannot do what it was asked for.
///
/// `Display` writes the whole message. What may help is [`Error::hint`]: a program words it for
/// its own users.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder of the cache could not be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason that the operating system gives.
        #[source]
        cause: Arc<std::io::Error>,
    },
    /// The shared library is missing, or does not work.
    #[error("ONNX Runtime: {}{reason}", prefix(path.as_deref()))]
    Library {
        /// The library; `None` where none is known.
        path: Option<PathBuf>,
        /// The reason.
        reason: String,
        /// What may help.
        hint: Option<Hint>,
    },
    /// The shared library cannot be fetched.
    #[error("ONNX Runtime: {reason}")]
    Install {
        /// The reason.
        reason: String,
        /// What may help.
        hint: Option<Hint>,
    },
    /// An execution provider cannot be used, or takes no node of the model.
    #[error("ONNX Runtime: {}provider {provider}: {reason}", prefix(model.as_deref()))]
    Provider {
        /// The provider.
        provider: Provider,
        /// The model's file; `None` for a model in memory.
        model: Option<PathBuf>,
        /// The reason.
        reason: String,
        /// What may help.
        hint: Option<Hint>,
        /// The error of ONNX Runtime.
        #[source]
        cause: Option<Cause>,
    },
    /// A model is refused, whatever the provider.
    #[error("ONNX Runtime: {}provider {provider}: {reason}", prefix(model.as_deref()))]
    Model {
        /// The provider that was asked for.
        provider: Provider,
        /// The model's file; `None` for a model in memory.
        model: Option<PathBuf>,
        /// The reason.
        reason: String,
        /// The error of ONNX Runtime.
        #[source]
        cause: Option<Cause>,
    },
    /// An open model cannot be run.
    #[error("ONNX Runtime: {reason}")]
    Run {
        /// The reason.
        reason: String,
        /// The error of ONNX Runtime.
        #[source]
        cause: Option<Cause>,
    },
    /// The request cannot be met by any library.
    #[error("ONNX Runtime: {0}")]
    Request(String),
    /// No execution provider has that name.
    #[error("ONNX Runtime: {0}")]
    UnknownProvider(#[from] UnknownProvider),
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder could not be read or written.
    Io,
    /// The shared library is missing, or does not work.
    Library,
    /// The shared library cannot be fetched.
    Install,
    /// An execution provider cannot be used.
    Provider,
    /// A model is refused.
    Model,
    /// An open model cannot be run.
    Run,
    /// The request is not valid.
    Request,
}

/// What may help against an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// Name a shared library: no library can be fetched for this platform.
    NameLibrary,
    /// Name a shared library, or make Python's pip work, which fetches one.
    NameOrInstallLibrary,
    /// Install ONNX Runtime's GPU library, and what this provider needs beside it.
    InstallGpuLibrary(Provider),
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Io,
            Self::Library { .. } => ErrorKind::Library,
            Self::Install { .. } => ErrorKind::Install,
            Self::Provider { .. } => ErrorKind::Provider,
            Self::Model { .. } => ErrorKind::Model,
            Self::Run { .. } => ErrorKind::Run,
            Self::Request(_) | Self::UnknownProvider(_) => ErrorKind::Request,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Library { hint, .. }
            | Self::Install { hint, .. }
            | Self::Provider { hint, .. } => *hint,
            _ => None,
        }
    }

    /// The execution provider that was asked for.
    pub fn provider(&self) -> Option<Provider> {
        match self {
            Self::Provider { provider, .. } | Self::Model { provider, .. } => Some(*provider),
            _ => None,
        }
    }

    /// The file or folder at fault.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. } => Some(path),
            Self::Library { path, .. } => path.as_deref(),
            Self::Provider { model, .. } | Self::Model { model, .. } => model.as_deref(),
            _ => None,
        }
    }

    /// The reason alone, without file and provider.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { cause, .. } => cause.to_string(),
            Self::Library { reason, .. }
            | Self::Install { reason, .. }
            | Self::Provider { reason, .. }
            | Self::Model { reason, .. }
            | Self::Run { reason, .. }
            | Self::Request(reason) => reason.clone(),
            Self::UnknownProvider(e) => e.to_string(),
        }
    }

    /// An I/O error about `path`.
    #[cfg(feature = "install")]
    pub(crate) fn io(path: impl AsRef<Path>, cause: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), cause: Arc::new(cause) }
    }

    /// A library that does not work.
    pub(crate) fn library(path: &Path, reason: impl Into<String>) -> Self {
        Self::Library { path: Some(path.to_owned()), reason: reason.into(), hint: None }
    }

    /// A provider that cannot be used, where ONNX Runtime has no error of its own.
    pub(crate) fn provider_fails(provider: Provider, reason: String) -> Self {
        Self::Provider { provider, model: None, reason, hint: None, cause: None }
    }

    /// A run that fails with an error of ONNX Runtime.
    pub(crate) fn run_fails(e: ort::Error) -> Self {
        Self::Run { reason: e.to_string(), cause: Some(Arc::new(e)) }
    }

    /// A run that fails, where ONNX Runtime has no error of its own.
    pub(crate) fn run(reason: impl Into<String>) -> Self {
        Self::Run { reason: reason.into(), cause: None }
    }
}

/// `PATH: ` in front of a reason.
fn prefix(path: Option<&Path>) -> String {
    path.map(|p| format!("{}: ", p.display())).unwrap_or_default()
}

/// A message of ONNX Runtime, pip or the loader on one line.
pub(crate) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
