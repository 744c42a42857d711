//! The library with one entry point more, which panics; the tests' proof that
//! no panic crosses the boundary.

use nneval_capi::{Error, Status, guard};

/// Panics inside the guard of every entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nneval_provoke_panic(error: *mut *mut Error) -> Status {
    // SAFETY: the header's convention.
    unsafe { guard(error, || panic!("provoked")) }
}
