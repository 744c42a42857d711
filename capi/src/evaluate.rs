//! Evaluating: files, models in memory, operation strings; one or many.

use crate::argument::{path, reference, slice, some_text};
use crate::batch::Batch;
use crate::buffer::{Buffer, Memory};
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::guard::guard;
use crate::output::Output;
use crate::prediction::Prediction;
use crate::status::Status;
use nneval::evaluator as core;
use nneval::graph::Limits;
use std::ffi::c_char;
use std::path::PathBuf;

type Results = Vec<Result<Prediction, Error>>;

impl Evaluator {
    fn files(&self, paths: &[PathBuf]) -> Results {
        let limits = Limits::default();
        self.shared(self.workers.run(|| self.inner.evaluate_files(paths, &limits)))
    }

    fn models(&self, models: &[Memory]) -> Results {
        self.shared(self.workers.run(|| self.inner.evaluate_each(models, Memory::operation_string)))
    }

    fn strings(&self, strings: &[&str]) -> Results {
        self.shared(self.workers.run(|| self.inner.evaluate_strings(strings)))
    }

    fn shared(&self, results: Vec<nneval::Result<core::Prediction>>) -> Results {
        let one =
            |r: nneval::Result<core::Prediction>| Ok(Prediction::new(r?, self.metrics.clone()));
        results.into_iter().map(one).collect()
    }
}

/// The one result of a call for one network.
fn only(results: Results) -> Result<Prediction, Error> {
    let none = || nneval::Error::Runtime("no prediction".into()).into();
    results.into_iter().next().unwrap_or_else(|| Err(none()))
}

/// Evaluates the ONNX file at `path`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_file(
    evaluator: *const Evaluator,
    path: *const c_char,
    prediction: *mut *mut Prediction,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(prediction, "prediction")?;
            let file = self::path(path, "path")?.to_owned();
            out.give(only(evaluator.files(&[file]))?);
            Ok(())
        })
    }
}

/// Evaluates an ONNX model in memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_buffer(
    evaluator: *const Evaluator,
    buffer: *const Buffer,
    prediction: *mut *mut Prediction,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(prediction, "prediction")?;
            let model = Memory::new(reference(buffer, "buffer")?)?;
            out.give(only(evaluator.models(&[model]))?);
            Ok(())
        })
    }
}

/// Evaluates an operation string. Its grammar is not checked
/// (`nneval_operation_string_check` does that), only that it is not empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_string(
    evaluator: *const Evaluator,
    string: *const c_char,
    prediction: *mut *mut Prediction,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(prediction, "prediction")?;
            let string = some_text(string, "string")?;
            out.give(only(evaluator.strings(&[string]))?);
            Ok(())
        })
    }
}

/// Evaluates `count` ONNX files together, which is faster than one by one.
/// Answers `NNEVAL_STATUS_OK` also where some, or all, have failed: a bad file
/// fails alone, and `nneval_batch_get` tells.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_files(
    evaluator: *const Evaluator,
    paths: *const *const c_char,
    count: usize,
    batch: *mut *mut Batch,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(batch, "batch")?;
            let file = |p: &*const c_char| path(*p, "paths").map(ToOwned::to_owned);
            let paths: Result<Vec<PathBuf>, Error> =
                slice(paths, count, "paths")?.iter().map(file).collect();
            out.give(Batch(evaluator.files(&paths?)));
            Ok(())
        })
    }
}

/// Evaluates `count` ONNX models in memory together, as `nneval_evaluate_files`
/// does files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_buffers(
    evaluator: *const Evaluator,
    buffers: *const Buffer,
    count: usize,
    batch: *mut *mut Batch,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(batch, "batch")?;
            let buffers = slice(buffers, count, "buffers")?;
            let models: Result<Vec<Memory>, Error> =
                buffers.iter().map(|b| Memory::new(b)).collect();
            out.give(Batch(evaluator.models(&models?)));
            Ok(())
        })
    }
}

/// Evaluates `count` operation strings together, as `nneval_evaluate_files`
/// does files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_strings(
    evaluator: *const Evaluator,
    strings: *const *const c_char,
    count: usize,
    batch: *mut *mut Batch,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(batch, "batch")?;
            let strings = slice(strings, count, "strings")?;
            let strings: Result<Vec<&str>, Error> =
                strings.iter().map(|s| some_text(*s, "strings")).collect();
            out.give(Batch(evaluator.strings(&strings?)));
            Ok(())
        })
    }
}
