//! Flat Parquet files as CSV text: one reader for both kinds of table.
//!
//! Columns must be numbers, booleans or text; null is an empty cell. Files may
//! be uncompressed, Snappy or gzip, which is what pyarrow and pandas write.

use super::limits::MAX_BYTES;
use crate::error::{Error, Result};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What a Parquet file begins and ends with.
pub const MAGIC: [u8; 4] = *b"PAR1";

/// The table as CSV, with a header line.
///
/// # Errors
/// [`Error::Labels`]: damaged, nested or binary columns, another compression,
/// more than [`MAX_BYTES`] of text.
pub fn to_csv(path: &Path, file: File) -> Result<Vec<u8>> {
    // The reader is not known never to panic on damaged files.
    let attempt = catch_unwind(AssertUnwindSafe(|| text(file)));
    let reason = match attempt {
        Ok(Ok(text)) => return Ok(text),
        Ok(Err(reason)) => reason,
        Err(_) => "it is damaged".to_owned(),
    };
    let reason = format!("Parquet that cannot be read: {reason}");
    Err(Error::Labels { file: path.to_owned(), line: None, reason })
}

/// Key-value metadata of a Parquet file.
///
/// # Errors
/// As [`to_csv`]; [`Error::Io`].
pub fn metadata(path: &Path) -> Result<Vec<(String, String)>> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let reader = SerializedFileReader::new(file).map_err(|e| Error::Labels {
        file: path.to_owned(),
        line: None,
        reason: e.to_string(),
    })?;
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    let pairs = pairs.into_iter().flatten();
    Ok(pairs.map(|p| (p.key.clone(), p.value.clone().unwrap_or_default())).collect())
}

fn text(file: File) -> Result<Vec<u8>, String> {
    let reader = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    let names: Vec<String> = {
        let schema = reader.metadata().file_metadata().schema_descr();
        schema.root_schema().get_fields().iter().map(|f| f.name().to_owned()).collect()
    };
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&names).map_err(|e| e.to_string())?;
    for row in reader.get_row_iter(None).map_err(|e| e.to_string())? {
        let cells = cells(&row.map_err(|e| e.to_string())?)?;
        out.write_record(&cells).map_err(|e| e.to_string())?;
        if out.get_ref().len() as u64 > MAX_BYTES {
            return Err("more text than a label table may hold".to_owned());
        }
    }
    out.into_inner().map_err(|e| e.to_string())
}

fn cells(row: &Row) -> Result<Vec<String>, String> {
    row.get_column_iter().map(|(name, field)| cell(name, field)).collect()
}

fn cell(name: &str, field: &Field) -> Result<String, String> {
    Ok(match field {
        Field::Null => String::new(),
        Field::Bool(b) => u8::from(*b).to_string(),
        Field::Byte(v) => v.to_string(),
        Field::Short(v) => v.to_string(),
        Field::Int(v) => v.to_string(),
        Field::Long(v) => v.to_string(),
        Field::UByte(v) => v.to_string(),
        Field::UShort(v) => v.to_string(),
        Field::UInt(v) => v.to_string(),
        Field::ULong(v) => v.to_string(),
        Field::Float16(v) => v.to_string(),
        // pandas writes missing numbers as NaN.
        Field::Float(v) if v.is_nan() => String::new(),
        Field::Double(v) if v.is_nan() => String::new(),
        Field::Float(v) => v.to_string(),
        Field::Double(v) => v.to_string(),
        Field::Str(s) => s.clone(),
        _ => return Err(format!("column {name:?} is neither numbers nor text")),
    })
}
