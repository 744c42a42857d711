//! Statistics of labels and predictions: rank correlations, errors, quantiles,
//! bootstrap intervals, scores.
//!
//! Functions of two lists take slices of one length and return `None` where the
//! statistic is undefined: other lengths, too few values, a value that is not
//! finite, and for the correlations a list whose values are all equal.

mod bootstrap;
mod correlation;
mod errors;
pub(crate) mod normal;
mod pairs;
mod quantile;
mod ranks;
mod score;
mod score_text;
mod tau;
#[cfg(test)]
mod tests;

pub use bootstrap::{Interval, MAX_RESAMPLES, bootstrap_tau};
pub use correlation::{kendall_tau, pearson, spearman_rho};
pub use errors::{mean_absolute_error, median_relative_error, root_mean_square_error};
pub(crate) use pairs::is_constant;
pub use pairs::paired;
pub use quantile::quantile;
pub(crate) use ranks::mid_ranks;
pub use score::{INTERVAL_LEVEL, ScoreReport, ScoreRow, score_table};
