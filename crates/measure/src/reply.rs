//! Replies of a measuring process to its parent, a JSON line each on stdout.

use super::protocol::Reply;
use crate::error::{Error, Result};
use std::io::Write;

/// Sends a reply to the parent.
///
/// # Errors
/// [`Error::Process`] where stdout cannot be written.
pub fn reply(reply: &Reply) -> Result<()> {
    let line = serde_json::to_string(reply)
        .map_err(|e| Error::process_fails("a reply cannot be written", e))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|e| Error::process_fails("a reply cannot be written", e))
}
