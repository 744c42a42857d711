//! Predictions: metrics of one network.

use crate::argument::{reference, text};
use crate::error::Error;
use crate::evaluator::MetricNames;
use crate::guard::{guard, guard_value, release};
use crate::output::Output;
use crate::status::Status;
use nneval_evaluator as core;
use std::ffi::c_char;
use std::sync::Arc;

/// What is predicted of one network.
#[derive(Clone)]
pub struct Prediction {
    inner: Arc<core::Prediction>,
    names: Arc<[MetricNames]>,
}

/// One metric of a prediction.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name; lives as long as the prediction.
    pub name: *const c_char,
    /// Its unit, "" where it is a plain number or unknown; lives as long as the
    /// prediction.
    pub unit: *const c_char,
    /// The predicted value, in that unit.
    pub value: f64,
    /// Lower end of the 90 % interval, in that unit; NaN without an interval.
    pub lo: f64,
    /// Upper end of the 90 % interval, in that unit; NaN without an interval.
    pub hi: f64,
    /// Whether the evaluator is calibrated for this metric, so that there is an
    /// interval.
    pub has_interval: bool,
}

/// How near a network is to those that the evaluator was trained on.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// Share of networks like those trained on that lie at least as far out, 0 to 1.
    pub score: f64,
    /// Whether the network is outside what the evaluator has seen.
    pub flagged: bool,
}

impl Prediction {
    pub(crate) fn new(inner: core::Prediction, names: Arc<[MetricNames]>) -> Self {
        Self { inner: Arc::new(inner), names }
    }

    fn metric(&self, index: usize) -> Option<Metric> {
        let names = self.names.get(index)?;
        let core::Estimate { value, interval, .. } = *self.inner.estimates().get(index)?;
        let [lo, hi] = interval.unwrap_or([f64::NAN; 2]);
        let (name, unit) = (names.name.as_ptr(), names.unit.as_ptr());
        Some(Metric { name, unit, value, lo, hi, has_interval: interval.is_some() })
    }

    fn named(&self, name: &str) -> Result<Metric, Error> {
        let at = self.names.iter().position(|m| m.name.as_bytes() == name.as_bytes());
        let none = || Error::not_found(&format!("the evaluator predicts no metric {name:?}"));
        at.and_then(|i| self.metric(i)).ok_or_else(none)
    }
}

/// Number of metrics, in the order of the evaluator; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_metric_count(prediction: *const Prediction) -> usize {
    // SAFETY: the header's convention.
    guard_value(0, || unsafe { prediction.as_ref() }.map_or(0, |p| p.names.len()))
}

/// The metric called `name`; `NNEVAL_STATUS_NOT_FOUND` where the evaluator has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_metric(
    prediction: *const Prediction,
    name: *const c_char,
    metric: *mut Metric,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let prediction = reference(prediction, "prediction")?;
            let out = Output::new(metric, "metric")?;
            out.set(prediction.named(text(name, "name")?)?);
            Ok(())
        })
    }
}

/// The metric at `index`, from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_metric_at(
    prediction: *const Prediction,
    index: usize,
    metric: *mut Metric,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let prediction = reference(prediction, "prediction")?;
            let out = Output::new(metric, "metric")?;
            let count = prediction.names.len();
            let none = || Error::invalid("index", &format!("is {index} of {count} metrics"));
            out.set(prediction.metric(index).ok_or_else(none)?);
            Ok(())
        })
    }
}

/// The in-domain score; `NNEVAL_STATUS_UNAVAILABLE` where the evaluator has no
/// statistics for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_domain(
    prediction: *const Prediction,
    domain: *mut Domain,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let prediction = reference(prediction, "prediction")?;
            let out = Output::new(domain, "domain")?;
            let none = || Error::unavailable("the evaluator has no in-domain statistics");
            let score = prediction.inner.in_domain().ok_or_else(none)?;
            out.set(Domain { score, flagged: prediction.inner.flagged() == Some(true) });
            Ok(())
        })
    }
}

/// Tokens of the operation string; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_tokens(prediction: *const Prediction) -> usize {
    // SAFETY: the header's convention.
    guard_value(0, || unsafe { prediction.as_ref() }.map_or(0, |p| p.inner.tokens()))
}

/// Windows that the string was encoded in, more than one for strings longer than
/// the evaluator's window; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_windows(prediction: *const Prediction) -> usize {
    // SAFETY: the header's convention.
    guard_value(0, || unsafe { prediction.as_ref() }.map_or(0, |p| p.inner.windows()))
}

/// Frees a prediction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_prediction_free(prediction: *mut Prediction) {
    // SAFETY: the header's convention.
    unsafe { release(prediction) }
}
