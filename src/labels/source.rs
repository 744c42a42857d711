//! The bytes of a label table: plain, gzip or Parquet, any newline convention,
//! bounded.

use super::limits::MAX_BYTES;
use super::parquet;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Opens `path`; gzip and Parquet are recognised by their magic bytes, not by
/// the name. Parquet is given as CSV.
///
/// # Errors
/// [`Error::Io`] when the file cannot be opened or its start cannot be read;
/// [`Error::Labels`] when it is Parquet that cannot be read.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut head = Vec::with_capacity(parquet::MAGIC.len());
    (&mut file)
        .take(parquet::MAGIC.len() as u64)
        .read_to_end(&mut head)
        .map_err(|e| Error::io(path, e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| Error::io(path, e))?;
    if head == parquet::MAGIC {
        Ok(Box::new(io::Cursor::new(parquet::to_csv(path, file)?)))
    } else if head.starts_with(&GZIP_MAGIC) {
        Ok(Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))))
    } else {
        Ok(Box::new(file))
    }
}

/// The text of a table or list: plain or gzip, or Parquet as CSV.
///
/// # Errors
/// [`Error::Io`]; [`Error::Labels`]: damaged, not UTF-8, more than
/// [`MAX_BYTES`] of text.
pub fn read_text(path: &Path) -> Result<String> {
    let bad = |reason: String| Error::Labels { file: path.to_owned(), line: None, reason };
    let mut bytes = Vec::new();
    let mut source = open(path)?.take(MAX_BYTES.saturating_add(1));
    source.read_to_end(&mut bytes).map_err(|e| bad(e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(bad(too_long().to_string()));
    }
    String::from_utf8(bytes).map_err(|_| bad("not UTF-8 text".to_owned()))
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
