//! What `nneval train` and `pretrain` show: progress bars with ETA on a terminal, a line an epoch.

use super::runtime_args;
use super::verbosity;
use indicatif::ProgressBar;
use nneval::report::learning_curves;
use nneval::training::{Error, Event, Hint, Progress, RequestFault};
use std::path::PathBuf;

/// The view of one training.
#[derive(Default)]
pub struct View {
    bar: Option<ProgressBar>,
    epochs: usize,
    names: Vec<String>,
    folder: PathBuf,
    curves_failed: bool,
}

impl View {
    /// Shows what a training tells.
    pub fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Seed(seed) => super::console::note(format_args!("seed {seed}")),
            Progress::Stage(name, at, of) if *of > 1 => {
                super::console::note(format_args!("stage {name} ({at} of {of})"));
            }
            Progress::Networks { done, total } => self.networks(*done, *total),
            Progress::Placement(placement) => runtime_args::tell(Some(placement)),
            Progress::Truncated { strings, max_length } => super::console::note(format_args!(
                "{strings} strings are longer than max-length {max_length}: trained on their start"
            )),
            Progress::Teaching => self.bar = Some(verbosity::spinner("asking the teachers")),
            Progress::Taught => self.clear(),
            Progress::Training { rows, valid, metrics, epochs, folder } => {
                super::console::note(format_args!(
                    "training on {rows} rows, validating on {valid}, {} metrics",
                    metrics.len()
                ));
                self.bar = Some(verbosity::bar(0, "steps"));
                (self.epochs, self.names, self.folder) =
                    (*epochs, metrics.to_vec(), folder.to_path_buf());
            }
            Progress::Optimisation(event) => self.event(event),
            Progress::Trained(outcome) => {
                self.clear();
                super::console::note(format_args!(
                    "best epoch {}: score {:.4}",
                    outcome.epoch, outcome.score
                ));
            }
            Progress::Shrunk(factors) => {
                super::console::note(format_args!("corrections of formulas kept: {factors:?}"));
            }
            Progress::Fold(at, of) => {
                super::console::note(format_args!("classes left out: part {at} of {of}"));
            }
            Progress::CrossFitted(scores) => scores.iter().for_each(|score| {
                let percent =
                    |x: Option<f64>| x.map_or("-".into(), |x| format!("{:.1} %", 100.0 * x));
                super::console::note(format_args!(
                    "{} on classes left out: median error {}, inside the 90 % interval {}",
                    score.metric,
                    percent(score.median_error),
                    percent(score.coverage)
                ));
            }),
            Progress::Scored(folder) => {
                super::console::note(format_args!(
                    "scored: {}",
                    folder.join("scores.csv").display()
                ));
            }
            _ => {}
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn networks(&mut self, done: usize, total: usize) {
        let bar = self.bar.get_or_insert_with(|| verbosity::bar(0, "networks"));
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        if done == total {
            self.clear();
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Step(step, total, report) => {
                let Some(bar) = &self.bar else { return };
                bar.set_length(*total);
                bar.set_position(*step);
                bar.set_message(format!("loss {:.4}", report.loss));
            }
            Event::Epoch(epoch, loss, taus, seconds) => {
                self.epoch(*epoch, *loss, taus, *seconds);
                self.draw_curves();
            }
        }
    }

    fn epoch(&self, epoch: usize, loss: f64, taus: &[Option<f64>], seconds: f64) {
        let known: Vec<f64> = taus.iter().flatten().copied().collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let tau = |t: &Option<f64>| t.map_or("-".into(), |t| format!("{t:.4}"));
        let shown = self.names.iter().zip(taus).take(3).map(|(n, t)| format!("{n} {}", tau(t)));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let of = self.epochs;
        let tell = || {
            super::console::note(format_args!(
                "epoch {epoch}/{of}: loss {loss:.5}, validation τ {mean:.4} ({shown}), {seconds:.1} s"
            ));
        };
        match &self.bar {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
    }

    /// Redraws `curves.svg`. A picture that cannot be drawn does not stop a run; it is said once.
    fn draw_curves(&mut self) {
        let [table, picture] = ["epochs.csv", "curves.svg"].map(|name| self.folder.join(name));
        if let (Err(e), false) = (learning_curves(&table, &picture), self.curves_failed) {
            super::console::note(format_args!("no learning curves: {e}"));
            self.curves_failed = true;
        }
    }
}

/// The error with what may help, in the words of the command line.
pub fn worded(error: Error) -> anyhow::Error {
    if let Error::Request(RequestFault::PathsWithoutFolder { .. }) = &error {
        return anyhow::anyhow!("{error}; --models DIR names it");
    }
    let help = match error.hint() {
        Some(Hint::ResumeOrOtherFolder) => "; --resume goes on with it, another folder starts anew",
        Some(Hint::LowerLearningRate) => "; lower the learning rate, as in --set lr=1e-3",
        _ => return anyhow::anyhow!("{error}"),
    };
    anyhow::anyhow!("{error}{help}")
}
