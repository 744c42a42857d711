//! Rows into JSON lines.

use crate::cell::Cell;
use crate::column::{Column, Kind};
use nneval_files::printable_json;
use serde_json::{Number, Value};

/// An object of all columns in their order, and a newline.
pub(super) fn line(columns: &[Column], cells: &[Cell]) -> String {
    let pairs = columns.iter().zip(cells).map(|(column, cell)| {
        format!("{}:{}", Value::from(column.name.as_str()), value(column.kind, cell))
    });
    let line = format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(","));
    printable_json(&line).into_owned()
}

fn value(kind: Kind, cell: &Cell) -> Value {
    match kind {
        _ if *cell == Cell::Missing => Value::Null,
        Kind::Text => Value::from(cell.text()),
        Kind::Integer => Value::from(cell.integer()),
        Kind::Number => cell.number().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
    }
}
