//! Sessions: a model opened with a provider, a thread count and a level of
//! graph optimisation.
//!
//! `ort::session::Session::run` takes `&mut self`; a program that runs one
//! model from several threads opens one session per thread.

use super::load::Runtime;
use super::one_line;
use super::provider::Provider;
use crate::error::{Error, Result};
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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

    /// Opens a model file a second time to see where its nodes are placed:
    /// execution providers, as ONNX Runtime spells them, and the number of nodes
    /// that each runs after optimisation.
    ///
    /// # Errors
    /// As [`session_from_file`](Self::session_from_file).
    pub fn placement(&self, path: &Path, options: &SessionOptions) -> Result<Vec<(String, u64)>> {
        let said = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&said);
        let listen = move |_: LogLevel, _: &str, _: &str, _: &str, text: &str| {
            let found = placed(text);
            listener.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        };
        let configure = |builder: SessionBuilder| -> ort::Result<SessionBuilder> {
            Ok(builder.with_logger(Arc::new(listen))?.with_log_level(LogLevel::Verbose)?)
        };
        let builder = configure(self.builder(options)?);
        let mut builder = builder.map_err(|e| Error::Runtime(reason(options, &e)))?;
        builder
            .commit_from_file(path)
            .map_err(|e| Error::Runtime(format!("{}: {}", path.display(), reason(options, &e))))?;
        Ok(std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner)))
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

/// Provider and number of nodes from ONNX Runtime's words, ` Node(s) placed on
/// [NAME]. Number of nodes: N` or ` All nodes placed on [NAME]. …`.
fn placed(text: &str) -> Option<(String, u64)> {
    let (_, rest) = text.split_once("odes placed on [").or(text.split_once("ode(s) placed on ["))?;
    let (name, rest) = rest.split_once(']')?;
    let count = rest.rsplit_once(':')?.1.trim().parse().ok()?;
    Some((name.to_owned(), count))
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
    fn placement_is_read_from_the_log() {
        let cpu = || "CPUExecutionProvider".to_owned();
        let all = " All nodes placed on [CPUExecutionProvider]. Number of nodes: 3";
        assert_eq!(placed(all), Some((cpu(), 3)));
        let some = " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 12";
        assert_eq!(placed(some), Some((cpu(), 12)));
        assert_eq!(placed("   Conv (conv1)"), None);
    }

    #[test]
    fn the_reason_is_what_follows_origin_and_code() {
        let long = "/a/b.cc:17 Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load x : y";
        assert_eq!(without_origin(long), "Failed to load x : y");
        assert_eq!(without_origin("plain : a : b : c"), "plain : a : b : c");
        assert_eq!(without_origin("[ONNXRuntimeError] : 1"), "[ONNXRuntimeError] : 1");
    }
}
