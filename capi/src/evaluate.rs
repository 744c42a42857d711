//! Evaluation of files, models in memory and operation strings; one or many.

use crate::argument::{path, reference, slice, some_text};
use crate::batch::Batch;
use crate::buffer::{Buffer, Memory};
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::guard::guard;
use crate::output::Output;
use crate::prediction::Prediction;
use crate::status::Status;
use nneval_evaluator as core;
use std::ffi::c_char;
use std::path::PathBuf;

type Results = Vec<Result<Prediction, Error>>;

impl Evaluator {
    fn files(&self, paths: &[PathBuf]) -> Results {
        self.shared(self.workers.run(|| self.inner.evaluate_files(paths)))
    }

    fn models(&self, models: &[Memory]) -> Results {
        self.shared(
            self.workers.run(|| self.inner.evaluate_each(models, |m| m.network(&self.inner))),
        )
    }

    fn strings(&self, strings: &[&str]) -> Results {
        self.shared(self.workers.run(|| self.inner.evaluate_strings(strings)))
    }

    fn shared(&self, results: Vec<core::Result<core::Prediction>>) -> Results {
        let one = |r: core::Result<core::Prediction>| Ok(Prediction::new(r?, self.metrics.clone()));
        results.into_iter().map(one).collect()
    }
}

/// Results in the order of `items`: of those that are well-formed by `work`, of the
/// others their own errors.
fn each<T>(items: Vec<Result<T, Error>>, work: impl FnOnce(&[T]) -> Results) -> Results {
    let (mut good, mut places) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for item in items {
        places.push(item.map(|item| good.push(item)));
    }
    let mut results = work(&good).into_iter();
    let none = || Err(Error::other("a network has no prediction"));
    places
        .into_iter()
        .map(|place| place.and_then(|()| results.next().unwrap_or_else(none)))
        .collect()
}

/// The one result of a call for one network.
fn only(results: Results) -> Result<Prediction, Error> {
    let none = || Err(Error::other("a network has no prediction"));
    results.into_iter().next().unwrap_or_else(none)
}

/// An entry point for one network: `work` looks at its argument and evaluates.
///
/// # Safety
/// The header's convention, for all three.
unsafe fn one(
    evaluator: *const Evaluator,
    prediction: *mut *mut Prediction,
    error: *mut *mut Error,
    work: impl FnOnce(&Evaluator) -> Result<Results, Error>,
) -> Status {
    // SAFETY: as the caller promises.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(prediction, "prediction")?;
            out.give(only(work(evaluator)?)?);
            Ok(())
        })
    }
}

/// An entry point for many networks, as [`one`] for one.
///
/// # Safety
/// The header's convention, for all three.
unsafe fn many(
    evaluator: *const Evaluator,
    batch: *mut *mut Batch,
    error: *mut *mut Error,
    work: impl FnOnce(&Evaluator) -> Result<Results, Error>,
) -> Status {
    // SAFETY: as the caller promises.
    unsafe {
        guard(error, || {
            let evaluator = reference(evaluator, "evaluator")?;
            let out = Output::new(batch, "batch")?;
            out.give(Batch(work(evaluator)?));
            Ok(())
        })
    }
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
        one(evaluator, prediction, error, |evaluator| {
            let file = self::path(path, "path")?.to_owned();
            Ok(evaluator.files(&[file]))
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
        one(evaluator, prediction, error, |evaluator| {
            let model = Memory::new(reference(buffer, "buffer")?)?;
            Ok(evaluator.models(&[model]))
        })
    }
}

/// Evaluates an operation string, which must not be empty;
/// `NNEVAL_STATUS_OPERATION_STRING` where it does not follow the grammar.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluate_string(
    evaluator: *const Evaluator,
    string: *const c_char,
    prediction: *mut *mut Prediction,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        one(evaluator, prediction, error, |evaluator| {
            Ok(evaluator.strings(&[some_text(string, "string")?]))
        })
    }
}

/// Evaluates `count` ONNX files together, which is faster than one by one.
/// Answers `NNEVAL_STATUS_OK` also where some, or all, have failed: a bad file
/// fails alone, and `nneval_batch_get` tells; so does an entry that is NULL or an
/// empty path.
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
        many(evaluator, batch, error, |evaluator| {
            let file = |p: &*const c_char| path(*p, "paths").map(ToOwned::to_owned);
            let paths = slice(paths, count, "paths")?.iter().map(file).collect();
            Ok(each(paths, |paths| evaluator.files(paths)))
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
        many(evaluator, batch, error, |evaluator| {
            let buffers = slice(buffers, count, "buffers")?;
            let models = buffers.iter().map(|b| Memory::new(b)).collect();
            Ok(each(models, |models| evaluator.models(models)))
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
        many(evaluator, batch, error, |evaluator| {
            let strings = slice(strings, count, "strings")?;
            let strings = strings.iter().map(|s| some_text(*s, "strings")).collect();
            Ok(each(strings, |strings| evaluator.strings(strings)))
        })
    }
}
