//! The error object.

use crate::guard::{guard_value, release};
use crate::status::Status;
use crate::text::{c_path, c_string};
use std::ffi::{CString, c_char};
use std::ptr::null;

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Error {
    status: Status,
    message: CString,
    file: Option<CString>,
    node: Option<CString>,
    reason: CString,
}

impl Error {
    fn plain(status: Status, reason: &str) -> Self {
        let reason = c_string(reason);
        Self { status, message: reason.clone(), file: None, node: None, reason }
    }

    /// The argument called `what` is NULL.
    pub(crate) fn null(what: &str) -> Self {
        Self::plain(Status::NullArgument, &format!("argument {what} is NULL"))
    }

    /// The argument called `what` has a value that is not allowed.
    pub(crate) fn invalid(what: &str, why: &str) -> Self {
        Self::plain(Status::InvalidArgument, &format!("argument {what} {why}"))
    }

    /// There is nothing of that name.
    pub(crate) fn not_found(reason: &str) -> Self {
        Self::plain(Status::NotFound, reason)
    }

    /// There is no such value.
    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::plain(Status::Unavailable, reason)
    }

    /// A panic that the guard has caught.
    pub(crate) fn panic(told: &str) -> Self {
        Self::plain(Status::Panic, &format!("a defect of nneval: {told}"))
    }

    /// Its status.
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// The whole message.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        self.message.to_str().unwrap_or_default()
    }
}

impl From<nneval::graph::Error> for Error {
    fn from(e: nneval::graph::Error) -> Self {
        nneval::Error::from(e).into()
    }
}

impl From<nneval::Error> for Error {
    fn from(e: nneval::Error) -> Self {
        use nneval::Error as E;
        let message = c_string(e.to_string());
        let reason = match &e {
            E::Io { cause, .. } => c_string(cause.to_string()),
            E::Model { reason, .. } | E::Bundle { reason, .. } => c_string(reason.as_str()),
            E::OpString { offset, reason } => c_string(format!("byte {offset}: {reason}")),
            E::Tokenizer(reason) | E::Runtime(reason) => c_string(reason.as_str()),
            _ => message.clone(),
        };
        let (status, file, node) = match &e {
            E::Io { path, .. } => (Status::Io, Some(c_path(path)), None),
            E::Model { file, node, .. } => {
                (Status::Model, Some(c_path(file)), node.as_deref().map(c_string))
            }
            E::OpString { .. } => (Status::OperationString, None, None),
            E::Bundle { path, .. } => (Status::Bundle, Some(c_path(path)), None),
            E::Tokenizer(_) => (Status::Tokenizer, None, None),
            E::Runtime(_) => (Status::Runtime, None, None),
            _ => (Status::Other, None, None),
        };
        Self { status, message, file, node, reason }
    }
}

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
