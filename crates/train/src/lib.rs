//! Training: token sequences and labels in, parameters of an evaluator out.
//!
//! The graphs come from `tools/` (ONNX Runtime training artifacts, lowered to
//! operators that a stock ONNX Runtime has); one run of the training graph is
//! one optimisation step. Everything else (batches, schedule, checkpoints,
//! validation) is here.

pub mod adapt;
mod batches;
mod checkpoint;
mod config;
mod drift;
pub mod error;
mod graphs;
mod log;
mod pairs;
mod run;
mod schedule;
mod source;
mod start;
mod step;
mod structure;
mod trees;

pub use checkpoint::{Environment, Progress, checkpoint_parameters};
pub use config::Config;
pub use drift::without_drift;
pub use error::{Error, Result};
pub use graphs::{GraphInfo, Head, Init, ParamInfo, TrainingGraphs};
pub use pairs::Pairs;
pub use run::{Event, Outcome, Run};
pub use source::{Source, spellings};
pub use start::{Wanted, from_bundle};
pub use step::{Batch, Report, Settings, State, Stepper};
pub use structure::StructureScale;
pub use trees::{Effort, Trees};

/// Rows to train or validate on.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Metric names, in column order; auxiliary targets come last.
    pub names: Vec<String>,
    /// How many of the names, at the end, are auxiliary: trained on, but
    /// neither validated nor part of the evaluator.
    pub auxiliary: usize,
    /// For each row its spellings as token sequences, the canonical one first.
    pub tokens: Vec<Vec<Vec<u32>>>,
    /// For each row one transformed label a name, `None` where missing.
    pub targets: Vec<Vec<Option<f32>>>,
}

impl Examples {
    /// Number of metrics, auxiliary targets not counted.
    pub fn metrics(&self) -> usize {
        self.names.len().saturating_sub(self.auxiliary)
    }

    /// Column of the head that name `i` of `names` trains, of `columns` in all:
    /// metrics take the first, auxiliary targets the last, so that parameters
    /// trained for some metrics can start a run for others.
    pub fn column(&self, i: usize, columns: usize) -> usize {
        match i < self.metrics() {
            true => i,
            false => (columns + i).saturating_sub(self.names.len()),
        }
    }

    /// The canonical token sequences.
    pub fn canonical(&self) -> Vec<Vec<u32>> {
        self.tokens.iter().map(|t| t.first().cloned().unwrap_or_default()).collect()
    }
}
