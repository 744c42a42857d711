//! Typed tables, written row by row as CSV, JSON lines or Parquet: what
//! commands give out for other programs.
//!
//! ```
//! use nneval_tables::typed::{Column, Format, Kind, Writer};
//! let columns = vec![Column::new("path", Kind::Text), Column::new("latency_ms", Kind::Number)];
//! let mut table = Writer::new(Format::Jsonl, Vec::new(), columns, &[])?;
//! table.row(&["a.onnx".to_owned(), "1.5".to_owned()])?;
//! assert_eq!(table.finish()?, b"{\"path\":\"a.onnx\",\"latency_ms\":1.5}\n");
//! # Ok::<(), std::io::Error>(())
//! ```

mod parquet;
mod writer;

pub use writer::Writer;

use crate::labels::MetricSpec;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Key of the Parquet metadata that describes the columns: a JSON object, for
/// each column its `type`, `unit` and `description`.
pub const COLUMNS_KEY: &str = "nneval.columns";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers.
    Number,
    /// Whole numbers.
    Integer,
    /// Text.
    Text,
}

impl Kind {
    /// Name of the Parquet type.
    fn name(self) -> &'static str {
        match self {
            Self::Number => "double",
            Self::Integer => "int64",
            Self::Text => "string",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Unit of its values; empty where there is none.
    pub unit: String,
    /// One line for people; may be empty.
    pub description: String,
}

impl Column {
    /// A column; numbers have the unit that their name tells
    /// ([`MetricSpec::from_column`]).
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        let (unit, description) = match kind {
            Kind::Number => {
                let spec = MetricSpec::from_column(&name);
                (spec.unit, spec.description)
            }
            _ => (String::new(), String::new()),
        };
        Self { name, kind, unit, description }
    }

    /// The same column with that unit and description.
    pub fn described(self, unit: &str, description: &str) -> Self {
        Self { unit: unit.to_owned(), description: description.to_owned(), ..self }
    }
}

/// The value of [`COLUMNS_KEY`].
fn description(columns: &[Column]) -> String {
    let pairs = columns.iter().map(|c| {
        let facts = json!({"type": c.kind.name(), "unit": c.unit, "description": c.description});
        (c.name.clone(), facts)
    });
    Value::Object(pairs.collect::<Map<_, _>>()).to_string()
}

/// A file format of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, a header line, empty cells where nothing is known.
    Csv,
    /// A JSON object a line, null where nothing is known.
    Jsonl,
    /// Optional columns of DOUBLE, INT64 and strings, Snappy, row groups of at
    /// most 65,536 rows.
    Parquet,
}

impl Format {
    /// The format that the name of a file tells: `.jsonl`, `.ndjson`,
    /// `.parquet`, else CSV.
    pub fn of_file(path: &Path) -> Self {
        match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
            Some("jsonl" | "ndjson") => Self::Jsonl,
            Some("parquet") => Self::Parquet,
            _ => Self::Csv,
        }
    }

    /// The ending of files of this format.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_the_format() {
        let of = |name: &str| Format::of_file(Path::new(name));
        assert_eq!(of("a/t.JSONL"), Format::Jsonl);
        assert_eq!(of("t.ndjson"), Format::Jsonl);
        assert_eq!(of("t.parquet"), Format::Parquet);
        assert_eq!(of("t"), Format::Csv);
        for format in [Format::Csv, Format::Jsonl, Format::Parquet] {
            assert_eq!(of(&format!("t.{}", format.ending())), format);
        }
    }

    #[test]
    fn columns_know_their_units() {
        let columns =
            [Column::new("edge_lat_ms", Kind::Number), Column::new("path_ms", Kind::Text)];
        assert_eq!((columns[0].unit.as_str(), columns[1].unit.as_str()), ("ms", ""));
        let text: Value = serde_json::from_str(&description(&columns)).unwrap();
        assert_eq!(text["edge_lat_ms"]["unit"], "ms");
        assert_eq!(text["path_ms"]["type"], "string");
    }
}
