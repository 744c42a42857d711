//! JSON lines: an object of numbers, texts, booleans and nulls a line.
//!
//! The first line names the columns, in its order. A later line may leave some
//! out, but not add any.

use super::lines::Limited;
use super::row::{Fault, Header, Row, Rows};
use crate::cell::Cell;
use crate::limits::MAX_BYTES;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

type Pairs = Vec<(String, Value)>;

/// The rows of JSON lines.
pub(super) struct JsonRows<R> {
    inner: BufReader<Limited<R>>,
    names: Vec<String>,
    line: u64,
    /// The first row, which gave the names.
    first: Option<Pairs>,
}

impl<R: Read> JsonRows<R> {
    /// Reads the first line.
    pub(super) fn open(text: R) -> Result<(Header, Self), Fault> {
        let inner = BufReader::new(Limited::new(text, MAX_BYTES));
        let mut rows = Self { inner, names: Vec::new(), line: 0, first: None };
        rows.first = rows.next()?;
        let first = rows.first.iter().flatten();
        rows.names = first.map(|(name, _)| name.clone()).collect();
        let line = rows.first.is_some().then_some(rows.line);
        Ok((Header { line, names: rows.names.clone(), facts: Vec::new() }, rows))
    }

    /// The object of the next line that is not blank; `None` at the end.
    fn next(&mut self) -> Result<Option<Pairs>, Fault> {
        loop {
            let mut text = Vec::new();
            self.line += 1;
            let read = self.inner.read_until(b'\n', &mut text);
            if read.map_err(|e| Fault::io(Some(self.line), e))? == 0 {
                return Ok(None);
            }
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Object(pairs) = serde_json::from_slice(text).map_err(|error| {
                Fault::unreadable(Some(self.line), shown(&error), Some(Box::new(error)))
            })?;
            return Ok(Some(pairs));
        }
    }

    fn fill(&self, row: &mut Row, pairs: Pairs) -> Result<(), Fault> {
        row.line = self.line;
        row.cells.clear();
        row.cells.resize(self.names.len(), Cell::Missing);
        for (at, (name, value)) in pairs.into_iter().enumerate() {
            let place = match self.names.get(at) {
                Some(expected) if *expected == name => Some(at),
                _ => self.names.iter().position(|n| *n == name),
            };
            let Some(slot) = place.and_then(|at| row.cells.get_mut(at)) else {
                return Err(Fault::row(self.line, format!("{name:?} is not in the first line")));
            };
            *slot = cell(value).ok_or_else(|| {
                Fault::row(self.line, format!("{name:?} is neither a number nor a text"))
            })?;
        }
        Ok(())
    }
}

impl<R: Read> Rows for JsonRows<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Fault> {
        let pairs = match self.first.take() {
            Some(first) => Some(first),
            None => self.next()?,
        };
        pairs.map_or(Ok(false), |pairs| self.fill(row, pairs).map(|()| true))
    }
}

/// The reason without the position, which is that inside the line.
fn shown(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    format!("not a JSON object of numbers and texts: {reason}")
}

/// The cell of a value; `None` for lists and objects.
fn cell(value: Value) -> Option<Cell> {
    Some(match value {
        Value::Null => Cell::Missing,
        Value::Bool(b) => b.into(),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(value), _) => value.into(),
            (None, Some(value)) => value.into(),
            (None, None) => n.as_f64().into(),
        },
        Value::String(text) => text.into(),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// An object's members in their order.
struct Object(Pairs);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<(Vec<String>, Vec<Row>), Fault> {
        let (header, mut rows) = JsonRows::open(text.as_bytes())?;
        let (mut all, mut row) = (Vec::new(), Row::default());
        while rows.read(&mut row)? {
            all.push(row.clone());
        }
        Ok((header.names, all))
    }

    #[test]
    fn rows_keep_the_order_of_the_first_line() {
        let text = "\u{feff}{\"z\":\"a,b\",\"a\":1.5,\"m\":true}\n\n{\"a\":null,\"z\":\"c\\r\\n\"}";
        let (names, all) = rows(text).unwrap();
        assert_eq!(names, ["z", "a", "m"]);
        let first = Row { line: 1, cells: vec!["a,b".into(), 1.5.into(), true.into()] };
        let second = Row { line: 3, cells: vec!["c\r\n".into(), Cell::Missing, Cell::Missing] };
        assert_eq!(all, [first, second]);
        assert_eq!(rows("").unwrap(), (Vec::new(), Vec::new()));
    }

    #[test]
    fn numbers_keep_their_type_and_all_their_bits() {
        let text =
            "{\"a\":18446744073709551615,\"b\":-3,\"c\":2.0,\"d\":0.1,\"e\":-0.0,\"f\":1e-320}";
        let (_, all) = rows(text).unwrap();
        let cells = [u64::MAX.into(), (-3i64).into(), 2.0.into(), 0.1.into()];
        assert_eq!(all[0].cells[..4], cells);
        let bits = |at: usize| all[0].cells[at].number().map(f64::to_bits);
        assert_eq!(bits(4), Some((-0.0f64).to_bits()));
        assert_eq!(bits(5), Some(1e-320f64.to_bits()));
    }

    #[test]
    fn bad_lines_are_named() {
        let good = "{\"a\":1}\n";
        let reason = |text: &str| rows(text).map_err(|f| (f.line.unwrap(), f.reason)).unwrap_err();
        let (line, text) = reason(&format!("{good}{{\"a\":1,\"b\":2}}"));
        assert_eq!((line, text.as_str()), (2, "\"b\" is not in the first line"));
        let (line, text) = reason(&format!("{good}\n[1]\n"));
        assert!(line == 3 && text.contains("expected an object"), "{text}");
        let (line, text) = reason("{\"a\":[1]}");
        assert!(line == 1 && text.contains("neither a number nor a text"), "{text}");
        assert!(reason("{\"a\":1").1.contains("EOF"), "{:?}", reason("{\"a\":1"));
    }
}
