//! The bytes of a label table: CSV, JSON lines or Parquet, plain or gzip, of a
//! file or stdin, any newline convention, bounded.

use super::jsonl::{JsonLines, LineError};
use super::limits::MAX_BYTES;
use super::parquet::{MAGIC, ParquetText};
use crate::error::{Error, Result};
use prost::bytes::Bytes;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The name of standard input.
pub const STDIN: &str = "-";

/// A table as CSV text.
pub(super) struct Source {
    pub(super) reader: Box<dyn Read>,
    /// Lines of the text before the first line of the file.
    pub(super) ahead: u64,
    /// Key-value metadata of a Parquet file.
    facts: Vec<(String, String)>,
}

/// Opens `path`, or stdin for [`STDIN`]. Gzip, Parquet and JSON lines are
/// recognised by how they begin, not by the name; they are given as CSV.
///
/// # Errors
/// [`Error::Io`] when the file cannot be opened or its start cannot be read;
/// [`Error::Labels`] when it is Parquet that cannot be read.
pub(super) fn open(path: &Path) -> Result<Source> {
    if path.as_os_str() == STDIN {
        return open_stream(path, io::stdin());
    }
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let head = head(&mut file).map_err(|e| Error::io(path, e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| Error::io(path, e))?;
    match head == MAGIC {
        true => Ok(parquet(ParquetText::open(path, file)?)),
        false => unpacked(path, &head, file),
    }
}

/// As [`open`], of what cannot go back; Parquet, whose index is at its end, is
/// held in memory.
fn open_stream(path: &Path, mut stream: impl Read + 'static) -> Result<Source> {
    let fail = |e| Error::io(path, e);
    let head = head(&mut stream).map_err(fail)?;
    let whole = Cursor::new(head.clone()).chain(stream);
    if head != MAGIC {
        return unpacked(path, &head, whole);
    }
    let mut bytes = Vec::new();
    whole.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail(too_long()));
    }
    Ok(parquet(ParquetText::open(path, Bytes::from(bytes))?))
}

/// The first bytes of what is read.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(MAGIC.len());
    reader.take(MAGIC.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Text that begins with `head`, out of its gzip where it is in one.
fn unpacked(path: &Path, head: &[u8], reader: impl Read + 'static) -> Result<Source> {
    if !head.starts_with(&GZIP_MAGIC) {
        return Ok(lines(head, reader));
    }
    let mut text = flate2::read::MultiGzDecoder::new(BufReader::new(reader));
    let head = self::head(&mut text).map_err(|e| Error::Labels {
        file: path.to_owned(),
        line: None,
        reason: super::table::reason(&e),
    })?;
    Ok(lines(&head.clone(), Cursor::new(head).chain(text)))
}

/// JSON lines begin with an object, CSV does not.
fn lines(head: &[u8], reader: impl Read + 'static) -> Source {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match head.trim_ascii_start().first() {
        Some(b'{') => Source {
            reader: Box::new(JsonLines::new(BufReader::new(reader))),
            ahead: 1,
            facts: Vec::new(),
        },
        _ => csv(reader),
    }
}

fn csv(reader: impl Read + 'static) -> Source {
    Source { reader: Box::new(reader), ahead: 0, facts: Vec::new() }
}

fn parquet(text: ParquetText) -> Source {
    let facts = text.metadata().to_vec();
    Source { facts, ..csv(text) }
}

/// The text of a table or list as CSV, of a file or stdin ([`STDIN`]).
///
/// # Errors
/// [`Error::Io`]; [`Error::Labels`]: damaged, not UTF-8, more than
/// [`MAX_BYTES`] of text.
pub fn read_text(path: &Path) -> Result<String> {
    read_text_and_facts(path).map(|(text, _)| text)
}

/// As [`read_text`], and the key-value metadata of a Parquet file.
///
/// # Errors
/// As [`read_text`].
pub fn read_text_and_facts(path: &Path) -> Result<(String, Vec<(String, String)>)> {
    let bad =
        |line: Option<u64>, reason: String| Error::Labels { file: path.to_owned(), line, reason };
    let source = open(path)?;
    let mut bytes = Vec::new();
    source.reader.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| {
        let inner = e.get_ref().and_then(|inner| inner.downcast_ref::<LineError>());
        bad(inner.map(|i| i.line), e.to_string())
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(bad(None, too_long().to_string()));
    }
    let text = String::from_utf8(bytes).map_err(|_| bad(None, "not UTF-8 text".to_owned()))?;
    Ok((text, source.facts))
}

/// Passes text on with every newline (`\r\n`, `\r`, `\n`) as `\n` and a newline
/// at the end, so that lines can be counted; fails beyond `limit` bytes.
pub(super) struct Lines<R> {
    inner: BufReader<R>,
    left: u64,
    after_cr: bool,
    last: Option<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner: BufReader::new(inner), left: limit, after_cr: false, last: None }
    }

    /// The byte that stands for `byte`, if any does.
    fn translate(&mut self, byte: u8) -> Option<u8> {
        let skip = self.after_cr && byte == b'\n';
        self.after_cr = byte == b'\r';
        if skip {
            return None;
        }
        let out = if byte == b'\r' { b'\n' } else { byte };
        self.last = Some(out);
        Some(out)
    }

    /// The newline that a last line without one still owes.
    fn finish(&mut self, out: &mut [u8]) -> usize {
        match (self.last, out.first_mut()) {
            (Some(last), Some(slot)) if last != b'\n' => {
                *slot = b'\n';
                self.last = Some(b'\n');
                1
            }
            _ => 0,
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let chunk = self.inner.fill_buf()?;
            if chunk.is_empty() {
                return Ok(self.finish(out));
            }
            let chunk: Vec<u8> = chunk.iter().take(out.len()).copied().collect();
            self.inner.consume(chunk.len());
            self.left = self.left.checked_sub(chunk.len() as u64).ok_or_else(too_long)?;
            let mut written = 0;
            for byte in chunk {
                if let Some(byte) = self.translate(byte)
                    && let Some(slot) = out.get_mut(written)
                {
                    *slot = byte;
                    written += 1;
                }
            }
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "more text than a label table may hold")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str, limit: u64) -> io::Result<String> {
        let mut out = String::new();
        Lines::new(text.as_bytes(), limit).read_to_string(&mut out).map(|_| out)
    }

    #[test]
    fn newlines_become_one_kind() {
        assert_eq!(through("a\r\nb\rc\n\r\nd", 99).unwrap(), "a\nb\nc\n\nd\n");
        assert_eq!(through("", 99).unwrap(), "");
        assert_eq!(through("a\r", 99).unwrap(), "a\n");
    }

    #[test]
    fn carriage_return_and_newline_may_come_in_two_reads() {
        let parts = "a\r".as_bytes().chain("\nb".as_bytes());
        let mut out = String::new();
        Lines::new(parts, 99).read_to_string(&mut out).unwrap();
        assert_eq!(out, "a\nb\n");
    }

    #[test]
    fn length_is_bounded() {
        assert!(through("12345", 5).is_ok());
        assert_eq!(through("123456", 5).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
