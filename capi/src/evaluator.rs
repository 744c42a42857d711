//! Evaluators: loading, provider, names of metrics.

use crate::argument::{path, reference};
use crate::error::Error;
use crate::guard::{guard, guard_value, release};
use crate::options::Options;
use crate::output::Output;
use crate::status::Status;
use crate::telemetry::forbid_telemetry;
use crate::text::c_string;
use crate::workers::Workers;
use nneval_evaluator::Bundle;
use nneval_runtime::Placement;
use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr::null;
use std::sync::Arc;

/// A loaded evaluator.
pub struct Evaluator {
    pub(crate) inner: nneval_evaluator::Evaluator,
    pub(crate) workers: Workers,
    pub(crate) metrics: Arc<[MetricNames]>,
    name: CString,
    provider: CString,
}

/// What a metric is called; predictions share it.
pub(crate) struct MetricNames {
    pub(crate) name: CString,
    pub(crate) unit: CString,
    /// 1: larger is better; -1: smaller; 0: unknown.
    direction: i32,
}

impl Evaluator {
    fn load(folder: &Path, options: &Options) -> Result<Self, Error> {
        let bundle = Bundle::open(folder)?;
        let manifest = &bundle.manifest;
        let name = c_string(manifest.name.as_str());
        let metrics = manifest
            .metrics
            .iter()
            .map(|m| MetricNames {
                name: c_string(m.spec.name.as_str()),
                unit: c_string(m.spec.unit.as_str()),
                direction: m.spec.higher_is_better.map_or(0, |up| if up { 1 } else { -1 }),
            })
            .collect();
        let inner = options.builder().load_bundle(bundle)?;
        let provider = c_string(inner.provider().name());
        Ok(Self { inner, workers: Workers::start(options.threads)?, metrics, name, provider })
    }
}

/// Loads the evaluator in `folder`, with the CPU and all cores where `options`
/// is NULL. Nothing is downloaded. ONNX Runtime's library is loaded by the first
/// evaluator and stays until the process ends; a later one that asks for another
/// library is refused. Safe from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_load(
    folder: *const c_char,
    options: *const Options,
    evaluator: *mut *mut Evaluator,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let out = Output::new(evaluator, "evaluator")?;
            let folder = path(folder, "folder")?;
            forbid_telemetry();
            let loaded = match options.as_ref() {
                Some(options) => Evaluator::load(folder, options)?,
                None => Evaluator::load(folder, &Options::default())?,
            };
            out.give(loaded);
            Ok(())
        })
    }
}

/// Name of the evaluator; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_name(evaluator: *const Evaluator) -> *const c_char {
    guard_value(null(), || {
        // SAFETY: the header's convention.
        unsafe { evaluator.as_ref() }.map_or(null(), |e| e.name.as_ptr())
    })
}

/// The execution provider that is used: "cpu", "cuda" or "tensorrt"; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_provider(evaluator: *const Evaluator) -> *const c_char {
    guard_value(null(), || {
        // SAFETY: the header's convention.
        unsafe { evaluator.as_ref() }.map_or(null(), |e| e.provider.as_ptr())
    })
}

/// The share of the model's nodes that the provider took, over 0 up to 1; the CPU
/// runs the others. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_provider_share(evaluator: *const Evaluator) -> f64 {
    let share = |e: &Evaluator| e.inner.placement().map_or(1.0, Placement::share);
    // SAFETY: the header's convention.
    guard_value(0.0, || unsafe { evaluator.as_ref() }.map_or(0.0, share))
}

/// Number of metrics that the evaluator predicts; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_metric_count(evaluator: *const Evaluator) -> usize {
    // SAFETY: the header's convention.
    guard_value(0, || unsafe { evaluator.as_ref() }.map_or(0, |e| e.metrics.len()))
}

/// A name or unit of the metric at `index`; NULL where there is none.
///
/// # Safety
/// `evaluator` is NULL, or an evaluator that lives.
unsafe fn metric_text(
    evaluator: *const Evaluator,
    index: usize,
    of: impl Fn(&MetricNames) -> &CString,
) -> *const c_char {
    guard_value(null(), || {
        // SAFETY: as the caller promises.
        let metric = unsafe { reference(evaluator, "evaluator") }.ok();
        metric.and_then(|e| e.metrics.get(index)).map_or(null(), |m| of(m).as_ptr())
    })
}

/// Name of the metric at `index`, from 0; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_metric_name(
    evaluator: *const Evaluator,
    index: usize,
) -> *const c_char {
    // SAFETY: the header's convention.
    unsafe { metric_text(evaluator, index, |m| &m.name) }
}

/// Unit of the metric at `index`, from 0: "" where it is a plain number or
/// unknown; NULL where there is no such metric.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_metric_unit(
    evaluator: *const Evaluator,
    index: usize,
) -> *const c_char {
    // SAFETY: the header's convention.
    unsafe { metric_text(evaluator, index, |m| &m.unit) }
}

/// What is better of the metric at `index`, from 0: 1 where larger values are, -1
/// where smaller ones are, 0 where that is unknown or there is no such metric.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_metric_direction(
    evaluator: *const Evaluator,
    index: usize,
) -> i32 {
    guard_value(0, || {
        // SAFETY: the header's convention.
        let evaluator = unsafe { evaluator.as_ref() };
        evaluator.and_then(|e| e.metrics.get(index)).map_or(0, |m| m.direction)
    })
}

/// Frees an evaluator and ends its threads. Its predictions do not need it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_evaluator_free(evaluator: *mut Evaluator) {
    // SAFETY: the header's convention.
    unsafe { release(evaluator) }
}
