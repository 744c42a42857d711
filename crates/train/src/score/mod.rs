//! Scores of an evaluator: predictions beside the reported values of a label table.

mod baseline;
mod metrics;
mod rows;
mod table;

pub use baseline::{Baseline, baseline_column};
pub use metrics::scored_metrics;
pub use rows::RowSelection;
pub use table::{Bootstrap, ScoreRequest, ScoredTable};
