//! What `nneval score` and `nneval report` share: which rows, the bootstrap, and errors that
//! name options.

use super::training_view::worded;
use clap::ValueEnum;
use nneval::training::score::{Bootstrap, RowSelection};
use nneval::training::{Error, RequestFault};

/// Which rows of a table are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// Rows of classes that the evaluator was not trained on
    Unseen,
    /// Rows of classes that it was neither trained on nor chosen by
    Test,
    /// All rows, training rows among them
    All,
}

impl From<Rows> for RowSelection {
    fn from(rows: Rows) -> Self {
        match rows {
            Rows::Unseen => Self::Unseen,
            Rows::Test => Self::Test,
            Rows::All => Self::All,
        }
    }
}

/// Which rows, and the bootstrap of τ.
#[derive(Debug, clap::Args)]
pub struct ScoringArgs {
    /// Which rows of the table
    #[arg(long, value_enum, default_value_t = Rows::Unseen)]
    pub rows: Rows,
    /// Bootstrap resamples of the classes
    #[arg(long, default_value_t = 1000)]
    pub bootstrap: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

impl ScoringArgs {
    /// The bootstrap.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.bootstrap, seed: self.seed }
    }
}

/// An error of scoring, in the words of the command line.
pub fn worded_score(error: Error) -> anyhow::Error {
    match &error {
        Error::Request(fault @ RequestFault::UnknownMetric { .. }) => {
            anyhow::anyhow!("--metric {fault}")
        }
        Error::Request(fault @ RequestFault::AllClassesSeen { .. }) => {
            anyhow::anyhow!("{fault}; --rows all scores them all the same")
        }
        _ => worded(error),
    }
}
