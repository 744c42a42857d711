//! Operation strings of models.

use crate::argument::{path, reference, text};
use crate::buffer::{Buffer, Memory};
use crate::error::Error;
use crate::guard::{guard, guard_value};
use crate::output::Output;
use crate::status::Status;
use crate::text::c_string;
use nneval_graph::{Limits, opstring};
use std::ffi::{CString, c_char};

/// An entry point that gives an operation string.
///
/// # Safety
/// The header's convention, for both.
unsafe fn give(
    string: *mut *mut c_char,
    error: *mut *mut Error,
    work: impl FnOnce() -> Result<String, Error>,
) -> Status {
    // SAFETY: as the caller promises.
    unsafe {
        guard(error, || {
            let out = Output::new(string, "string")?;
            out.set(c_string(work()?).into_raw());
            Ok(())
        })
    }
}

/// The operation string of the ONNX file at `path`, to be freed with
/// `nneval_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_operation_string_of_file(
    path: *const c_char,
    string: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        give(string, error, || {
            Ok(opstring::of_file(self::path(path, "path")?, &Limits::default())?)
        })
    }
}

/// The operation string of an ONNX model in memory, to be freed with
/// `nneval_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_operation_string_of_buffer(
    buffer: *const Buffer,
    string: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        give(string, error, || Ok(Memory::new(reference(buffer, "buffer")?)?.operation_string()?))
    }
}

/// Checks that `string` follows the grammar of operation strings;
/// `NNEVAL_STATUS_OPERATION_STRING` where it does not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_operation_string_check(
    string: *const c_char,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: the header's convention.
    unsafe {
        guard(error, || {
            opstring::parse(text(string, "string")?)?;
            Ok(())
        })
    }
}

/// Frees a string that nneval has made; its text must not have been changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: not NULL, and the header's convention: it came from `into_raw`.
        guard_value((), || drop(unsafe { CString::from_raw(string) }));
    }
}
