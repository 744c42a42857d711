//! Versions.

use std::ffi::c_char;

/// The release of nneval, as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn nneval_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the operation string that this library writes. An evaluator
/// loads only where it was trained on this version.
#[unsafe(no_mangle)]
pub extern "C" fn nneval_operation_string_version() -> u32 {
    nneval_graph::opstring::VERSION
}
