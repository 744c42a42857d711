//! What a training tells while it runs.

use crate::cross_fit::CrossScore;
use crate::error::Error;
use crate::run::{Event, Outcome};
use nneval_runtime::Placement;

/// Takes what a training tells.
pub type Observer<'a> = &'a mut dyn FnMut(&Progress);

/// What a training tells. Nothing of it is needed to go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// One of several runs begins: its seed.
    Seed(u64),
    /// A stage begins: its name, its number from 1, the number of stages.
    Stage(&'a str, usize, usize),
    /// Networks were read or encoded.
    Networks {
        /// How many are done.
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// A network cannot be read and is left out.
    Unreadable(&'a Error),
    /// Metrics were scored.
    Metrics {
        /// How many are done.
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// Held-out classes were halved and intervals tested.
    Halvings {
        /// How many are done.
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// Which share of the training graph the provider took.
    Placement(&'a Placement),
    /// Strings are longer than the longest token sequence; they are trained on their start.
    Truncated {
        /// How many.
        strings: usize,
        /// Longest token sequence.
        max_length: usize,
    },
    /// Teachers are fitted or asked.
    Teaching,
    /// The teachers have answered.
    Taught,
    /// The optimisation begins.
    Training {
        /// Training rows.
        rows: usize,
        /// Validation rows.
        valid: usize,
        /// Names of the metrics.
        metrics: &'a [String],
        /// Epochs.
        epochs: usize,
        /// Folder of checkpoints and logs.
        folder: &'a std::path::Path,
    },
    /// A step or an epoch of the optimisation.
    Optimisation(&'a Event),
    /// The optimisation ended.
    Trained(&'a Outcome),
    /// A run on all classes but those of a part begins: its number from 1, the number of parts.
    Fold(usize, usize),
    /// All classes were predicted by runs on others: what that says of each metric.
    CrossFitted(&'a [CrossScore]),
    /// Factors that the corrections of cost models were shrunk by.
    Shrunk(&'a [f32]),
    /// The evaluator of one of several runs was scored: its folder.
    Scored(&'a std::path::Path),
}
