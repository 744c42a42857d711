//! Tables of labels and results.

mod formats;
mod labels;
