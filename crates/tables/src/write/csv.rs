//! Rows into CSV.

use crate::cell::Cell;
use crate::column::Column;
use crate::inert::inert;
use nneval_files::printable;
use std::borrow::Cow;
use std::io::{Error, Result, Write};

/// A CSV file that is being written.
pub(super) struct CsvRows<W: Write>(csv::Writer<W>);

impl<W: Write> CsvRows<W> {
    /// Writes facts as comments, then the names.
    pub(super) fn new(mut out: W, columns: &[Column], facts: &[(String, String)]) -> Result<Self> {
        for (name, value) in facts {
            let value = value.replace('"', "'");
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(out, "# {}: {}", printable(name), printable(&value))?;
        }
        let mut csv = csv::Writer::from_writer(out);
        let names = columns.iter().map(|c| inert(&c.name).into_owned());
        csv.write_record(names).map_err(plain)?;
        Ok(Self(csv))
    }

    pub(super) fn push(&mut self, columns: &[Column], cells: &[Cell]) -> Result<()> {
        let texts: Vec<Cow<str>> = cells.iter().take(columns.len()).map(text).collect();
        self.0.write_record(texts.iter().map(|t| t.as_bytes())).map_err(plain)
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }

    pub(super) fn finish(self) -> Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// Numbers in as many digits as tell them from all others.
fn text(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Text(text) => inert(text),
        _ => cell.text(),
    }
}

/// The error of the output where that was it.
fn plain(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => Error::other(format!("{other:?}")),
    }
}
