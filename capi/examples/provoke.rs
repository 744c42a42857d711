//! The library with one entry point more, which panics; the tests' proof that
//! no panic crosses the boundary.

use nneval_capi::{Error, Status, guard};

/// Panics inside the guard of every entry point.
///
/// # Safety
/// `error` is NULL, or a pointer may be written to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_provoke_panic(error: *mut *mut Error) -> Status {
    // SAFETY: as the caller promises.
    unsafe { guard(error, || panic!("provoked")) }
}
