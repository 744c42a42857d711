//! Access to error objects from C.

use crate::error::Error;
use crate::guard::{guard_value, release};
use crate::status::Status;
use std::ffi::{CString, c_char};
use std::ptr::null;

/// A text of an error; NULL where the error is NULL or has no such text.
///
/// # Safety
/// `error` is NULL, or an error that lives.
unsafe fn part(error: *const Error, of: impl Fn(&Error) -> Option<&CString>) -> *const c_char {
    guard_value(null(), || {
        // SAFETY: as the caller promises.
        let text = unsafe { error.as_ref() }.and_then(of);
        text.map_or(null(), |t| t.as_ptr())
    })
}

/// The status that the failed call answered; `NNEVAL_STATUS_OK` for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_error_status(error: *const Error) -> Status {
    // SAFETY: the header's convention.
    guard_value(Status::Panic, || unsafe { error.as_ref() }.map_or(Status::Ok, |e| e.status))
}

/// The whole message, one line: file, node and reason as far as there are any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_error_message(error: *const Error) -> *const c_char {
    // SAFETY: the header's convention.
    unsafe { part(error, |e| Some(&e.message)) }
}

/// The file or folder at fault; NULL where none is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_error_file(error: *const Error) -> *const c_char {
    // SAFETY: the header's convention.
    unsafe { part(error, |e| e.file.as_ref()) }
}

/// The node of the model at fault: its name, or its type and position where it
/// has none; NULL where no node is at fault.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_error_node(error: *const Error) -> *const c_char {
    // SAFETY: the header's convention.
    unsafe { part(error, |e| e.node.as_ref()) }
}

/// What is wrong, without file and node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_error_reason(error: *const Error) -> *const c_char {
    // SAFETY: the header's convention.
    unsafe { part(error, |e| Some(&e.reason)) }
}

/// Frees an error and its texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_error_free(error: *mut Error) {
    // SAFETY: the header's convention.
    unsafe { release(error) }
}
