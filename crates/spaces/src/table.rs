//! Architectures listed in a label table.

use super::{Arch, Space};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Reads columns `arch_index` (a number from 0) and `arch_str` of a CSV file,
/// gzip-compressed where its name ends in `.gz`. Rows keep their order.
///
/// # Errors
/// [`Error::Io`] where the file cannot be opened; [`Error::Labels`] naming the
/// line for a missing column, a malformed row, an index that is no number or
/// occurs twice, an architecture that `space` does not have.
pub fn read_table(path: &Path, space: Space) -> Result<Vec<(u64, Arch)>> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let fail =
        |line: Option<u64>, reason: String| Error::Labels { file: path.to_owned(), line, reason };
    let headers = reader.headers().map_err(|e| csv_error(path, e, 1))?.clone();
    let column = |name: &str| {
        let found = headers.iter().position(|h| h == name);
        found.ok_or_else(|| fail(Some(1), format!("no column {name:?}")))
    };
    let (index_column, arch_column) = (column("arch_index")?, column("arch_str")?);

    let mut rows = Vec::new();
    let mut first_lines: HashMap<u64, u64> = HashMap::new();
    let mut record = csv::StringRecord::new();
    loop {
        let next_line = reader.position().line();
        if !reader.read_record(&mut record).map_err(|e| csv_error(path, e, next_line))? {
            return Ok(rows);
        }
        let line = record.position().map_or(next_line, csv::Position::line);
        let text = record.get(index_column).unwrap_or_default();
        let index: u64 = text
            .parse()
            .map_err(|_| fail(Some(line), format!("arch_index {text:?} is not a number from 0")))?;
        if let Some(first) = first_lines.insert(index, line) {
            return Err(fail(Some(line), format!("arch_index {index} is on line {first} already")));
        }
        let arch = space
            .parse(record.get(arch_column).unwrap_or_default())
            .map_err(|e| fail(Some(line), e.to_string()))?;
        rows.push((index, arch));
    }
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    let file = BufReader::new(File::open(path).map_err(|e| Error::io(path, e))?);
    Ok(match path.extension() {
        Some(e) if e.eq_ignore_ascii_case("gz") => {
            Box::new(flate2::bufread::MultiGzDecoder::new(file))
        }
        _ => Box::new(file),
    })
}

/// An error of the CSV reader, with the line where it has one.
fn csv_error(path: &Path, error: csv::Error, line: u64) -> Error {
    let line = error.position().map_or(line, csv::Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::Io(e) => e.to_string(),
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, expected {expected_len}")
        }
        _ => error.to_string(),
    };
    Error::Labels { file: path.to_owned(), line: Some(line), reason }
}
