//! Whole-file writes, checksums and errors of files.
//!
//! A file is written under a temporary name in its own folder and renamed, so
//! that a reader sees the old content or the new, never half.

pub mod error;
mod write;

pub use error::{Error, Result};
pub use write::{check_writable, sha256, write_atomic};
