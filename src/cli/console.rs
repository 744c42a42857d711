//! Console output: errors, notes and details on stderr, results on stdout.

use super::verbosity;
use anyhow::Context;
use nneval::files::printable;
use std::borrow::Cow;
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
    let _ = writeln!(stderr().lock(), "{}", printable(&message.to_string()));
}

/// Writes `text` to stdout. Of its control characters only newlines reach it.
pub fn print(text: impl Display) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let text = text.to_string();
    let lines: Vec<Cow<str>> = text.split('\n').map(printable).collect();
    out.write_all(lines.join("\n").as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write the output")
}

/// True where the reader of the output has gone, as in `nneval string … | head`.
pub fn is_closed_pipe(e: &anyhow::Error) -> bool {
    let closed = |e: &std::io::Error| e.kind() == ErrorKind::BrokenPipe;
    e.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(closed))
}
