//! Flat Parquet files as CSV text, a row at a time: one reader for both kinds
//! of table.
//!
//! Columns must be numbers, booleans or text; null is an empty cell. Files may
//! be uncompressed, Snappy or gzip, which is what pyarrow, pandas and polars
//! (asked for Snappy) write.

use crate::error::{Error, Result};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What a Parquet file begins and ends with.
pub const MAGIC: [u8; 4] = *b"PAR1";

/// A Parquet table: a reader of its CSV text, with a header line.
pub struct ParquetText {
    rows: RowIter<'static>,
    pending: io::Cursor<Vec<u8>>,
    metadata: Vec<(String, String)>,
}

impl ParquetText {
    /// Opens a file, or the bytes of one.
    ///
    /// # Errors
    /// [`Error::Labels`]: damaged. Reading fails for what is damaged further on,
    /// nested or binary columns, another compression.
    pub fn open(path: &Path, source: impl ChunkReader + 'static) -> Result<Self> {
        guarded(|| Self::begin(source)).map_err(|reason| Error::Labels {
            file: path.to_owned(),
            line: None,
            reason,
        })
    }

    /// Key-value metadata of the file.
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    fn begin(source: impl ChunkReader + 'static) -> Result<Self, String> {
        let reader = SerializedFileReader::new(source).map_err(|e| e.to_string())?;
        let file = reader.metadata().file_metadata();
        let fields = file.schema_descr().root_schema().get_fields();
        let names: Vec<String> = fields.iter().map(|f| f.name().to_owned()).collect();
        let pairs = file.key_value_metadata().into_iter().flatten();
        let metadata =
            pairs.map(|p| (p.key.clone(), p.value.clone().unwrap_or_default())).collect();
        let pending = io::Cursor::new(line(&names)?);
        Ok(Self { rows: RowIter::from_file_into(Box::new(reader)), pending, metadata })
    }

    /// CSV of the next row; nothing at the end.
    fn convert(&mut self) -> Result<Vec<u8>, String> {
        match self.rows.next() {
            Some(row) => line(&cells(&row.map_err(|e| e.to_string())?)?),
            None => Ok(Vec::new()),
        }
    }
}

impl Read for ParquetText {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.pending.read(out)?;
        if read > 0 || out.is_empty() {
            return Ok(read);
        }
        let text = guarded(|| self.convert()).map_err(io::Error::other)?;
        self.pending = io::Cursor::new(text);
        self.pending.read(out)
    }
}

/// The reader is not known never to panic on damaged files.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let attempt = catch_unwind(AssertUnwindSafe(work));
    let attempt = attempt.unwrap_or_else(|_| Err("it is damaged".to_owned()));
    attempt.map_err(|reason| format!("Parquet that cannot be read: {reason}"))
}

fn line(cells: &[String]) -> Result<Vec<u8>, String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(cells).map_err(|e| e.to_string())?;
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
