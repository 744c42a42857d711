//! How models are measured. Measurements made with other settings are not put
//! into one table.

use super::control::Control;
use super::protocol::Bounds;
use nneval_graph::shape::Bindings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of a run of measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Execution provider, by its name.
    pub provider: String,
    /// Threads within an operator; 0: ONNX Runtime's choice.
    pub threads: usize,
    /// Sizes of named dimensions.
    pub dims: BTreeMap<String, u64>,
    /// Shapes of inputs.
    pub inputs: BTreeMap<String, Vec<u64>>,
    /// Rounds in which a model is measured; 0: none, and no latency.
    pub rounds: u32,
    /// Processes that a model is opened in for its peak memory, which is averaged;
    /// 0: none, and no figure.
    #[serde(default = "one")]
    pub memory_runs: u32,
    /// When a round ends.
    pub bounds: Bounds,
    /// Longest time that loading, opening, the first run, or a round beyond
    /// its own limit may take, in seconds.
    pub timeout_seconds: f64,
    /// Most memory that a model may take, in bytes.
    pub memory_limit: Option<u64>,
    /// The model that tells the machine's drift.
    pub control: Control,
    /// Models between two measurements of the control model.
    pub control_every: usize,
    /// Seed of inputs, of random weights and of the order in rounds.
    pub seed: u64,
}

/// Logs of versions without the setting.
fn one() -> u32 {
    1
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            provider: "cpu".to_owned(),
            threads: 0,
            dims: BTreeMap::new(),
            inputs: BTreeMap::new(),
            rounds: 3,
            memory_runs: 1,
            bounds: Bounds {
                warm_up_seconds: 0.05,
                least_seconds: 0.35,
                most_seconds: 2.0,
                relative_error: 0.02,
            },
            timeout_seconds: 60.0,
            memory_limit: None,
            control: Control::BuiltIn,
            control_every: 16,
            seed: 0,
        }
    }
}

impl Settings {
    /// The sizes as shape inference takes them.
    pub fn bindings(&self) -> Bindings {
        Bindings {
            dims: self.dims.clone().into_iter().collect(),
            inputs: self.inputs.clone().into_iter().collect(),
        }
    }
}
