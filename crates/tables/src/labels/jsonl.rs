//! JSON lines as CSV text, a line at a time.
//!
//! Each line is an object of numbers, texts, booleans and nulls; the first one
//! names the columns, in its order. A later one may leave some out, but not add
//! any.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::{self, BufRead, Read};

/// Why a line cannot be read; what [`io::Error::get_ref`] of the reader holds.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct LineError {
    /// 1-based line of the file.
    pub(super) line: u64,
    reason: String,
}

/// A reader of CSV text whose header is one line more than the file has.
pub(super) struct JsonLines<R> {
    inner: R,
    names: Option<Vec<String>>,
    line: u64,
    pending: io::Cursor<Vec<u8>>,
}

impl<R: BufRead> JsonLines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, names: None, line: 0, pending: io::Cursor::default() }
    }

    /// CSV of the next line; nothing at the end.
    fn convert(&mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        if self.inner.read_until(b'\n', &mut text)? == 0 {
            return Ok(text);
        }
        self.line += 1;
        let line = self.line;
        let fail = |reason: String| io::Error::other(LineError { line, reason });
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        if text.trim_ascii().is_empty() {
            return Ok(b"\n".to_vec());
        }
        let Pairs(pairs) = serde_json::from_slice(text).map_err(|e| fail(shown(&e)))?;
        let first = self.names.is_none();
        let names = self.names.get_or_insert_with(|| pairs.iter().map(|p| p.0.clone()).collect());
        let mut out = csv::Writer::from_writer(Vec::new());
        if first {
            out.write_record(names.iter())?;
        }
        out.write_record(cells(names, &pairs).map_err(fail)?)?;
        out.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The reason without the position, which is another line's.
fn shown(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    format!("not a JSON object of numbers and texts: {reason}")
}

impl<R: BufRead> Read for JsonLines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.pending.read(out)?;
        if read > 0 || out.is_empty() {
            return Ok(read);
        }
        self.pending = io::Cursor::new(self.convert()?);
        self.pending.read(out)
    }
}

fn cells(names: &[String], pairs: &[(String, Value)]) -> Result<Vec<String>, String> {
    let mut cells = vec![String::new(); names.len()];
    for (name, value) in pairs {
        let at = names.iter().position(|n| n == name);
        let Some(cell) = at.and_then(|at| cells.get_mut(at)) else {
            return Err(format!("{name:?} is not in the first line"));
        };
        *cell = match value {
            Value::Null => String::new(),
            Value::Bool(b) => u8::from(*b).to_string(),
            // As other tables have it: 0, not 0.0.
            Value::Number(n) if n.is_f64() => n.as_f64().unwrap_or(f64::NAN).to_string(),
            Value::Number(n) => n.to_string(),
            Value::String(s) => s.clone(),
            Value::Array(_) | Value::Object(_) => {
                return Err(format!("{name:?} is neither a number nor a text"));
            }
        };
    }
    Ok(cells)
}

/// An object's members in their order.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> io::Result<String> {
        let mut out = String::new();
        JsonLines::new(text.as_bytes()).read_to_string(&mut out).map(|_| out)
    }

    fn reason(text: &str) -> (u64, String) {
        let error = csv(text).unwrap_err();
        let inner = error.get_ref().and_then(|e| e.downcast_ref::<LineError>()).unwrap();
        (inner.line, inner.to_string())
    }

    #[test]
    fn rows_keep_the_order_of_the_first_line() {
        let text = "\u{feff}{\"z\":\"a,b\",\"a\":1.5,\"m\":true}\n\n{\"a\":null,\"z\":\"c\"}";
        assert_eq!(csv(text).unwrap(), "z,a,m\n\"a,b\",1.5,1\n\nc,,\n");
        assert_eq!(csv("").unwrap(), "");
    }

    #[test]
    fn bad_lines_are_named() {
        let good = "{\"a\":1}\n";
        let (line, text) = reason(&format!("{good}{{\"a\":1,\"b\":2}}"));
        assert_eq!((line, text.as_str()), (2, "\"b\" is not in the first line"));
        let (line, text) = reason(&format!("{good}\n[1]\n"));
        assert!(line == 3 && text.contains("expected an object"), "{text}");
        let (line, text) = reason("{\"a\":[1]}");
        assert!(line == 1 && text.contains("neither a number nor a text"), "{text}");
        assert!(reason("{\"a\":1").1.contains("EOF"), "{:?}", reason("{\"a\":1"));
    }
}
