//! Sessions: a model opened with a provider, a thread count and a level of
//! graph optimisation.
//!
//! `ort::session::Session::run` takes `&mut self`; a program that runs one
//! model from several threads opens one session per thread.

use super::load::Runtime;
use super::one_line;
use super::provider::Provider;
use crate::error::{Error, Result};
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::Path;

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
}

impl Runtime {
    /// Opens a model given as bytes. Initialisers must be inside the model.
    ///
    /// # Errors
    /// [`Error::Runtime`] with ONNX Runtime's reason: the provider cannot be
    /// used, or the model is refused.
    pub fn session_from_memory(&self, model: &[u8], options: &SessionOptions) -> Result<Session> {
        let mut builder = self.builder(options)?;
        builder.commit_from_memory(model).map_err(|e| Error::Runtime(reason(options, &e)))
    }

    /// Opens a model file; external data is found relative to it.
    ///
    /// # Errors
    /// As [`session_from_memory`](Self::session_from_memory); a refused model
    /// is named by its path.
    pub fn session_from_file(&self, path: &Path, options: &SessionOptions) -> Result<Session> {
        let mut builder = self.builder(options)?;
        builder
            .commit_from_file(path)
            .map_err(|e| Error::Runtime(format!("{}: {}", path.display(), reason(options, &e))))
    }

    fn builder(&self, options: &SessionOptions) -> Result<SessionBuilder> {
        let threads = options.intra_threads;
        if i32::try_from(threads).is_err() {
            return Err(Error::Runtime(format!("{threads} threads are too many")));
        }
        let configure = || -> ort::Result<SessionBuilder> {
            let builder = Session::builder(&self.environment)?
                .with_intra_threads(threads)?
                .with_optimization_level(options.optimization.into())?;
            Ok(builder.with_execution_providers(options.provider.dispatch())?)
        };
        configure().map_err(|e| Error::Runtime(reason(options, &e)))
    }
}

/// ONNX Runtime's reason, behind the provider that was asked for.
fn reason(options: &SessionOptions, error: &ort::Error) -> String {
    format!("provider {}: {}", options.provider, one_line(without_origin(error.message())))
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
