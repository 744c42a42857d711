//! Options of a loaded evaluator: provider, threads, memory, limits.

use nneval_runtime::Provider;

/// How an evaluator is loaded.
///
/// ```
/// use nneval_evaluator::Options;
/// let options = Options::default().with_threads(2).with_cache_bytes(0);
/// assert_eq!(options.threads, 2);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Options {
    /// Execution provider.
    pub provider: Provider,
    /// CPU threads; 0: all cores.
    pub threads: usize,
    /// Lets TensorRT compute in half precision; other providers never do.
    pub fp16: bool,
    /// Memory in bytes, about, for predictions that are kept by operation string; 0 keeps none.
    pub cache_bytes: usize,
}

impl Default for Options {
    /// The CPU, all cores, 64 MB of predictions.
    fn default() -> Self {
        Self { provider: Provider::Cpu, threads: 0, fp16: false, cache_bytes: 64_000_000 }
    }
}

impl Options {
    /// The same with another execution provider.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    /// The same with so many CPU threads; 0: all cores.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// The same with half precision allowed or not.
    #[must_use]
    pub fn with_fp16(self, fp16: bool) -> Self {
        Self { fp16, ..self }
    }

    /// The same with so much memory for predictions that are kept.
    #[must_use]
    pub fn with_cache_bytes(self, cache_bytes: usize) -> Self {
        Self { cache_bytes, ..self }
    }
}
