//! Label tables, typed tables and statistics of labels.

pub mod error;
pub mod labels;
pub mod typed;

pub use error::{Error, Result};
