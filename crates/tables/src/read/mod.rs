//! Reading of tables: one reader for CSV, JSON lines and Parquet, plain or gzip,
//! of a file or standard input.
//!
//! The format is told by how the bytes begin, not by the name of the file.
//!
//! | format | cells | line of a row |
//! |---|---|---|
//! | CSV | text | that of the file |
//! | JSON lines | integers, numbers, text; a boolean is 0 or 1 | that of the file |
//! | Parquet | integers, numbers, text; a boolean is 0 or 1, NaN of FLOAT and DOUBLE is missing | number of the row and 1, as if there were a header |
//!
//! A FLOAT of 32 bits is read as the shortest decimal number that stands for it
//! (0.1 is 0.1, not 0.10000000149), so that it equals the same cell in CSV.

mod csv;
mod jsonl;
mod lines;
mod list;
#[cfg(not(feature = "parquet"))]
mod no_parquet;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod row;
mod source;

pub use list::read_list;
pub use reader::TableReader;
pub(crate) use reader::unknown_column;
pub use row::Row;
pub use source::STDIN;
