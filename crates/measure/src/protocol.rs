//! What a measuring process and its parent say to each other: one JSON object a
//! line, requests on stdin, replies on stdout.

use nneval_graph::inputs::InputPlan;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a child is to open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The ONNX Runtime shared library.
    pub library: PathBuf,
    /// The model file.
    pub model: PathBuf,
    /// Execution provider, by its name.
    pub provider: String,
    /// Threads within an operator; 0: ONNX Runtime's choice.
    pub threads: usize,
    /// What to feed.
    pub inputs: Vec<InputPlan>,
    /// Seed of the inputs' values.
    pub seed: u64,
    /// Most memory that the model may take, in bytes.
    pub memory_limit: Option<u64>,
}

/// When a round of runs ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Time of runs that do not count, before; one run at least.
    pub warm_up_seconds: f64,
    /// Least time of the runs that count.
    pub least_seconds: f64,
    /// Time after which no further run starts.
    pub most_seconds: f64,
    /// Bound on the median's relative error (see [`super::timing`]).
    pub relative_error: f64,
}

/// A request to a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Load the library, open the model, run it once.
    Open(Box<Job>),
    /// Run it as often as the bounds ask.
    Round(Bounds),
}

/// Memory of a child, in bytes above its level before the model.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// High-water mark of resident memory; `None` where the system does not tell.
    pub peak: Option<u64>,
    /// Resident now.
    pub now: Option<u64>,
    /// Most that ONNX Runtime's arena took from the system; `None` where it
    /// does not tell or has no arena.
    pub arena: Option<u64>,
}

/// A session that has run once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Opened {
    /// Session creation, milliseconds.
    pub session_ms: f64,
    /// First run, milliseconds.
    pub first_run_ms: f64,
    /// Outputs with their shapes: `NAME=1x10;NAME=...`.
    pub output_shapes: String,
    /// Provider, and its share of the nodes where it has not all.
    pub provider: String,
    /// Memory after the first run.
    pub memory: Memory,
}

impl Opened {
    /// Time inside ONNX Runtime, in seconds.
    pub fn seconds(&self) -> f64 {
        (self.session_ms + self.first_run_ms) / 1e3
    }
}

/// One round of timed runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Round {
    /// Number of timed runs.
    pub runs: u64,
    /// Their median, milliseconds.
    pub median_ms: f64,
    /// Median of the processor time of a run, over all threads, milliseconds;
    /// `None` where the system does not tell.
    pub cpu_ms: Option<f64>,
    /// The run times' 90 % quantile.
    pub p90_ms: f64,
    /// Their 99 % quantile.
    pub p99_ms: f64,
    /// Their interquartile range divided by the median.
    pub spread: f64,
    /// Relative error of the median; `None` for fewer than 8 runs.
    pub error: Option<f64>,
    /// Time spent, warm-up included.
    pub seconds: f64,
    /// Memory up to the end of the round.
    pub memory: Memory,
}

/// A reply of a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// The library is loaded.
    Loaded,
    /// The session is there.
    Session,
    /// The model has run once.
    Opened(Opened),
    /// A round is done.
    Round(Round),
    /// A process that was watched has ended; without figures where the system
    /// forbids watching.
    Peak(Memory),
    /// The model cannot be opened or run.
    Failed(String),
}
