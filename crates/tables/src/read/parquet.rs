//! Flat Parquet files, a row at a time.
//!
//! Columns must be numbers, booleans or text; null is a missing cell. Files may
//! be uncompressed, Snappy or gzip, which is what pyarrow, pandas and polars
//! (asked for Snappy) write.

use super::budget::{Budget, too_long};
use super::caught::caught;
use super::parquet_pages;
use super::row::{Fault, Header, Row, Rows};
use super::source::ParquetBytes;
use crate::cell::Cell;
use crate::error::Cause;
use crate::limits::MAX_COLUMNS;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Record};

/// The rows of a Parquet file.
pub(super) struct ParquetRows {
    rows: RowIter<'static>,
    line: u64,
    /// Bytes of cells that may still be read.
    left: u64,
}

/// Reads names and metadata.
pub(super) fn open(bytes: ParquetBytes, budget: &Budget) -> Result<(Header, ParquetRows), Fault> {
    match bytes {
        ParquetBytes::File(file) => guarded(None, || begin(file, budget)),
        ParquetBytes::Memory(bytes) => guarded(None, || begin(Bytes::from(bytes), budget)),
    }
}

fn begin(
    source: impl ChunkReader + 'static,
    budget: &Budget,
) -> Result<(Header, ParquetRows), Refusal> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&source)?;
    parquet_pages::check(&source, &metadata, budget.text())?;
    let reader = SerializedFileReader::new(source)?;
    let file = reader.metadata().file_metadata();
    let fields = file.schema_descr().root_schema().get_fields();
    if fields.len() > MAX_COLUMNS {
        return Err(format!("more than {MAX_COLUMNS} columns").into());
    }
    let names = fields.iter().map(|f| f.name().to_owned()).collect();
    let pairs = file.key_value_metadata().into_iter().flatten();
    let facts = pairs.map(|p| (p.key.clone(), p.value.clone().unwrap_or_default())).collect();
    let rows = RowIter::from_file_into(Box::new(reader));
    let header = Header { line: Some(1), names, facts };
    Ok((header, ParquetRows { rows, line: 1, left: budget.text() }))
}

impl ParquetRows {
    fn fill(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        let Some(record) = self.rows.next().transpose()? else { return Ok(false) };
        row.line = self.line;
        row.cells.clear();
        for (name, field) in record.get_column_iter() {
            let cell = cell(field);
            row.cells.push(cell.ok_or_else(|| {
                Refusal::from(format!("column {name:?} is neither numbers nor text"))
            })?);
        }
        let size = size(&record);
        self.left = self.left.checked_sub(size).ok_or_else(|| too_long().to_string())?;
        Ok(true)
    }
}

impl Rows for ParquetRows {
    fn read(&mut self, row: &mut Row) -> Result<bool, Fault> {
        self.line += 1;
        guarded(Some(self.line), || self.fill(row))
    }
}

/// Why a file is refused.
struct Refusal {
    reason: String,
    cause: Option<Cause>,
}

impl From<ParquetError> for Refusal {
    fn from(error: ParquetError) -> Self {
        Self { reason: error.to_string(), cause: Some(Box::new(error)) }
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, cause: None }
    }
}

/// The reader is not known never to panic on damaged files.
fn guarded<T>(line: Option<u64>, work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Fault> {
    let attempt = caught(work).unwrap_or_else(|| Err("it is damaged".to_owned().into()));
    attempt.map_err(|Refusal { reason, cause }| {
        Fault::unreadable(line, format!("Parquet that cannot be read: {reason}"), cause)
    })
}

/// Bytes of the texts of a row, and 8 for each cell.
fn size(record: &Record) -> u64 {
    let text = |field: &Field| match field {
        Field::Str(text) => text.len() as u64,
        _ => 0,
    };
    record.get_column_iter().map(|(_, field)| 8 + text(field)).sum()
}

/// The cell of a field; `None` for lists, objects and other types.
fn cell(field: &Field) -> Option<Cell> {
    Some(match field {
        Field::Null => Cell::Missing,
        Field::Bool(v) => (*v).into(),
        Field::Byte(v) => i64::from(*v).into(),
        Field::Short(v) => i64::from(*v).into(),
        Field::Int(v) => (*v).into(),
        Field::Long(v) => (*v).into(),
        Field::UByte(v) => (*v).into(),
        Field::UShort(v) => u64::from(*v).into(),
        Field::UInt(v) => (*v).into(),
        Field::ULong(v) => (*v).into(),
        // pandas writes missing numbers as NaN.
        Field::Float(v) if v.is_nan() => Cell::Missing,
        Field::Double(v) if v.is_nan() => Cell::Missing,
        Field::Float16(v) => shortest(f32::from(*v)),
        Field::Float(v) => shortest(*v),
        Field::Double(v) => (*v).into(),
        Field::Str(text) => text.into(),
        _ => return None,
    })
}

/// The shortest decimal number that stands for `value`.
fn shortest(value: f32) -> Cell {
    Cell::Number(value.to_string().parse().unwrap_or(f64::from(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Column, Kind};
    use crate::format::Format;
    use crate::read::TableReader;
    use crate::write::Writer;
    use proptest::prelude::*;
    use std::error::Error as _;

    fn written(cells: &[[Cell; 3]]) -> Vec<u8> {
        let names = [("t", Kind::Text), ("n", Kind::Integer), ("x", Kind::Number)];
        let columns = names.map(|(name, kind)| Column::new(name, kind)).to_vec();
        let facts = [("cpu".to_owned(), "fast".to_owned())];
        let mut table = Writer::new(Format::Parquet, Vec::new(), columns, &facts).unwrap();
        cells.iter().for_each(|row| table.row(row).unwrap());
        table.finish().unwrap()
    }

    #[test]
    fn cells_facts_and_lines() {
        let rows = [
            ["a\r\n".into(), 3u64.into(), 0.1.into()],
            [Cell::Missing, Cell::Missing, Cell::Missing],
        ];
        let bytes = written(&rows);
        let table = TableReader::from_reader("t.parquet", bytes.as_slice()).unwrap();
        assert_eq!(table.names(), ["t", "n", "x"]);
        assert!(table.facts().contains(&("cpu".to_owned(), "fast".to_owned())));
        let back = table.rows().unwrap();
        let want = rows.into_iter().zip([2, 3]).map(|(c, line)| Row { line, cells: c.to_vec() });
        assert_eq!(back, want.collect::<Vec<_>>());
    }

    #[test]
    fn floats_are_the_decimals_that_they_stand_for() {
        assert_eq!(cell(&Field::Float(0.1)), Some(Cell::Number(0.1)));
        assert_eq!(cell(&Field::Float(f32::NAN)), Some(Cell::Missing));
        assert_eq!(cell(&Field::Float(f32::INFINITY)), Some(Cell::Number(f64::INFINITY)));
        assert_eq!(cell(&Field::Bytes(vec![1].into())), None);
    }

    #[test]
    fn damage_is_named() {
        let bytes = written(&[["a".into(), 3u64.into(), 0.1.into()]]);
        let error = TableReader::from_reader("t", &bytes[..bytes.len() - 9]).err().unwrap();
        assert!(error.to_string().starts_with("t: Parquet that cannot be read: "), "{error}");
        assert!(error.source().unwrap().is::<ParquetError>());
    }

    proptest! {
        #[test]
        fn numbers_come_back_to_the_bit(bits in prop::collection::vec(any::<u64>(), 1..20)) {
            let values: Vec<f64> =
                bits.into_iter().map(f64::from_bits).filter(|v| v.is_finite()).collect();
            let rows: Vec<_> =
                values.iter().map(|&v| [Cell::Missing, Cell::Missing, v.into()]).collect();
            let bytes = written(&rows);
            let back = TableReader::from_reader("t", bytes.as_slice()).unwrap().rows().unwrap();
            let back: Vec<u64> =
                back.iter().filter_map(|r| r.cell(2).number()).map(f64::to_bits).collect();
            prop_assert_eq!(back, values.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
        }
    }
}
