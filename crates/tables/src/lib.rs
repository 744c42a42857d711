//! Tables: CSV, JSON lines and Parquet read and written as typed cells, label
//! tables, and the statistics of labels.
//!
//! | module | job |
//! |---|---|
//! | [`read`] | one reader for all formats, plain or gzip, of a file or stdin |
//! | [`mod@write`] | one writer for all formats |
//! | [`labels`] | label tables, splits by class, target transforms |
//! | [`statistics`] | rank correlations, errors, bootstrap, scores |
//!
//! Parquet needs the cargo feature `parquet`. Without it a Parquet file is refused
//! with [`ErrorKind::Unsupported`].

mod cell;
mod column;
mod error;
mod format;
mod inert;
pub mod labels;
mod limits;
mod metric;
mod near_names;
pub mod read;
pub mod statistics;
pub mod write;

pub use cell::Cell;
pub use column::{COLUMNS_KEY, Column, Kind, significant};
pub use error::{Cause, Error, ErrorKind, Result};
pub use format::Format;
pub use inert::inert;
pub use limits::{MAX_BYTES, MAX_COLUMNS, MAX_ROW_BYTES};
pub use metric::MetricSpec;
pub use near_names::near_names;
pub use read::{Row, STDIN, TableReader, panics_are_caught, read_joined, read_list};
pub use write::Writer;
