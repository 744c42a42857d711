//! Rows into bytes.

use super::parquet::ParquetRows;
use super::{Column, Format, Kind};
use std::io::{Error, ErrorKind, Result, Write};

/// Writes a table row by row.
pub struct Writer<W: Write + Send> {
    columns: Vec<Column>,
    to: Sink<W>,
}

enum Sink<W: Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Jsonl(W),
    Parquet(Box<ParquetRows<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a table. `facts` are about the whole table: lines `# NAME: VALUE`
    /// before a CSV header, key-value metadata of Parquet; JSON lines have no
    /// place for them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(
        format: Format,
        mut out: W,
        columns: Vec<Column>,
        facts: &[(String, String)],
    ) -> Result<Self> {
        let to = match format {
            Format::Csv => {
                for (name, value) in facts {
                    let value = value.replace('"', "'");
                    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
                    writeln!(out, "# {name}: {value}")?;
                }
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(columns.iter().map(|c| c.name.as_str()))?;
                Sink::Csv(Box::new(csv))
            }
            Format::Jsonl => Sink::Jsonl(out),
            Format::Parquet => Sink::Parquet(Box::new(ParquetRows::new(out, &columns, facts)?)),
        };
        Ok(Self { columns, to })
    }

    /// Adds a row: a cell for each column, numbers as Rust writes them, empty
    /// where nothing is known. What is no number in a column of numbers is
    /// nothing known in JSON lines and Parquet.
    ///
    /// # Errors
    /// Those of the output; too few or too many cells.
    pub fn row(&mut self, cells: &[String]) -> Result<()> {
        if cells.len() != self.columns.len() {
            let reason = format!("{} cells for {} columns", cells.len(), self.columns.len());
            return Err(Error::new(ErrorKind::InvalidInput, reason));
        }
        match &mut self.to {
            Sink::Csv(csv) => Ok(csv.write_record(cells)?),
            Sink::Jsonl(out) => out.write_all(json_line(&self.columns, cells).as_bytes()),
            Sink::Parquet(rows) => rows.push(cells),
        }
    }

    /// Hands on what is buffered, where the format allows it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&mut self) -> Result<()> {
        match &mut self.to {
            Sink::Csv(csv) => csv.flush(),
            Sink::Jsonl(out) => out.flush(),
            Sink::Parquet(_) => Ok(()),
        }
    }

    /// Ends the table and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> Result<W> {
        let mut out = match self.to {
            Sink::Csv(csv) => csv.into_inner().map_err(csv::IntoInnerError::into_error)?,
            Sink::Jsonl(out) => out,
            Sink::Parquet(rows) => rows.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// An object of all columns in their order.
fn json_line(columns: &[Column], cells: &[String]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let pairs = columns.iter().zip(cells).map(|(column, cell)| {
        let value = match column.kind {
            Kind::Text if cell.is_empty() => None,
            Kind::Text => Some(quoted(cell)),
            Kind::Integer => cell.parse::<i64>().ok().map(|v| v.to_string()),
            Kind::Number => {
                let number = cell.parse().ok().and_then(serde_json::Number::from_f64);
                number.map(|v| v.to_string())
            }
        };
        format!("{}:{}", quoted(&column.name), value.unwrap_or_else(|| "null".to_owned()))
    });
    format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, facts: &[(String, String)]) -> Vec<u8> {
        let columns = vec![
            Column::new("path", Kind::Text),
            Column::new("n", Kind::Integer),
            Column::new("x_ms", Kind::Number),
        ];
        let mut table = Writer::new(format, Vec::new(), columns, facts).unwrap();
        for row in [["a \"b\",\n", "3", "0.5"], ["", "", ""], ["c", "x", "NaN"]] {
            table.row(&row.map(String::from)).unwrap();
        }
        assert!(table.row(&["a".to_owned()]).is_err());
        table.finish().unwrap()
    }

    #[test]
    fn csv_has_facts_and_quotes() {
        let facts = [("cpu".to_owned(), "a \"b\"\nc".to_owned())];
        let text = String::from_utf8(written(Format::Csv, &facts)).unwrap();
        assert_eq!(text, "# cpu: a 'b' c\npath,n,x_ms\n\"a \"\"b\"\",\n\",3,0.5\n,,\nc,x,NaN\n");
    }

    #[test]
    fn json_lines_have_types_and_nulls() {
        let text = String::from_utf8(written(Format::Jsonl, &[])).unwrap();
        let rows: Vec<serde_json::Value> =
            text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(rows[0], serde_json::json!({"path": "a \"b\",\n", "n": 3, "x_ms": 0.5}));
        assert!(rows[1]["path"].is_null() && rows[2]["x_ms"].is_null() && rows[2]["n"].is_null());
        assert!(text.starts_with("{\"path\":"), "columns keep their order: {text}");
    }

    #[test]
    fn parquet_is_one_whole_file() {
        let bytes = written(Format::Parquet, &[]);
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
}
