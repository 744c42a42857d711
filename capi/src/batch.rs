//! Results of networks that were evaluated together.

use crate::argument::reference;
use crate::error::Error;
use crate::guard::{guard, guard_value, release};
use crate::output::Output;
use crate::prediction::Prediction;
use crate::status::Status;

/// Results of networks that were evaluated together, in their order.
pub struct Batch(pub(crate) Vec<Result<Prediction, Error>>);

/// Number of results; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_batch_count(batch: *const Batch) -> usize {
    // SAFETY: the header's convention.
    guard_value(0, || unsafe { batch.as_ref() }.map_or(0, |b| b.0.len()))
}

/// The result at `index`, from 0: its prediction, or the failure of that network
/// alone. The prediction does not need the batch; each call gives a handle of
/// its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_batch_get(
    batch: *const Batch,
    index: usize,
    prediction: *mut *mut Prediction,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let batch = reference(batch, "batch")?;
            let out = Output::new(prediction, "prediction")?;
            let count = batch.0.len();
            let none = || Error::invalid("index", &format!("is {index} of {count} results"));
            out.give(batch.0.get(index).ok_or_else(none)?.clone()?);
            Ok(())
        })
    }
}

/// Frees a batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_batch_free(batch: *mut Batch) {
    // SAFETY: the header's convention.
    unsafe { release(batch) }
}
