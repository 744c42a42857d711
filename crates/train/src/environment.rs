//! Environment of a training run: threads, provider, versions.

use nneval_runtime::{Runtime, SessionOptions};
use serde::{Deserialize, Serialize};

/// What the bits of a step depend on beside settings and data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Threads within an operator, as many as there are.
    pub threads: usize,
    /// Execution provider.
    pub provider: String,
    /// Version of ONNX Runtime.
    pub onnxruntime: String,
    /// Version of nneval.
    pub nneval: String,
}

impl Environment {
    /// That of a training session.
    pub fn new(runtime: &Runtime, session: &SessionOptions) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads: if session.intra_threads == 0 { cores() } else { session.intra_threads },
            provider: session.provider.to_string(),
            onnxruntime: runtime.version(),
            nneval: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { threads, provider, onnxruntime, nneval } = self;
        write!(
            f,
            "{threads} threads, provider {provider}, ONNX Runtime {onnxruntime}, nneval {nneval}"
        )
    }
}
