//! JSON: objects of numbers, texts, booleans and nulls, one a line or in an array.
//!
//! The first object names the columns, in its order. A later one may leave some
//! out, but not add any. `NaN`, as Python writes it, is read as null.

use super::row::{Fault, Header, Row, Rows};
use crate::cell::Cell;
use crate::limits::{MAX_COLUMNS, MAX_ROW_BYTES};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Name and cell; no cell for lists and objects.
type Pairs = Vec<(String, Option<Cell>)>;

/// How objects follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One a line.
    Lines,
    /// In an array.
    Array,
}

/// The rows of JSON.
pub(super) struct JsonRows<R> {
    inner: BufReader<R>,
    layout: Layout,
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// For each column the last row that had it.
    seen: Vec<u64>,
    rows: u64,
    /// Line of the last object.
    line: u64,
    /// Newlines of an array that were passed.
    newlines: u64,
    /// Whether an array has begun, or ended.
    begun: bool,
    ended: bool,
    /// The first row, which gave the names.
    first: Option<Pairs>,
}

impl<R: Read> JsonRows<R> {
    /// Reads the first object.
    pub(super) fn open(text: R, layout: Layout) -> Result<(Header, Self), Fault> {
        let mut rows = Self {
            inner: BufReader::new(text),
            layout,
            names: Vec::new(),
            places: HashMap::new(),
            seen: Vec::new(),
            rows: 0,
            line: 0,
            newlines: 0,
            begun: false,
            ended: false,
            first: None,
        };
        rows.first = rows.next()?;
        let first = rows.first.iter().flatten();
        rows.names = first.map(|(name, _)| name.clone()).collect();
        rows.places = rows.names.iter().cloned().zip(0..).collect();
        rows.seen = vec![0; rows.names.len()];
        let line = rows.first.is_some().then_some(rows.line);
        Ok((Header { line, names: rows.names.clone(), facts: Vec::new() }, rows))
    }

    /// The next object; `None` at the end.
    fn next(&mut self) -> Result<Option<Pairs>, Fault> {
        let mut text = Vec::new();
        let found = match self.layout {
            Layout::Lines => self.line_text(&mut text)?,
            Layout::Array => self.member_text(&mut text)?,
        };
        if !found {
            return Ok(None);
        }
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
        let refusal = match serde_json::from_slice(text) {
            Ok(Object(pairs)) => return Ok(Some(pairs)),
            Err(refusal) => refusal,
        };
        match python_constants(text).map(|text| serde_json::from_slice(&text)) {
            Some(Ok(Object(pairs))) => Ok(Some(pairs)),
            _ => {
                let line = Some(self.line);
                Err(Fault::unreadable(line, shown(&refusal), Some(Box::new(refusal))))
            }
        }
    }

    /// The next line that is not blank; false at the end.
    fn line_text(&mut self, text: &mut Vec<u8>) -> Result<bool, Fault> {
        loop {
            text.clear();
            self.line += 1;
            let mut bounded = self.inner.by_ref().take(MAX_ROW_BYTES as u64 + 1);
            let read = bounded.read_until(b'\n', text);
            if read.map_err(|e| Fault::io(Some(self.line), e))? == 0 {
                return Ok(false);
            }
            self.check(text)?;
            let content = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
            if !content.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The bytes of the next object of the array; false at its end.
    fn member_text(&mut self, text: &mut Vec<u8>) -> Result<bool, Fault> {
        loop {
            let Some(byte) = self.byte()? else {
                self.line = self.newlines + 1;
                return if self.ended { Ok(false) } else { Err(self.not_objects("is cut short")) };
            };
            match byte {
                _ if byte.is_ascii_whitespace() || !self.begun && byte >= 0x80 => {}
                b'[' if !self.begun => self.begun = true,
                b',' if self.begun && !self.ended => {}
                b']' if self.begun && !self.ended => self.ended = true,
                b'{' if self.begun && !self.ended => {
                    self.line = self.newlines + 1;
                    text.push(byte);
                    return self.object_text(text).map(|()| true);
                }
                _ => {
                    self.line = self.newlines + 1;
                    return Err(self.not_objects("has members that are no objects"));
                }
            }
        }
    }

    /// The rest of an object whose first brace is in `text`.
    fn object_text(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let (mut depth, mut quoted, mut escaped) = (1usize, false, false);
        while depth > 0 {
            let Some(byte) = self.byte()? else { return Err(self.not_objects("is cut short")) };
            text.push(byte);
            self.check(text)?;
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' if !quoted => depth += 1,
                b'}' if !quoted => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        let byte = self.inner.fill_buf().map(|chunk| chunk.first().copied());
        let byte = byte.map_err(|e| Fault::io(Some(self.newlines + 1), e))?;
        self.inner.consume(usize::from(byte.is_some()));
        self.newlines += u64::from(byte == Some(b'\n'));
        Ok(byte)
    }

    fn check(&self, text: &[u8]) -> Result<(), Fault> {
        match text.len() > MAX_ROW_BYTES {
            true => Err(Fault::row(self.line, format!("a row of over {MAX_ROW_BYTES} bytes"))),
            false => Ok(()),
        }
    }

    fn not_objects(&self, what: &str) -> Fault {
        let reason = format!(
            "a JSON array that {what}; an array of objects of numbers and texts is read, as pandas \
             writes it with orient='records'"
        );
        Fault::unreadable(Some(self.line), reason, None)
    }

    fn fill(&mut self, row: &mut Row, pairs: Pairs) -> Result<(), Fault> {
        row.line = self.line;
        row.cells.clear();
        row.cells.resize(self.names.len(), Cell::Missing);
        self.rows += 1;
        for (at, (name, cell)) in pairs.into_iter().enumerate() {
            let place = match self.names.get(at) {
                Some(expected) if *expected == name => Some(at),
                _ => self.places.get(&name).copied(),
            };
            let slots = place.and_then(|at| Some((row.cells.get_mut(at)?, self.seen.get_mut(at)?)));
            let Some((slot, seen)) = slots else {
                return Err(Fault::row(self.line, format!("{name:?} is not in the first row")));
            };
            if std::mem::replace(seen, self.rows) == self.rows && self.rows > 1 {
                return Err(Fault::row(self.line, format!("{name:?} is there twice")));
            }
            *slot = cell.ok_or_else(|| {
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

/// The text with null for the constants that are no JSON but are written by
/// Python, and texts for infinities; `None` where it has none of them.
fn python_constants(text: &[u8]) -> Option<Vec<u8>> {
    const CONSTANTS: [(&[u8], &[u8]); 8] = [
        (b"-Infinity", b"\"-inf\""),
        (b"Infinity", b"\"inf\""),
        (b"-inf", b"\"-inf\""),
        (b"inf", b"\"inf\""),
        (b"NaN", b"null"),
        (b"nan", b"null"),
        (b"None", b"null"),
        (b"NA", b"null"),
    ];
    let (mut out, mut changed) = (Vec::with_capacity(text.len()), false);
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let found = CONSTANTS.iter().find(|(c, _)| !quoted && rest.starts_with(c));
        if let Some((constant, json)) = found {
            (changed, rest) = (true, rest.get(constant.len()..).unwrap_or(&[]));
            out.extend_from_slice(json);
            continue;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        out.push(byte);
        rest = after;
    }
    changed.then_some(out)
}

/// A member's value; `None` for lists and objects.
struct Scalar(Option<Cell>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, text, boolean or null")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Scalar, E> {
                Ok(Scalar(Some(Cell::Missing)))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.into())))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.into())))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.into())))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.into())))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.into())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar(None))
            }
        }
        deserializer.deserialize_any(Values)
    }
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
                while let Some((name, Scalar(cell))) = map.next_entry()? {
                    if pairs.len() >= MAX_COLUMNS {
                        return Err(de::Error::custom(format!("more than {MAX_COLUMNS} columns")));
                    }
                    pairs.push((name, cell));
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

    fn layout(text: &str) -> Layout {
        if text.trim_start().starts_with('[') { Layout::Array } else { Layout::Lines }
    }

    fn rows(text: &str) -> Result<(Vec<String>, Vec<Row>), Fault> {
        let (header, mut rows) = JsonRows::open(text.as_bytes(), layout(text))?;
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
        assert_eq!((line, text.as_str()), (2, "\"b\" is not in the first row"));
        let (line, text) = reason(&format!("{good}\n[1]\n"));
        assert!(line == 3 && text.contains("expected an object"), "{text}");
        let (line, text) = reason("{\"a\":[1]}");
        assert!(line == 1 && text.contains("neither a number nor a text"), "{text}");
        assert!(reason("{\"a\":1").1.contains("EOF"), "{:?}", reason("{\"a\":1"));
    }

    #[test]
    fn an_array_of_objects_is_the_same_table() {
        let text = "[\n  {\"a\": \"x}]\\\"\", \"b\": 1.5},\n  {\"b\": 2,\n \"a\": null}\n]\n";
        let (names, all) = rows(text).unwrap();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(all[0].cells, ["x}]\"".into(), 1.5.into()]);
        assert_eq!((all[1].cells[1].number(), all[1].line), (Some(2.0), 3));
        assert_eq!(rows("[]").unwrap(), (Vec::new(), Vec::new()));
        for bad in ["[1, 2]", "[{\"a\":1}", "[{\"a\":1", "[[1]]", "[{\"a\":1}] x"] {
            let reason = rows(bad).unwrap_err().reason;
            assert!(reason.starts_with("a JSON array that"), "{bad}: {reason}");
        }
    }

    #[test]
    fn constants_of_python_are_missing_values() {
        let text = "{\"a\":NaN,\"b\":\"NaN -Infinity\",\"c\":None}\n{\"a\":-Infinity,\"b\":NA}";
        let (_, all) = rows(text).unwrap();
        assert_eq!(all[0].cells, [Cell::Missing, "NaN -Infinity".into(), Cell::Missing]);
        assert_eq!(all[1].cells[0].number(), Some(f64::NEG_INFINITY));
        assert!(rows("{\"a\":NaNN}").is_err());
    }

    #[test]
    fn size_is_bounded_while_it_is_read() {
        let long = format!("{{\"a\":\"{}", "x".repeat(MAX_ROW_BYTES));
        assert!(rows(&long).unwrap_err().reason.starts_with("a row of over"));
        assert!(rows(&format!("[{long}")).unwrap_err().reason.starts_with("a row of over"));
        let keys: Vec<String> = (0..=MAX_COLUMNS).map(|i| format!("\"k{i}\":1")).collect();
        let reason = rows(&format!("{{{}}}", keys.join(","))).unwrap_err().reason;
        assert!(reason.ends_with("more than 10000 columns"), "{reason}");
        assert!(rows("{\"a\":1}\n{\"a\":1,\"a\":2}").unwrap_err().reason.ends_with("there twice"));
    }
}
