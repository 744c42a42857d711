//! Progress bars of scoring, calibrating and adapting.

use super::verbosity;
use indicatif::ProgressBar;
use nneval::training::Progress;

/// The bar of what is going on.
#[derive(Default)]
pub struct Bars {
    bar: Option<ProgressBar>,
}

impl Bars {
    /// Shows what the library tells: a bar for what is counted, a line for a network that
    /// cannot be read.
    pub fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Networks { done, total } => self.count(*done, *total, "networks"),
            Progress::Metrics { done, total } => self.count(*done, *total, "metrics"),
            Progress::Halvings { done, total } => self.count(*done, *total, "halvings"),
            Progress::Unreadable(error) => super::console::error(error),
            _ => {}
        }
    }

    fn count(&mut self, done: usize, total: usize, what: &str) {
        let bar = self.bar.get_or_insert_with(|| verbosity::bar(total as u64, what));
        bar.set_position(done as u64);
        if done == total {
            bar.finish_and_clear();
            self.bar = None;
        }
    }
}
