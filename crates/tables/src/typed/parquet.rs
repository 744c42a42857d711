//! Rows into Parquet, a row group at a time.

use super::{COLUMNS_KEY, Column, Kind, description};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::io::{self, Error, Write};
use std::sync::Arc;

/// Rows of a row group.
const GROUP: usize = 1 << 16;

/// A Parquet file that is being written.
pub(super) struct ParquetRows<W: Write + Send> {
    file: SerializedFileWriter<W>,
    kinds: Vec<Kind>,
    /// Cells of the next row group, by column.
    cells: Vec<Vec<String>>,
}

impl<W: Write + Send> ParquetRows<W> {
    pub(super) fn new(out: W, columns: &[Column], facts: &[(String, String)]) -> io::Result<Self> {
        let described = [(COLUMNS_KEY.to_owned(), description(columns))];
        let pairs = facts.iter().chain(&described);
        let pairs = pairs.map(|(n, v)| KeyValue::new(n.clone(), v.clone())).collect();
        let properties = WriterProperties::builder()
            .set_created_by(format!("nneval {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(pairs));
        let schema = Arc::new(schema(columns).map_err(plain)?);
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties.build()));
        let kinds: Vec<Kind> = columns.iter().map(|c| c.kind).collect();
        Ok(Self { file: file.map_err(plain)?, cells: vec![Vec::new(); kinds.len()], kinds })
    }

    pub(super) fn push(&mut self, row: &[String]) -> io::Result<()> {
        for (column, cell) in self.cells.iter_mut().zip(row) {
            column.push(cell.clone());
        }
        match self.cells.first() {
            Some(column) if column.len() >= GROUP => self.group().map_err(plain),
            _ => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if self.cells.first().is_some_and(|c| !c.is_empty()) {
            self.group().map_err(plain)?;
        }
        self.file.into_inner().map_err(plain)
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for (kind, cells) in self.kinds.iter().zip(&mut self.cells) {
            let Some(mut writer) = group.next_column()? else { break };
            match kind {
                Kind::Number => column::<DoubleType>(&mut writer, cells, number)?,
                Kind::Integer => column::<Int64Type>(&mut writer, cells, |c| c.parse().ok())?,
                Kind::Text => column::<ByteArrayType>(&mut writer, cells, text)?,
            }
            writer.close()?;
            cells.clear();
        }
        group.close().map(drop)
    }
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|v: &f64| v.is_finite())
}

fn text(cell: &str) -> Option<ByteArray> {
    (!cell.is_empty()).then(|| ByteArray::from(cell))
}

/// Writes a column; cells that `parse` refuses are null.
fn column<T: DataType>(
    writer: &mut SerializedColumnWriter,
    cells: &[String],
    parse: impl Fn(&str) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let cells: Vec<Option<T::T>> = cells.iter().map(|c| parse(c)).collect();
    let levels: Vec<i16> = cells.iter().map(|c| i16::from(c.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None).map(drop)
}

fn schema(columns: &[Column]) -> Result<Type, ParquetError> {
    let field = |column: &Column| -> Result<Arc<Type>, ParquetError> {
        let (physical, logical) = match column.kind {
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Integer => (Physical::INT64, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        Ok(Arc::new(field.build()?))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("table").with_fields(fields).build()
}

/// The error of the output where that was it.
fn plain(error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<Error>() {
            Ok(io) => *io,
            Err(other) => Error::other(other),
        },
        other => Error::other(other),
    }
}
