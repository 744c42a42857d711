//! The boundary to C: no panic leaves it.

use crate::error::Error;
use crate::status::Status;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does the work of an entry point. A failure, or a panic, goes to `error`,
/// unless that is NULL, and its status is the result.
///
/// After a panic nothing is seen half-done: outputs are written last, handles
/// are changed by setters alone, each in one step, and locks are not poisoned
/// for good.
///
/// # Safety
/// `error` is NULL, or a pointer may be written to it.
pub unsafe fn guard(error: *mut *mut Error, work: impl FnOnce() -> Result<(), Error>) -> Status {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|p| Err(Error::panic(&told(p))));
    let Err(failure) = done else { return Status::Ok };
    let status = failure.status;
    if !error.is_null() {
        // SAFETY: not NULL, and as the caller promises.
        unsafe { error.write(Box::into_raw(Box::new(failure))) }
    }
    status
}

/// Does the work of an entry point that has no status; `fallback` is the
/// result where it panics.
pub(crate) fn guard_value<T>(fallback: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(fallback)
}

/// Frees a handle.
///
/// # Safety
/// `handle` is NULL, or came from `Box::into_raw` and is used no more.
pub(crate) unsafe fn release<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: not NULL, and as the caller promises.
        guard_value((), || drop(unsafe { Box::from_raw(handle) }));
    }
}

/// What a panic says.
fn told(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;

    #[test]
    fn a_panic_becomes_an_error() {
        let mut error = null_mut();
        // SAFETY: `error` is a place for a pointer.
        let status = unsafe { guard(&mut error, || panic!("number {}", 7)) };
        assert_eq!(status, Status::Panic);
        // SAFETY: the guard has just made it.
        let error = unsafe { Box::from_raw(error) };
        assert!(error.message().contains("number 7"), "{}", error.message());
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { guard(null_mut(), || panic!()) }, Status::Panic);
        assert_eq!(guard_value(3, || panic!()), 3);
    }

    #[test]
    fn success_leaves_the_error_alone() {
        let mut error = null_mut();
        // SAFETY: `error` is a place for a pointer.
        assert_eq!(unsafe { guard(&mut error, || Ok(())) }, Status::Ok);
        assert!(error.is_null());
    }
}
