//! Systems on which processes are not watched: they tell of their memory
//! themselves.

use crate::error::Result;

/// Never.
pub fn be_watched() -> bool {
    false
}

/// Answers the requests in this process.
///
/// # Errors
/// As [`super::serve`].
pub fn watch() -> Result<()> {
    super::child::answer(false)
}
