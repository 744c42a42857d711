//! Console output: errors, notes and details on stderr, results on stdout.

use super::verbosity;
use anyhow::Context;
use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};

/// One line on stderr: what went wrong.
pub fn error(message: impl Display) {
    let message = message.to_string();
    line(format_args!("error: {}", message.split_whitespace().collect::<Vec<_>>().join(" ")));
}

/// One line on stderr, unless --quiet. Where nobody reads stderr, it is lost.
pub fn note(message: impl Display) {
    if !verbosity::is_quiet() {
        line(message);
    }
}

/// One line on stderr that only --verbose shows.
pub fn detail(message: impl Display) {
    if verbosity::is_verbose() {
        line(message);
    }
}

fn line(message: impl Display) {
    let _ = writeln!(stderr().lock(), "{message}");
}

/// Writes `text` to stdout as it is.
pub fn print(text: impl Display) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).context("cannot write the output")
}

/// True where the reader of the output has gone, as in `nneval string … | head`.
pub fn is_closed_pipe(e: &anyhow::Error) -> bool {
    let closed = |e: &std::io::Error| e.kind() == ErrorKind::BrokenPipe;
    e.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(closed))
}
