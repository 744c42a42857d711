//! The error of this crate.

pub use nneval_files::{Error, Result};
