//! Static costs of models.

use crate::argument::{path, reference, slice, text};
use crate::buffer::{Buffer, Memory};
use crate::error::Error;
use crate::guard::{guard, guard_value, release};
use crate::output::Output;
use crate::status::Status;
use crate::text::c_string;
use nneval_graph::costs as core;
use nneval_graph::shape::Bindings;
use nneval_graph::{Limits, Model, budget};
use std::ffi::{CString, c_char};
use std::ptr::null;

/// A static cost. Numbers keep their meaning in all versions.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Trainable numbers; a weight that several operators share counts once.
    Parameters = 0,
    /// Stored numbers that training does not set by gradients.
    Buffers = 1,
    /// Other numbers in constants.
    Constants = 2,
    /// Bytes of all constants, external data included.
    WeightBytes = 3,
    /// Multiply-accumulate operations of products, convolutions, attention and
    /// recurrent layers.
    Macs = 4,
    /// Arithmetic operations, two for each multiply-accumulate.
    Flops = 5,
    /// Bytes of activations that operators read.
    ActivationBytesRead = 6,
    /// Bytes of activations that operators write.
    ActivationBytesWritten = 7,
    /// Bytes of constants that operators read.
    WeightBytesRead = 8,
    /// Most bytes of activations alive at one time, in the file's order.
    PeakActivationBytes = 9,
    /// Operators on the longest path from an input to an output.
    Depth = 10,
}

/// The size of a dimension that the model leaves open.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Dimension {
    /// Name of the dimension in the model, as "batch".
    pub name: *const c_char,
    /// Its size.
    pub size: u64,
}

/// Static costs of a model.
pub struct Costs {
    amounts: Vec<(Option<u64>, CString)>,
    unknown: Vec<CString>,
}

impl Costs {
    /// Amounts stand in the order of [`Cost`].
    fn new(c: core::Costs) -> Self {
        let known = core::Amount::Known;
        let all = [
            known(c.parameters),
            known(c.buffers),
            known(c.constants),
            known(c.weight_bytes),
            c.macs,
            c.flops,
            c.activation_bytes_read,
            c.activation_bytes_written,
            c.weight_bytes_read,
            c.peak_activation_bytes,
            known(c.depth),
        ];
        let amounts = all.iter().map(|a| (a.known(), c_string(a.to_string()))).collect();
        let one = |u: &core::Unknown| format!("{} x{} ({})", u.operator, u.count, u.missing);
        let unknown = c.unknown.iter().map(|u| c_string(one(u))).collect();
        Self { amounts, unknown }
    }

    fn amount(&self, cost: u32) -> Result<&(Option<u64>, CString), Error> {
        let none = || Error::invalid("cost", &format!("is {cost}, which is no cost"));
        usize::try_from(cost).ok().and_then(|i| self.amounts.get(i)).ok_or_else(none)
    }
}

/// # Safety
/// `dimensions` is NULL or points at `count` dimensions with names, and nobody
/// changes or frees them meanwhile.
unsafe fn bindings(dimensions: *const Dimension, count: usize) -> Result<Bindings, Error> {
    // SAFETY: as the caller promises.
    let dimensions = unsafe { slice(dimensions, count, "dimensions") }?;
    let mut bindings = Bindings::default();
    for d in dimensions {
        // SAFETY: as the caller promises.
        let name = unsafe { text(d.name, "name of a dimension") }?;
        bindings.dims.insert(name.to_owned(), d.size);
    }
    Ok(bindings)
}

/// An entry point that gives costs.
///
/// # Safety
/// The header's convention, for both.
unsafe fn give(
    costs: *mut *mut Costs,
    error: *mut *mut Error,
    work: impl FnOnce() -> Result<core::Costs, Error>,
) -> Status {
    // SAFETY: as the caller promises.
    unsafe {
        guard(error, || {
            let out = Output::new(costs, "costs")?;
            out.give(Costs::new(work()?));
            Ok(())
        })
    }
}

/// Static costs of the ONNX file at `path`. `count` dimensions that the model
/// leaves open get a size; costs that depend on others are formulas.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_of_file(
    path: *const c_char,
    dimensions: *const Dimension,
    count: usize,
    costs: *mut *mut Costs,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        give(costs, error, || {
            let (path, bindings) = (self::path(path, "path")?, bindings(dimensions, count)?);
            let limits = Limits::default();
            let costs = budget::within(path, &limits, || {
                core::of_model(&Model::open(path, &limits)?, &bindings)
            });
            Ok(costs?)
        })
    }
}

/// Static costs of an ONNX model in memory, as `nneval_costs_of_file` gives them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_of_buffer(
    buffer: *const Buffer,
    dimensions: *const Dimension,
    count: usize,
    costs: *mut *mut Costs,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        give(costs, error, || {
            let model = Memory::new(reference(buffer, "buffer")?)?;
            let bindings = bindings(dimensions, count)?;
            Ok(model.costs(&bindings)?)
        })
    }
}

/// A cost (one of `nneval_cost`) as a number; `NNEVAL_STATUS_UNAVAILABLE` where
/// it is a formula.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_get(
    costs: *const Costs,
    cost: u32,
    amount: *mut u64,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            let costs = reference(costs, "costs")?;
            let out = Output::new(amount, "amount")?;
            let (number, formula) = costs.amount(cost)?;
            let open =
                || Error::unavailable(&format!("is a formula: {}", formula.to_string_lossy()));
            out.set(number.ok_or_else(open)?);
            Ok(())
        })
    }
}

/// A cost (one of `nneval_cost`) as text: a number, or a formula in the model's
/// dimensions. Lives as long as `costs`; NULL where there is no such cost.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_text(costs: *const Costs, cost: u32) -> *const c_char {
    guard_value(null(), || {
        // SAFETY: the header's convention.
        let costs = unsafe { costs.as_ref() };
        costs.and_then(|c| c.amount(cost).ok()).map_or(null(), |a| a.1.as_ptr())
    })
}

/// Number of operator types that are not, or not wholly, in the totals, because
/// their work depends on data or is not known; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_unknown_count(costs: *const Costs) -> usize {
    // SAFETY: the header's convention.
    guard_value(0, || unsafe { costs.as_ref() }.map_or(0, |c| c.unknown.len()))
}

/// Such an operator type, from 0, as "NonMaxSuppression x1 (work)". Lives as
/// long as `costs`; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_unknown(costs: *const Costs, index: usize) -> *const c_char {
    guard_value(null(), || {
        // SAFETY: the header's convention.
        let costs = unsafe { costs.as_ref() };
        costs.and_then(|c| c.unknown.get(index)).map_or(null(), |u| u.as_ptr())
    })
}

/// Frees costs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_costs_free(costs: *mut Costs) {
    // SAFETY: the header's convention.
    unsafe { release(costs) }
}
