//! The bytes of a table: of a file or stdin, out of gzip, with their format.

use super::budget::{Budget, Limited, Stored};
use super::row::io_reason;
use crate::error::{Error, ErrorKind, Result};
use nneval_files::{HEAD_BYTES, foreign_format};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// First and last bytes of a Parquet file.
const PARQUET_MAGIC: [u8; 4] = *b"PAR1";
/// The name of standard input.
pub const STDIN: &str = "-";

/// Bytes with their format and budget.
pub(super) struct Content<'a> {
    pub(super) budget: Budget,
    pub(super) bytes: Encoded<'a>,
    /// The text, where it comes out of gzip.
    pub(super) unpacked: Option<Unpacked<'a>>,
}

/// Text out of gzip, of which what a parser leaves can be read by another owner.
#[derive(Clone)]
pub(super) struct Unpacked<'a>(Rc<RefCell<dyn Read + 'a>>);

impl Read for Unpacked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(out)
    }
}

/// Bytes with their format.
pub(super) enum Encoded<'a> {
    Csv(Box<dyn Read + 'a>),
    JsonLines(Box<dyn Read + 'a>),
    JsonArray(Box<dyn Read + 'a>),
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
/// [`ErrorKind::Io`]; [`ErrorKind::Unreadable`] for damaged gzip, and for what
/// is a file of another kind.
pub(super) fn open(path: &Path) -> Result<Content<'static>> {
    if path.as_os_str() == STDIN {
        return of_stream(path, io::stdin());
    }
    let fail = |e| Error::io(path, e);
    let mut file = File::open(path).map_err(fail)?;
    let head = head(&mut file).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return of_head(path, head, file);
    }
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    if !head.starts_with(&PARQUET_MAGIC) {
        return of_head(path, Vec::new(), file);
    }
    let budget = Budget::of_size(file.metadata().map_err(fail)?.len());
    Ok(Content { budget, bytes: Encoded::Parquet(ParquetBytes::File(file)), unpacked: None })
}

/// As [`open`], of a stream that cannot go back.
pub(super) fn of_stream<'a>(path: &Path, stream: impl Read + 'a) -> Result<Content<'a>> {
    of_head(path, Vec::new(), stream)
}

/// As [`of_stream`], where `begun` was read of it already.
fn of_head<'a>(path: &Path, begun: Vec<u8>, stream: impl Read + 'a) -> Result<Content<'a>> {
    let fail = |e| Error::io(path, e);
    let budget = Budget::default();
    let mut stored = Stored::new(Cursor::new(begun).chain(stream), budget.clone());
    let head = head(&mut stored).map_err(fail)?;
    let whole = Cursor::new(head.clone()).chain(stored);
    if head.starts_with(&GZIP_MAGIC) {
        return unpacked(path, whole, budget);
    }
    let bytes = if head.starts_with(&PARQUET_MAGIC) {
        let mut bytes = Vec::new();
        Limited::new(whole, budget.clone()).read_to_end(&mut bytes).map_err(fail)?;
        Encoded::Parquet(ParquetBytes::Memory(bytes))
    } else {
        text(path, &head, Limited::new(whole, budget.clone()))?
    };
    Ok(Content { budget, bytes, unpacked: None })
}

/// All bytes of a text that is neither JSON nor Parquet.
///
/// # Errors
/// [`ErrorKind::Unreadable`]: more than the budget, damaged gzip, not UTF-8.
pub(super) fn whole_text(path: &Path, mut text: impl Read) -> Result<String> {
    let bad = |reason| Error::table(ErrorKind::Unreadable, path, None, reason);
    let mut bytes = Vec::new();
    text.read_to_end(&mut bytes).map_err(|e| bad(io_reason(&e)))?;
    String::from_utf8(bytes).map_err(|_| bad("not UTF-8 text".to_owned()))
}

/// The first bytes of what is read.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Text out of its gzip.
fn unpacked<'a>(path: &Path, stored: impl Read + 'a, budget: Budget) -> Result<Content<'a>> {
    let decoder = flate2::read::MultiGzDecoder::new(BufReader::new(stored));
    let mut limited = Limited::new(decoder, budget.clone());
    let head = self::head(&mut limited).map_err(|e| unreadable(path, e))?;
    let unpacked = Unpacked(Rc::new(RefCell::new(limited)));
    let bytes = text(path, &head, Cursor::new(head.clone()).chain(unpacked.clone()))?;
    Ok(Content { budget, bytes, unpacked: Some(unpacked) })
}

/// The error of bytes that cannot be unpacked.
pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::Table {
        kind: ErrorKind::Unreadable,
        file: path.to_owned(),
        line: None,
        column: None,
        reason: io_reason(&error),
        cause: Some(Box::new(error)),
    }
}

/// JSON begins with an object or an array, CSV does not.
fn text<'a>(path: &Path, head: &[u8], reader: impl Read + 'a) -> Result<Encoded<'a>> {
    let reader = Box::new(reader);
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match (start.first(), foreign_format(head)) {
        (Some(b'{'), _) => Ok(Encoded::JsonLines(reader)),
        (Some(b'['), _) => Ok(Encoded::JsonArray(reader)),
        (_, Some(format)) => {
            let reason = format!("is no table but {format}");
            Err(Error::table(ErrorKind::Unreadable, path, None, reason))
        }
        _ => Ok(Encoded::Csv(reader)),
    }
}
