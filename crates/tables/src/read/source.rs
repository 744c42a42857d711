//! The bytes of a table: of a file or stdin, out of gzip, with their format.

use super::lines::Limited;
use super::row::io_reason;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_BYTES;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// First and last bytes of a Parquet file.
const PARQUET_MAGIC: [u8; 4] = *b"PAR1";
/// The name of standard input.
pub const STDIN: &str = "-";

/// Bytes with their format.
pub(super) enum Content<'a> {
    Csv(Box<dyn Read + 'a>),
    JsonLines(Box<dyn Read + 'a>),
    Parquet(ParquetBytes),
}

/// A Parquet file. Its index is at its end, so a stream is held in memory.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "Parquet is refused unread"))]
pub(super) enum ParquetBytes {
    File(File),
    Memory(Vec<u8>),
}

/// Opens `path`, or stdin for [`STDIN`].
///
/// # Errors
/// [`ErrorKind::Io`]; [`ErrorKind::Unreadable`] for damaged gzip.
pub(super) fn open(path: &Path) -> Result<Content<'static>> {
    if path.as_os_str() == STDIN {
        return of_stream(path, io::stdin());
    }
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let head = head(&mut file).map_err(|e| Error::io(path, e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| Error::io(path, e))?;
    match head == PARQUET_MAGIC {
        true => Ok(Content::Parquet(ParquetBytes::File(file))),
        false => unpacked(path, &head, file),
    }
}

/// As [`open`], of a stream that cannot go back.
pub(super) fn of_stream<'a>(path: &Path, mut stream: impl Read + 'a) -> Result<Content<'a>> {
    let fail = |e| Error::io(path, e);
    let head = head(&mut stream).map_err(fail)?;
    let whole = Cursor::new(head.clone()).chain(stream);
    if head != PARQUET_MAGIC {
        return unpacked(path, &head, whole);
    }
    let mut bytes = Vec::new();
    Limited::new(whole, MAX_BYTES).read_to_end(&mut bytes).map_err(fail)?;
    Ok(Content::Parquet(ParquetBytes::Memory(bytes)))
}

/// All bytes of a text that is neither JSON lines nor Parquet.
///
/// # Errors
/// [`ErrorKind::Unreadable`]: more than [`MAX_BYTES`], damaged gzip, not UTF-8.
pub(super) fn whole_text(path: &Path, text: impl Read) -> Result<String> {
    let bad = |reason| Error::table(ErrorKind::Unreadable, path, None, reason);
    let mut bytes = Vec::new();
    let mut text = Limited::new(text, MAX_BYTES);
    text.read_to_end(&mut bytes).map_err(|e| bad(io_reason(&e)))?;
    String::from_utf8(bytes).map_err(|_| bad("not UTF-8 text".to_owned()))
}

/// The first bytes of what is read.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(PARQUET_MAGIC.len());
    reader.take(PARQUET_MAGIC.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Text that begins with `head`, out of its gzip where it is in one.
fn unpacked<'a>(path: &Path, head: &[u8], reader: impl Read + 'a) -> Result<Content<'a>> {
    if !head.starts_with(&GZIP_MAGIC) {
        return Ok(text(head, reader));
    }
    let mut unpacked = flate2::read::MultiGzDecoder::new(BufReader::new(reader));
    let head = self::head(&mut unpacked).map_err(|e| Error::Table {
        kind: ErrorKind::Unreadable,
        file: path.to_owned(),
        line: None,
        column: None,
        reason: io_reason(&e),
        cause: Some(Box::new(e)),
    })?;
    Ok(text(&head.clone(), Cursor::new(head).chain(unpacked)))
}

/// JSON lines begin with an object, CSV does not.
fn text<'a>(head: &[u8], reader: impl Read + 'a) -> Content<'a> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match head.trim_ascii_start().first() {
        Some(b'{') => Content::JsonLines(Box::new(reader)),
        _ => Content::Csv(Box::new(reader)),
    }
}
