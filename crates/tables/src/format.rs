//! File formats of tables.

use std::path::Path;

/// A file format of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, a header line, empty cells where nothing is known.
    Csv,
    /// A JSON object a line, null where nothing is known.
    Jsonl,
    /// Optional columns of DOUBLE, INT64 and strings, Snappy, row groups of at
    /// most 65,536 rows. Needs the feature `parquet`.
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
}
