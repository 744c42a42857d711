//! Writing of tables row by row, as CSV, JSON lines or Parquet.
//!
//! ```
//! use nneval_tables::{Cell, Column, Format, Kind, Writer};
//! let columns = vec![Column::new("path", Kind::Text), Column::new("latency_ms", Kind::Number)];
//! let mut table = Writer::new(Format::Jsonl, Vec::new(), columns, &[])?;
//! table.row([Cell::from("a.onnx"), Cell::from(1.5)])?;
//! assert_eq!(table.finish()?, b"{\"path\":\"a.onnx\",\"latency_ms\":1.5}\n");
//! # Ok::<(), std::io::Error>(())
//! ```

mod csv;
mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;

use crate::cell::Cell;
use crate::column::Column;
use crate::format::Format;
use std::io::{Error, ErrorKind, Result, Write};

/// Writes a table row by row.
pub struct Writer<W: Write + Send> {
    columns: Vec<Column>,
    to: Sink<W>,
}

enum Sink<W: Write + Send> {
    Csv(Box<csv::CsvRows<W>>),
    Jsonl(W),
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::ParquetRows<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a table. `facts` are about the whole table: lines `# NAME: VALUE`
    /// before a CSV header, key-value metadata of Parquet; JSON lines have no
    /// place for them.
    ///
    /// # Errors
    /// Those of `out`; [`ErrorKind::Unsupported`]: Parquet in a build without the
    /// feature.
    pub fn new(
        format: Format,
        out: W,
        columns: Vec<Column>,
        facts: &[(String, String)],
    ) -> Result<Self> {
        let to = match format {
            Format::Csv => Sink::Csv(Box::new(csv::CsvRows::new(out, &columns, facts)?)),
            Format::Jsonl => Sink::Jsonl(out),
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                Sink::Parquet(Box::new(parquet::ParquetRows::new(out, &columns, facts)?))
            }
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                return Err(Error::new(ErrorKind::Unsupported, "this build has no Parquet"));
            }
        };
        Ok(Self { columns, to })
    }

    /// Adds a row: a cell for each column.
    ///
    /// JSON lines and Parquet take a cell as the kind of its column, and have null
    /// where it cannot be that or is no finite number. CSV has numbers as they are and
    /// texts as [`inert`](crate::inert()) makes them.
    ///
    /// # Errors
    /// Those of the output; too few or too many cells.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<Cell>>) -> Result<()> {
        let cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        if cells.len() != self.columns.len() {
            let reason = format!("{} cells for {} columns", cells.len(), self.columns.len());
            return Err(Error::new(ErrorKind::InvalidInput, reason));
        }
        match &mut self.to {
            Sink::Csv(rows) => rows.push(&self.columns, &cells),
            Sink::Jsonl(out) => out.write_all(jsonl::line(&self.columns, &cells).as_bytes()),
            #[cfg(feature = "parquet")]
            Sink::Parquet(rows) => rows.push(cells),
        }
    }

    /// Hands on what is buffered, where the format allows it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.to {
            Sink::Csv(rows) => rows.flush(),
            Sink::Jsonl(out) => out.flush(),
            #[cfg(feature = "parquet")]
            Sink::Parquet(_) => Ok(()),
        }
    }

    /// Ends the table and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> Result<W> {
        let mut out = match self.to {
            Sink::Csv(rows) => rows.finish()?,
            Sink::Jsonl(out) => out,
            #[cfg(feature = "parquet")]
            Sink::Parquet(rows) => rows.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Kind;

    fn written(format: Format, facts: &[(String, String)]) -> Result<Vec<u8>> {
        let columns = vec![
            Column::new("path", Kind::Text),
            Column::new("n", Kind::Integer),
            Column::new("x_ms", Kind::Number),
        ];
        let mut table = Writer::new(format, Vec::new(), columns, facts)?;
        table.row([Cell::from("a \"b\",\n"), 3u64.into(), 0.5.into()])?;
        table.row([Cell::Missing, Cell::Missing, Cell::Missing])?;
        table.row(["c", "x", "NaN"])?;
        table.row([Cell::from(0.5), 2.5.into(), f64::INFINITY.into()])?;
        assert!(table.row(["a"]).is_err());
        table.finish()
    }

    #[test]
    fn csv_has_facts_and_quotes() {
        let facts = [("cpu".to_owned(), "a \"b\"\nc".to_owned())];
        let text = String::from_utf8(written(Format::Csv, &facts).unwrap()).unwrap();
        let rows = "\"a \"\"b\"\",\\n\",3,0.5\n,,\nc,x,NaN\n0.5,2.5,inf\n";
        assert_eq!(text, format!("# cpu: a 'b' c\npath,n,x_ms\n{rows}"));
    }

    #[test]
    fn numbers_of_csv_read_back_to_the_bit() {
        let columns = vec![Column::new("v", Kind::Number)];
        let mut table = Writer::new(Format::Csv, Vec::new(), columns, &[]).unwrap();
        let values = [91.25, 1.0 / 3.0, 23.207_519_531_25, 5e-324, 1.797e308];
        for value in values {
            table.row([value]).unwrap();
        }
        let bytes = table.finish().unwrap();
        let rows = crate::TableReader::from_reader("t", &bytes[..]).unwrap().rows().unwrap();
        let back: Vec<f64> = rows.iter().filter_map(|r| r.cell(0).number()).collect();
        assert_eq!(back, values);
    }

    #[test]
    fn json_lines_have_types_and_nulls() {
        let text = String::from_utf8(written(Format::Jsonl, &[]).unwrap()).unwrap();
        let rows: Vec<serde_json::Value> =
            text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(rows[0], serde_json::json!({"path": "a \"b\",\n", "n": 3, "x_ms": 0.5}));
        assert!(rows[1]["path"].is_null() && rows[2]["x_ms"].is_null() && rows[2]["n"].is_null());
        assert!(text.starts_with("{\"path\":"), "columns keep their order: {text}");
        assert!(text.ends_with("{\"path\":\"0.5\",\"n\":null,\"x_ms\":null}\n"), "{text}");
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn parquet_is_one_whole_file() {
        let bytes = written(Format::Parquet, &[]).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn parquet_is_refused_by_a_build_without_it() {
        let error = written(Format::Parquet, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.to_string(), "this build has no Parquet");
    }
}
