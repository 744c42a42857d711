//! Training: token sequences and labels in, parameters of an evaluator out.
//!
//! The graphs come from `tools/` (ONNX Runtime training artifacts, lowered to
//! operators that a stock ONNX Runtime has); one run of the training graph is
//! one optimisation step. Everything else (batches, schedule, checkpoints,
//! validation) is here.

mod batches;
mod checkpoint;
mod config;
mod graphs;
mod log;
mod run;
mod schedule;
mod source;
mod step;

pub use checkpoint::Progress;
pub use config::Config;
pub use graphs::{GraphInfo, Head, Init, ParamInfo, TrainingGraphs};
pub use run::{Event, Outcome, Run};
pub use source::{Source, of_arch};
pub use step::{Batch, Report, Settings, State, Stepper};

/// Rows to train or validate on.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Metric names, in column order.
    pub names: Vec<String>,
    /// Token sequences.
    pub tokens: Vec<Vec<u32>>,
    /// For each row one transformed label a metric, `None` where missing.
    pub targets: Vec<Vec<Option<f32>>>,
}

impl Examples {
    /// Number of metrics.
    pub fn metrics(&self) -> usize {
        self.names.len()
    }
}
