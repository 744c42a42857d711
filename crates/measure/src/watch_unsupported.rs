//! Peak memory on systems without `ptrace`: a process reads its own.

use crate::error::{Error, Result};

/// Whether this system lets a process watch another.
pub const SUPPORTED: bool = false;

/// Never.
pub fn be_watched() -> bool {
    false
}

/// Watching is not supported here.
///
/// # Errors
/// Always [`Error::Process`].
pub fn watch() -> Result<()> {
    Err(Error::process("this system does not let a process watch another"))
}
