//! Sessions: a model opened with a provider, a thread count and a level of
//! graph optimisation.
//!
//! `ort::session::Session::run` takes `&mut self`; a program that runs one
//! model from several threads opens one session per thread.

use super::load::Runtime;
use super::one_line;
use super::placement::Placement;
use super::provider::Provider;
use super::tensorrt::{self, TensorRt};
use crate::error::{Error, Result};
use nneval_files::sha256;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::Path;
use std::sync::Arc;

/// How far ONNX Runtime rewrites a graph before running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Optimization {
    /// The graph runs as written.
    Off,
    /// Constant folding and removal of redundant nodes.
    Basic,
    /// Basic, and fusion of nodes.
    Extended,
    /// Everything, layout changes among it.
    #[default]
    Full,
}

impl From<Optimization> for GraphOptimizationLevel {
    fn from(level: Optimization) -> Self {
        match level {
            Optimization::Off => Self::Disable,
            Optimization::Basic => Self::Level1,
            Optimization::Extended => Self::Level2,
            Optimization::Full => Self::All,
        }
    }
}

/// How a session is opened. The default: CPU, all cores, full optimisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionOptions {
    /// The execution provider; used, or opening the session fails.
    pub provider: Provider,
    /// Threads within an operator; 0 lets ONNX Runtime use all cores.
    pub intra_threads: usize,
    /// Graph optimisation.
    pub optimization: Optimization,
    /// What TensorRT is told, where it is the provider.
    pub tensorrt: TensorRt,
}

/// Where a model is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Model<'a> {
    /// ONNX bytes; initialisers must be inside.
    Bytes(&'a [u8]),
    /// A file; external data is found relative to it.
    File(&'a Path),
}

/// What is told the messages of a session, the most detailed among them.
pub(super) type Listener = Box<dyn Fn(&str) + Send + Sync>;

impl Runtime {
    /// Opens a model given as bytes. Initialisers must be inside the model.
    ///
    /// # Errors
    /// [`Error::Runtime`] with ONNX Runtime's reason: the provider cannot be
    /// used or takes none of the nodes, or the model is refused.
    pub fn session_from_memory(&self, model: &[u8], options: &SessionOptions) -> Result<Session> {
        self.placed_session(model, options).map(|(session, _)| session)
    }

    /// As [`session_from_memory`](Self::session_from_memory), with the share of
    /// the nodes that the provider took; `None` for the CPU, which takes all.
    ///
    /// # Errors
    /// As [`session_from_memory`](Self::session_from_memory).
    pub fn placed_session(
        &self,
        model: &[u8],
        options: &SessionOptions,
    ) -> Result<(Session, Option<Placement>)> {
        let model = Model::Bytes(model);
        let placement = match options.provider {
            Provider::Cpu => None,
            _ => Some(self.placement_of(model, options)?),
        };
        placement.as_ref().map_or(Ok(()), Placement::check)?;
        Ok((self.open(model, options, None)?, placement))
    }

    /// Opens a model file; external data is found relative to it. Whether the
    /// provider takes any of its nodes,
    /// [`placement_in_file`](Self::placement_in_file) tells.
    ///
    /// # Errors
    /// [`Error::Runtime`] with ONNX Runtime's reason: the provider cannot be
    /// used, or the model, which is named by its path, is refused.
    pub fn session_from_file(&self, path: &Path, options: &SessionOptions) -> Result<Session> {
        self.open(Model::File(path), options, None)
    }

    pub(super) fn open(
        &self,
        model: Model,
        options: &SessionOptions,
        listener: Option<Listener>,
    ) -> Result<Session> {
        let keeps = options.provider == Provider::TensorRt && options.tensorrt.keep_engines;
        let key = match model {
            Model::Bytes(bytes) if keeps => Some(sha256(bytes)),
            _ => None,
        };
        let session = self.open_with(model, options, listener, key.as_deref());
        if let (Err(_), Some(key)) = (&session, &key) {
            tensorrt::discard_empty(key);
        }
        session
    }

    fn open_with(
        &self,
        model: Model,
        options: &SessionOptions,
        listener: Option<Listener>,
        key: Option<&str>,
    ) -> Result<Session> {
        let mut builder = self.builder(options, key)?;
        if let Some(listener) = listener {
            let listen = move |_: LogLevel, _: &str, _: &str, _: &str, text: &str| listener(text);
            let heard = |b: SessionBuilder| -> ort::Result<SessionBuilder> {
                Ok(b.with_logger(Arc::new(listen))?.with_log_level(LogLevel::Verbose)?)
            };
            builder = heard(builder).map_err(|e| Error::Runtime(with_remedy(options, &e)))?;
        }
        let (session, file) = match model {
            Model::Bytes(bytes) => (builder.commit_from_memory(bytes), String::new()),
            Model::File(path) => (builder.commit_from_file(path), format!("{}: ", path.display())),
        };
        session.map_err(|e| {
            let told = if self.is_at_fault(model, options) { reason } else { with_remedy };
            Error::Runtime(file + &told(options, &e))
        })
    }

    /// Whether a model that a GPU provider refused is refused by the CPU too.
    fn is_at_fault(&self, model: Model, options: &SessionOptions) -> bool {
        let cpu = SessionOptions { provider: Provider::Cpu, ..*options };
        options.provider != Provider::Cpu && self.open(model, &cpu, None).is_err()
    }

    fn builder(&self, options: &SessionOptions, key: Option<&str>) -> Result<SessionBuilder> {
        let threads = options.intra_threads;
        if i32::try_from(threads).is_err() {
            return Err(Error::Runtime(format!("{threads} threads are too many")));
        }
        let configure = || -> ort::Result<SessionBuilder> {
            let builder = Session::builder(&self.environment)?
                .with_intra_threads(threads)?
                .with_optimization_level(options.optimization.into())?;
            let providers = options.provider.dispatch(&options.tensorrt, key);
            Ok(builder.with_execution_providers(providers)?)
        };
        configure().map_err(|e| Error::Runtime(with_remedy(options, &e)))
    }
}

/// ONNX Runtime's reason, behind the provider that was asked for.
fn reason(options: &SessionOptions, error: &ort::Error) -> String {
    let reason = one_line(without_origin(error.message()));
    format!("provider {}: {}", options.provider, reason.trim_end_matches('.'))
}

/// The same before what that provider needs.
fn with_remedy(options: &SessionOptions, error: &ort::Error) -> String {
    reason(options, error) + &options.provider.after_reason()
}

/// `message` without the source line and the code that ONNX Runtime puts before
/// its reason: `FILE:LINE FUNCTION [ONNXRuntimeError] : 1 : FAIL : REASON`.
fn without_origin(message: &str) -> &str {
    let Some((_, coded)) = message.rsplit_once("[ONNXRuntimeError] : ") else { return message };
    coded.splitn(3, " : ").nth(2).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_what_follows_origin_and_code() {
        let long = "/a/b.cc:17 Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load x : y";
        assert_eq!(without_origin(long), "Failed to load x : y");
        assert_eq!(without_origin("plain : a : b : c"), "plain : a : b : c");
        assert_eq!(without_origin("[ONNXRuntimeError] : 1"), "[ONNXRuntimeError] : 1");
    }
}
