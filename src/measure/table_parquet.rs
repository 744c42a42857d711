//! Tables as Parquet: one row group, optional columns (DOUBLE, INT64, UTF8
//! strings), uncompressed, the header as key-value metadata.

use super::table::{Kind, Table};
use crate::error::{Error, Result};
use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// The file's bytes.
///
/// # Errors
/// [`Error::Measure`].
pub fn bytes(table: &Table) -> Result<Vec<u8>> {
    write(table).map_err(|e| Error::Measure(format!("the table cannot be written as Parquet: {e}")))
}

fn write(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let pairs = table.header.iter().map(|(n, v)| KeyValue::new(n.clone(), v.clone())).collect();
    let properties = WriterProperties::builder()
        .set_created_by(format!("nneval {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(pairs));
    let schema = Arc::new(schema(table)?);
    let mut out = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    let mut group = out.next_row_group()?;
    for (at, (_, kind)) in table.columns.iter().enumerate() {
        let cells = || table.rows.iter().map(move |r| r.get(at).map_or("", String::as_str));
        let Some(mut writer) = group.next_column()? else { break };
        match kind {
            Kind::Number => column::<DoubleType>(&mut writer, cells(), |c| c.parse().ok())?,
            Kind::Integer => column::<Int64Type>(&mut writer, cells(), |c| c.parse().ok())?,
            Kind::Text => column::<ByteArrayType>(&mut writer, cells(), |c| {
                (!c.is_empty()).then(|| ByteArray::from(c))
            })?,
        }
        writer.close()?;
    }
    group.close()?;
    out.into_inner()
}

/// Writes a column; cells that `parse` refuses are null.
fn column<'c, T: DataType>(
    writer: &mut SerializedColumnWriter,
    cells: impl Iterator<Item = &'c str>,
    parse: impl Fn(&str) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let cells: Vec<Option<T::T>> = cells.map(parse).collect();
    let levels: Vec<i16> = cells.iter().map(|c| i16::from(c.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None).map(|_| ())
}

fn schema(table: &Table) -> Result<Type, ParquetError> {
    let field = |(name, kind): &(String, Kind)| -> Result<Arc<Type>, ParquetError> {
        let (physical, converted) = match kind {
            Kind::Number => (Physical::DOUBLE, ConvertedType::NONE),
            Kind::Integer => (Physical::INT64, ConvertedType::NONE),
            Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(converted);
        Ok(Arc::new(field.build()?))
    };
    let fields = table.columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("measurements").with_fields(fields).build()
}
