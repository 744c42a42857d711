//! Tables of labels and results.

mod bombs;
mod formats;
mod labels;
