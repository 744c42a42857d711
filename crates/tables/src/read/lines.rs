//! Text with one kind of newline, and a bound on its length.

use std::io::{self, BufRead, BufReader, Read};

/// Fails when more than `left` bytes are read.
pub(super) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_long)?;
        Ok(read)
    }
}

/// The error of a table that is too long.
pub(super) fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "more text than a label table may hold")
}

/// Text with every newline (`\r\n`, `\r`, `\n`) as `\n` and a newline at the end,
/// so that lines can be counted.
pub(super) struct Lines<R> {
    inner: BufReader<R>,
    after_cr: bool,
    last: Option<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner: BufReader::new(inner), after_cr: false, last: None }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str, limit: u64) -> io::Result<String> {
        let mut out = String::new();
        let mut lines = Lines::new(Limited::new(text.as_bytes(), limit));
        lines.read_to_string(&mut out).map(|_| out)
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
        Lines::new(parts).read_to_string(&mut out).unwrap();
        assert_eq!(out, "a\nb\n");
    }

    #[test]
    fn length_is_bounded() {
        assert!(through("12345", 5).is_ok());
        assert_eq!(through("123456", 5).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
