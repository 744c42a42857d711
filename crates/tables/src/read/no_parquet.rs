//! Refusal of Parquet in a build without the feature `parquet`.

use super::budget::Budget;
use super::row::{Fault, Header, Row, Rows};
use super::source::ParquetBytes;
use crate::error::ErrorKind;

/// No rows.
pub(super) enum ParquetRows {}

impl Rows for ParquetRows {
    fn read(&mut self, _: &mut Row) -> Result<bool, Fault> {
        match *self {}
    }
}

/// Refuses.
pub(super) fn open(_: ParquetBytes, _: &Budget) -> Result<(Header, ParquetRows), Fault> {
    let reason = "Parquet that cannot be read: this build has no Parquet".to_owned();
    Err(Fault { kind: ErrorKind::Unsupported, line: None, reason, cause: None })
}
