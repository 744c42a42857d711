//! Rows, and what a reader of one format gives.

use crate::cell::Cell;
use crate::error::{Cause, ErrorKind};
use std::io;

/// A row of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    /// 1-based line of the file on which the row starts.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The cells, one a column.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Whether the row holds nothing, as those that spreadsheets leave at the end.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }

    /// The cell of a column; [`Cell::Missing`] where there is no such column.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Missing)
    }
}

/// What stands before the rows.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Line of the names; `None` for a file without a header.
    pub(super) line: Option<u64>,
    pub(super) names: Vec<String>,
    pub(super) facts: Vec<(String, String)>,
}

/// The rows of a table in one format.
pub(super) trait Rows {
    /// Puts the next row in `row`; false at the end.
    fn read(&mut self, row: &mut Row) -> Result<bool, Fault>;
}

/// An error without the name of the file.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) line: Option<u64>,
    pub(super) reason: String,
    pub(super) cause: Option<Cause>,
}

impl Fault {
    /// A row that breaks the rules.
    pub(super) fn row(line: u64, reason: String) -> Self {
        Self { kind: ErrorKind::Malformed, line: Some(line), reason, cause: None }
    }

    /// Bytes that cannot be read.
    pub(super) fn unreadable(line: Option<u64>, reason: String, cause: Option<Cause>) -> Self {
        Self { kind: ErrorKind::Unreadable, line, reason, cause }
    }

    /// Bytes that cannot be read for a reason that the system or gzip gives.
    pub(super) fn io(line: Option<u64>, error: io::Error) -> Self {
        Self::unreadable(line, io_reason(&error), Some(Box::new(error)))
    }
}

/// The reason of an I/O error inside a file that could be opened.
pub(super) fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the gzip data is cut short".to_owned(),
        _ => error.to_string(),
    }
}
