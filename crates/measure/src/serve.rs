//! Entry point of a child process: it measures a model, or watches the memory
//! of another process that does.

use super::process::Role;
use super::{child, watch};
use crate::error::Result;

/// Answers the requests that come on stdin.
///
/// # Errors
/// [`Error::Process`](crate::Error::Process) where a request cannot be read or a reply written; what
/// is wrong with the model is a reply.
pub fn serve() -> Result<()> {
    match Role::of_this_process() {
        Some(Role::Watcher) if watch::SUPPORTED => watch::watch(),
        role => child::answer(role == Some(Role::Watched)),
    }
}
