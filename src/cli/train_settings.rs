//! Settings of a training run as options.

use nneval::training::Config;

/// Optimisation.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Optimisation")]
pub struct TrainSettings {
    /// Seed of initial parameters, batches and dropout
    #[arg(long, default_value_t = Config::default().seed)]
    seed: u64,
    /// Passes over the training rows
    #[arg(long, default_value_t = Config::default().epochs)]
    epochs: usize,
    /// Rows in a batch
    #[arg(long, default_value_t = Config::default().batch)]
    batch: usize,
    /// Peak learning rate of AdamW
    #[arg(long, default_value_t = Config::default().lr)]
    lr: f32,
    /// Share of all steps that warm up
    #[arg(long, default_value_t = Config::default().warmup)]
    warmup: f32,
    /// Decoupled weight decay
    #[arg(long, default_value_t = Config::default().weight_decay)]
    weight_decay: f32,
    /// Largest global norm of the gradient
    #[arg(long, default_value_t = Config::default().clip_norm)]
    clip_norm: f32,
    /// Networks without labels that join each batch, as a multiple of its rows:
    /// the rest of the space or of the folder, for auxiliary targets and teachers
    #[arg(long, value_name = "RATIO", default_value_t = Config::default().unlabelled)]
    unlabelled: f32,
    /// Weight of the pairwise ranking loss beside the squared error
    #[arg(long, default_value_t = Config::default().rank_weight)]
    rank_weight: f32,
    /// Dropout rate on residual branches
    #[arg(long, default_value_t = Config::default().dropout)]
    dropout: f32,
    /// Decay of the moving average of the parameters; 0: none
    #[arg(long, default_value_t = Config::default().average_decay)]
    average_decay: f32,
    /// Stop after this many epochs without a better validation τ; 0: never
    #[arg(long, default_value_t = Config::default().patience)]
    patience: usize,
    /// Steps between checkpoints, beside the one after every epoch; 0: none
    #[arg(long, default_value_t = Config::default().checkpoint_steps)]
    checkpoint_steps: u64,
}

impl TrainSettings {
    /// The settings as the library takes them.
    pub fn config(&self) -> Config {
        Config {
            seed: self.seed,
            epochs: self.epochs,
            batch: self.batch,
            lr: self.lr,
            warmup: self.warmup,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            unlabelled: self.unlabelled,
            rank_weight: self.rank_weight,
            dropout: self.dropout,
            average_decay: self.average_decay,
            patience: self.patience,
            checkpoint_steps: self.checkpoint_steps,
            ..Config::default()
        }
    }
}
