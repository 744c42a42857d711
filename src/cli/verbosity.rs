//! How much is said on stderr: options of every command.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static QUIET: AtomicBool = AtomicBool::new(false);
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Verbosity {
    /// Say nothing on stderr but errors: no notes, no progress bars
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    quiet: bool,
    /// Say more on stderr: what is loaded from where, how long things take
    #[arg(long, short, global = true, help_heading = "Messages")]
    verbose: bool,
}

impl Verbosity {
    /// Makes it hold from here on.
    pub fn apply(self) {
        QUIET.store(self.quiet, Ordering::Relaxed);
        VERBOSE.store(self.verbose, Ordering::Relaxed);
    }
}

/// Whether only errors are said.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether details are said.
pub fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// A progress bar over `length` of something, with rate and ETA and room for a
/// message, drawn on a terminal, unless --quiet.
pub fn bar(length: u64, what: &str) -> ProgressBar {
    let look = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{per_sec}}, ETA {{eta}} {{msg}}");
    drawn(&look, || ProgressBar::new(length))
}

/// A sign of life for what cannot be counted, with the time it has taken; drawn
/// as [`bar`] is.
pub fn spinner(what: &str) -> ProgressBar {
    let bar = drawn("{spinner} {msg} {elapsed}", ProgressBar::new_spinner);
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn drawn(look: &str, bar: impl Fn() -> ProgressBar) -> ProgressBar {
    if is_quiet() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = bar();
    if let Ok(style) = ProgressStyle::with_template(look) {
        bar.set_style(style);
    }
    bar
}
