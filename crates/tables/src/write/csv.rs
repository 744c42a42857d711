//! Rows into CSV.

use crate::cell::Cell;
use crate::column::{Column, significant};
use std::borrow::Cow;
use std::io::{Result, Write};

/// A CSV file that is being written.
pub(super) struct CsvRows<W: Write>(csv::Writer<W>);

impl<W: Write> CsvRows<W> {
    /// Writes facts as comments, then the names.
    pub(super) fn new(mut out: W, columns: &[Column], facts: &[(String, String)]) -> Result<Self> {
        for (name, value) in facts {
            let value = value.replace('"', "'");
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(out, "# {name}: {value}")?;
        }
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(columns.iter().map(|c| c.name.as_str()))?;
        Ok(Self(csv))
    }

    pub(super) fn push(&mut self, columns: &[Column], cells: &[Cell]) -> Result<()> {
        let texts = columns.iter().zip(cells).map(|(column, cell)| text(column, cell));
        let texts: Vec<Cow<str>> = texts.collect();
        Ok(self.0.write_record(texts.iter().map(|t| t.as_bytes()))?)
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }

    pub(super) fn finish(self) -> Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

fn text<'a>(column: &Column, cell: &'a Cell) -> Cow<'a, str> {
    match (cell, column.csv_digits) {
        (Cell::Number(value), Some(digits)) => Cow::Owned(significant(*value, digits)),
        _ => cell.text(),
    }
}
