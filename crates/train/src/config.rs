//! Settings of a training run.

use serde::{Deserialize, Serialize};

/// Everything that decides what a run computes, beside its data and graphs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Seed of initial parameters, batches and dropout.
    pub seed: u64,
    /// Passes over the training rows.
    pub epochs: usize,
    /// Rows in a batch.
    pub batch: usize,
    /// Peak learning rate.
    pub lr: f32,
    /// Share of all steps that warm up.
    pub warmup: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// AdamW's β₁.
    pub beta1: f32,
    /// AdamW's β₂.
    pub beta2: f32,
    /// Largest gradient norm.
    pub clip_norm: f32,
    /// Unlabelled rows that join a batch, as a multiple of its rows.
    #[serde(default)]
    pub unlabelled: f32,
    /// Weight of the ranking loss.
    pub rank_weight: f32,
    /// Dropout rate on residual branches.
    pub dropout: f32,
    /// Decay of the parameters' moving average, which is what is validated and
    /// shipped; 0 means the parameters themselves.
    pub average_decay: f32,
    /// Epochs without a better validation score before stopping; 0: never.
    pub patience: usize,
    /// Steps between checkpoints; one is also written after every epoch.
    pub checkpoint_steps: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: 40,
            batch: 32,
            lr: 3e-3,
            warmup: 0.05,
            weight_decay: 0.05,
            beta1: 0.9,
            beta2: 0.98,
            clip_norm: 1.0,
            unlabelled: 0.0,
            rank_weight: 0.0,
            dropout: 0.0,
            average_decay: 0.998,
            patience: 0,
            checkpoint_steps: 500,
        }
    }
}

impl Config {
    /// The first setting that makes no sense, if any.
    pub fn fault(&self) -> Option<&'static str> {
        let positive = |x: f32| x.is_finite() && x > 0.0;
        let share = |x: f32| (0.0..1.0).contains(&x);
        match self {
            _ if self.epochs == 0 => Some("epochs must be at least 1"),
            _ if self.batch == 0 => Some("the batch must hold at least 1 row"),
            _ if !positive(self.lr) => Some("the learning rate must be positive"),
            _ if !share(self.warmup) => Some("the warm-up share must be in [0, 1)"),
            _ if !share(self.dropout) => Some("the dropout rate must be in [0, 1)"),
            _ if !share(self.average_decay) => Some("the average's decay must be in [0, 1)"),
            _ if !(share(self.beta1) && share(self.beta2)) => Some("betas must be in [0, 1)"),
            _ if !positive(self.clip_norm) => Some("the gradient norm limit must be positive"),
            _ if !(0.0..=1000.0).contains(&self.unlabelled) => {
                Some("the share of unlabelled rows must be in [0, 1000]")
            }
            _ if !(self.rank_weight.is_finite() && self.rank_weight >= 0.0) => {
                Some("the ranking weight must not be negative")
            }
            _ if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) => {
                Some("weight decay must not be negative")
            }
            _ => None,
        }
    }
}
