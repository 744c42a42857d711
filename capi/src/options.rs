//! Options: provider, threads, memory, ONNX Runtime's library.

use crate::argument::{path, reference_mut, text};
use crate::error::Error;
use crate::guard::{guard, release};
use crate::output::Output;
use crate::status::Status;
use nneval_evaluator::EvaluatorBuilder;
use nneval_graph::Limits;
use nneval_runtime::ProviderSelection;
use std::ffi::c_char;
use std::path::PathBuf;

/// Threads at most.
const MOST_THREADS: u32 = 1024;

/// How an evaluator is loaded: provider, threads, ONNX Runtime's library.
#[derive(Debug, Clone, Default)]
pub struct Options {
    provider: ProviderSelection,
    pub(crate) threads: usize,
    fp16: bool,
    cache_bytes: Option<usize>,
    library: Option<PathBuf>,
    limits: Limits,
}

impl Options {
    /// The settings of an evaluator.
    pub(crate) fn builder(&self) -> EvaluatorBuilder {
        let builder = nneval_evaluator::Evaluator::builder();
        let builder = builder.provider(self.provider).threads(self.threads).fp16(self.fp16);
        let builder = builder.limits(self.limits.clone());
        let builder = self.cache_bytes.into_iter().fold(builder, EvaluatorBuilder::cache_bytes);
        self.library.iter().fold(builder, EvaluatorBuilder::library)
    }
}

/// Makes options: the CPU, all cores, ONNX Runtime where nneval finds it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_new(
    options: *mut *mut Options,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            Output::new(options, "options")?.give(Options::default());
            Ok(())
        })
    }
}

/// Sets the execution provider: "cpu", "cuda", "tensorrt", or "auto" for the best
/// that works. Loading fails where the named one cannot be used, or takes no node
/// of the model; nothing else is used instead. `nneval_evaluator_provider` tells
/// which is used, `nneval_evaluator_provider_share` for how much of the model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_set_provider(
    options: *mut Options,
    provider: *const c_char,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let options = reference_mut(options, "options")?;
            let name = text(provider, "provider")?;
            let unknown = |_| {
                let known = ProviderSelection::NAMES.join(", ");
                Error::invalid("provider", &format!("is {name:?}, which is none of {known}"))
            };
            options.provider = name.parse().map_err(unknown)?;
            Ok(())
        })
    }
}

/// Sets whether TensorRT may compute in half precision: 0 no, as without this
/// call, else yes. Loading fails where it may and the provider is another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_set_fp16(
    options: *mut Options,
    fp16: i32,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            reference_mut(options, "options")?.fp16 = fp16 != 0;
            Ok(())
        })
    }
}

/// Sets the number of CPU threads that the evaluator keeps and works on,
/// 0 (all cores) to 1024.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_set_threads(
    options: *mut Options,
    threads: u32,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let options = reference_mut(options, "options")?;
            if threads > MOST_THREADS {
                return Err(Error::invalid("threads", &format!("is over {MOST_THREADS}")));
            }
            options.threads = threads as usize;
            Ok(())
        })
    }
}

/// Sets the memory in bytes, about, for predictions that the evaluator keeps, so
/// that what is evaluated again is not encoded again: 64,000,000 without this call;
/// 0 keeps none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_set_cache(
    options: *mut Options,
    bytes: usize,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            reference_mut(options, "options")?.cache_bytes = Some(bytes);
            Ok(())
        })
    }
}

/// Sets a limit of model files: "file-bytes", "nodes", "entries", "depth", "dims",
/// "inlined-nodes", "work" (steps of some 50 nanoseconds) or "memory" (bytes beside
/// 96 for each of the file's). What goes beyond one is refused with its name. The
/// defaults keep a file below 2 seconds of processor time and 256 MiB beside 150
/// bytes for each of its own; functions without options have the defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_set_limit(
    options: *mut Options,
    name: *const c_char,
    value: u64,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let options = reference_mut(options, "options")?;
            let name = text(name, "name")?;
            match options.limits.set(name, value) {
                true => Ok(()),
                false => {
                    let known = Limits::NAMES.join(", ");
                    Err(Error::invalid("name", &format!("is {name:?}, which is none of {known}")))
                }
            }
        })
    }
}

/// Sets the path of ONNX Runtime's shared library (1.17 or later). Without it,
/// or with NULL, the environment variable ORT_DYLIB_PATH names the library, else
/// it is the one that the program nneval has installed into its cache.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_set_library(
    options: *mut Options,
    library: *const c_char,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let options = reference_mut(options, "options")?;
            options.library = match library.is_null() {
                true => None,
                false => Some(path(library, "library")?.to_owned()),
            };
            Ok(())
        })
    }
}

/// Frees options. Evaluators that were loaded with them do not need them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_options_free(options: *mut Options) {
    // SAFETY: the header's convention.
    unsafe { release(options) }
}
