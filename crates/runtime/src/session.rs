//! Sessions: a model opened with a provider, a thread count and a level of
//! graph optimisation.

use crate::error::{Error, Hint, Result, one_line};
use crate::load::Runtime;
use crate::provider::Provider;
use crate::tensorrt::{self, TensorRt};
use ndarray::{ArrayD, ArrayViewD};
use nneval_files::sha256;
use ort::logging::LogLevel;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session as OrtSession, SessionInputValue};
use ort::value::TensorRef;
use std::borrow::Cow;
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
///
/// ```
/// use nneval_runtime::{Provider, SessionOptions};
/// let options = SessionOptions::default().with_provider(Provider::Cuda).with_threads(2);
/// assert_eq!(options.intra_threads, 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
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

impl SessionOptions {
    /// The same with another execution provider.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    /// The same with so many threads within an operator; 0: all cores.
    #[must_use]
    pub fn with_threads(self, intra_threads: usize) -> Self {
        Self { intra_threads, ..self }
    }

    /// The same with another level of graph optimisation.
    #[must_use]
    pub fn with_optimization(self, optimization: Optimization) -> Self {
        Self { optimization, ..self }
    }

    /// The same with other options of TensorRT.
    #[must_use]
    pub fn with_tensorrt(self, tensorrt: TensorRt) -> Self {
        Self { tensorrt, ..self }
    }
}

/// Where a model is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Model<'a> {
    /// ONNX bytes; initialisers must be inside.
    Bytes(&'a [u8]),
    /// A file; external data is found relative to it.
    File(&'a Path),
}

/// What is told the messages of a session, the most detailed among them.
pub(crate) type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// An open model. Running it takes `&mut self`: a program that runs one model
/// from several threads opens one session a thread.
#[derive(Debug)]
pub struct Session(OrtSession);

impl Session {
    /// Runs the model on integer inputs, by name. The result has an array for
    /// each of the `outputs`, which must be of single precision.
    ///
    /// # Errors
    /// [`Error::Run`]: ONNX Runtime's reason, or an output that is missing or of
    /// another type.
    pub fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<i64>)],
        outputs: &[&str],
    ) -> Result<Vec<ArrayD<f32>>> {
        let mut feeds: Vec<(Cow<str>, SessionInputValue)> = Vec::with_capacity(inputs.len());
        for (name, array) in inputs {
            let tensor = TensorRef::from_array_view(array.view()).map_err(Error::run_fails)?;
            feeds.push((Cow::from(*name), tensor.into()));
        }
        let found = self.0.run(feeds).map_err(Error::run_fails)?;
        let array = |name: &&str| {
            let value = found.get(*name);
            let value = value.ok_or_else(|| Error::run(format!("no output {name:?}")))?;
            Ok(value.try_extract_array::<f32>().map_err(Error::run_fails)?.to_owned())
        };
        outputs.iter().map(array).collect()
    }

    /// The session of the `ort` crate, for nneval's own crates. No part of the
    /// public API: its type changes with every pre-release of `ort`.
    #[doc(hidden)]
    pub fn into_ort(self) -> OrtSession {
        self.0
    }
}

impl Runtime {
    /// Opens a model file; external data is found relative to it. Whether the
    /// provider takes any of its nodes,
    /// [`placement_in_file`](Self::placement_in_file) tells.
    ///
    /// # Errors
    /// [`Error::Provider`] where the provider cannot be used, [`Error::Model`]
    /// where the model is refused; both name the path.
    pub fn session_from_file(&self, path: &Path, options: &SessionOptions) -> Result<Session> {
        self.open(Model::File(path), options, None)
    }

    pub(crate) fn open(
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
            builder = heard(builder).map_err(|e| refused(options, None, e))?;
        }
        let (session, file) = match model {
            Model::Bytes(bytes) => (builder.commit_from_memory(bytes), None),
            Model::File(path) => (builder.commit_from_file(path), Some(path)),
        };
        session.map(Session).map_err(|e| match self.is_at_fault(model, options) {
            true => bad_model(options, file, e),
            false => refused(options, file, e),
        })
    }

    /// Whether a model that a GPU provider refused is refused by the CPU too.
    fn is_at_fault(&self, model: Model, options: &SessionOptions) -> bool {
        let cpu = SessionOptions { provider: Provider::Cpu, ..*options };
        options.provider == Provider::Cpu || self.open(model, &cpu, None).is_err()
    }

    fn builder(&self, options: &SessionOptions, key: Option<&str>) -> Result<SessionBuilder> {
        let threads = options.intra_threads;
        if i32::try_from(threads).is_err() {
            return Err(Error::Request(format!("{threads} threads are too many")));
        }
        let configure = || -> ort::Result<SessionBuilder> {
            let builder = OrtSession::builder(&self.environment)?
                .with_intra_threads(threads)?
                .with_optimization_level(options.optimization.into())?;
            let providers = options.provider.dispatch(&options.tensorrt, key);
            Ok(builder.with_execution_providers(providers)?)
        };
        configure().map_err(|e| refused(options, None, e))
    }
}

/// A provider that cannot be used, and what it needs.
fn refused(options: &SessionOptions, file: Option<&Path>, cause: ort::Error) -> Error {
    let provider = options.provider;
    Error::Provider {
        provider,
        model: file.map(Path::to_owned),
        reason: reason(&cause),
        hint: (provider != Provider::Cpu).then_some(Hint::InstallGpuLibrary(provider)),
        cause: Some(Arc::new(cause)),
    }
}

/// A model that no provider takes.
fn bad_model(options: &SessionOptions, file: Option<&Path>, cause: ort::Error) -> Error {
    Error::Model {
        provider: options.provider,
        model: file.map(Path::to_owned),
        reason: reason(&cause),
        cause: Some(Arc::new(cause)),
    }
}

/// ONNX Runtime's reason alone.
fn reason(error: &ort::Error) -> String {
    one_line(without_origin(error.message())).trim_end_matches('.').to_owned()
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
