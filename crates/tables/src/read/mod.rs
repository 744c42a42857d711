//! Reading of tables: one reader for CSV, JSON lines and Parquet, plain or gzip,
//! of a file or standard input.
//!
//! The format is told by how the bytes begin, not by the name of the file.
//!
//! | format | cells | line of a row |
//! |---|---|---|
//! | CSV | text | that of the file |
//! | JSON lines, a JSON array of objects | integers, numbers, text; a boolean is 0 or 1 | that of the file |
//! | Parquet | integers, numbers, text; a boolean is 0 or 1, NaN of FLOAT and DOUBLE is missing | number of the row and 1, as if there were a header |
//!
//! A table takes memory and time by the bytes of its file. Every count is bounded while it is
//! read: [`MAX_BYTES`](crate::MAX_BYTES), [`MAX_COLUMNS`](crate::MAX_COLUMNS),
//! [`MAX_ROW_BYTES`](crate::MAX_ROW_BYTES).
//!
//! A FLOAT of 32 bits is read as the shortest decimal number that stands for it
//! (0.1 is 0.1, not 0.10000000149), so that it equals the same cell in CSV.

mod budget;
mod caught;
mod csv;
mod jsonl;
mod list;
#[cfg(not(feature = "parquet"))]
mod no_parquet;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_pages;
mod reader;
mod records;
mod row;
mod source;

pub use caught::panics_are_caught;
pub use list::{read_joined, read_list};
pub use reader::TableReader;
pub(crate) use reader::unknown_column;
pub use row::Row;
pub use source::STDIN;
