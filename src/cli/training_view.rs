//! What `nneval train` shows: a progress bar with ETA on a terminal, a line an
//! epoch.

use indicatif::ProgressBar;
use nneval::training::{Config, Event, Outcome};

/// The view of one run.
pub struct View {
    bar: ProgressBar,
    epochs: usize,
    names: Vec<String>,
}

impl View {
    /// Announces the run on stderr.
    pub fn new(config: &Config, train: usize, valid: usize, names: &[String]) -> Self {
        super::note(format_args!(
            "training on {train} rows, validating on {valid}, {} metrics",
            names.len()
        ));
        let bar = super::verbosity::bar(0, "steps");
        Self { bar, epochs: config.epochs, names: names.to_vec() }
    }

    /// Shows one event.
    pub fn show(&mut self, event: &Event) {
        match event {
            Event::Step(step, total, report) => {
                self.bar.set_length(*total);
                self.bar.set_position(*step);
                self.bar.set_message(format!("loss {:.4}", report.loss));
            }
            Event::Epoch(epoch, loss, taus, seconds) => {
                let known: Vec<f64> = taus.iter().flatten().copied().collect();
                let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
                let shown =
                    self.names.iter().zip(taus).take(3).map(|(n, t)| {
                        format!("{n} {}", t.map_or("-".into(), |t| format!("{t:.4}")))
                    });
                let shown = shown.collect::<Vec<_>>().join(", ");
                let of = self.epochs;
                self.bar.suspend(|| {
                    super::note(format_args!("epoch {epoch}/{of}: loss {loss:.5}, validation τ {mean:.4} ({shown}), {seconds:.1} s"));
                });
            }
        }
    }

    /// Ends the view.
    pub fn finish(&self, outcome: &Outcome) {
        self.bar.finish_and_clear();
        super::note(format_args!("best epoch {}: score {:.4}", outcome.epoch, outcome.score));
    }
}
