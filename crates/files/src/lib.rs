//! Whole-file writes, checksums and errors of files.
//!
//! A file is written under a temporary name in its own folder and renamed, so
//! that a reader sees the old content or the new, never half.

pub mod error;
mod sha256;
#[cfg(feature = "write")]
mod write;

pub use error::{Error, Result};
pub use sha256::sha256;
#[cfg(feature = "write")]
pub use write::{check_writable, write_atomic};
