//! Records of separated values (RFC 4180), with the lines that they begin on and
//! bounds on their size.
//!
//! A newline is `\n`, `\r\n` or `\r`, and `\n` inside a cell. Blank lines are
//! passed over. A quote inside of a cell without quotes stands for itself.

use super::row::Fault;
use crate::limits::{MAX_COLUMNS, MAX_ROW_BYTES};
use std::io::BufRead;

/// Where the reader is inside a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a record.
    Begin,
    /// Before the first byte of a cell.
    CellBegin,
    /// In a cell without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote that ends a cell, or is the first of two.
    QuoteInQuoted,
    /// In a comment.
    Comment,
}

/// Reads records.
pub(super) struct Records<R> {
    inner: R,
    separator: u8,
    /// Whether a record that begins with `#` is none.
    comments: bool,
    /// Line of the next byte, from 1.
    line: u64,
    after_cr: bool,
    /// Cells of the record, one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Line that the record begins on.
    begin: u64,
    state: State,
}

impl<R: BufRead> Records<R> {
    /// Records of text that begins on a line.
    pub(super) fn new(inner: R, separator: u8, comments: bool, line: u64) -> Self {
        Self {
            inner,
            separator,
            comments,
            line,
            after_cr: false,
            text: Vec::new(),
            ends: Vec::new(),
            begin: line,
            state: State::Begin,
        }
    }

    /// Reads the next record; false at the end.
    pub(super) fn next(&mut self) -> Result<bool, Fault> {
        self.text.clear();
        self.ends.clear();
        self.state = State::Begin;
        loop {
            let chunk = match self.inner.fill_buf() {
                Ok(chunk) => chunk,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Fault::io(Some(self.line), e)),
            };
            if chunk.is_empty() {
                return self.end();
            }
            let mut step = Step {
                separator: self.separator,
                comments: self.comments,
                line: self.line,
                after_cr: self.after_cr,
                begin: self.begin,
                state: self.state,
                text: &mut self.text,
                ends: &mut self.ends,
            };
            let (used, done) = step.run(chunk);
            (self.line, self.after_cr) = (step.line, step.after_cr);
            (self.begin, self.state) = (step.begin, step.state);
            self.inner.consume(used);
            self.check()?;
            if done {
                return Ok(true);
            }
        }
    }

    /// The record that the end of the text ends.
    fn end(&mut self) -> Result<bool, Fault> {
        match self.state {
            State::Begin | State::Comment => Ok(false),
            State::Quoted => {
                let reason = "the quote that begins in this row is not closed".to_owned();
                Err(Fault::row(self.begin, reason))
            }
            _ => {
                self.ends.push(self.text.len());
                self.check().map(|()| true)
            }
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.ends.len() > MAX_COLUMNS {
            let reason = format!("more than {MAX_COLUMNS} columns");
            return Err(Fault::row(self.begin, reason));
        }
        if self.text.len() > MAX_ROW_BYTES {
            return Err(Fault::row(self.begin, format!("a row of over {MAX_ROW_BYTES} bytes")));
        }
        Ok(())
    }

    /// Line that the record begins on.
    pub(super) fn begin(&self) -> u64 {
        self.begin
    }

    /// Number of cells of the record.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// Cells of the record.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        self.ends.iter().zip(begins).map(|(&end, begin)| self.text.get(begin..end).unwrap_or(&[]))
    }
}

/// The reader while it goes over bytes that it has.
struct Step<'a> {
    separator: u8,
    comments: bool,
    line: u64,
    after_cr: bool,
    begin: u64,
    state: State,
    text: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
}

impl Step<'_> {
    /// Goes on to the end of the record or of `chunk`, or where there are too
    /// many columns: how many bytes were used, and whether the record is done.
    fn run(&mut self, chunk: &[u8]) -> (usize, bool) {
        for (used, &byte) in (1..).zip(chunk) {
            let byte = match (std::mem::replace(&mut self.after_cr, byte == b'\r'), byte) {
                (true, b'\n') => continue,
                (_, b'\r') => b'\n',
                _ => byte,
            };
            let done = self.take(byte);
            self.line += u64::from(byte == b'\n');
            if done {
                return (used, true);
            }
            if self.ends.len() > MAX_COLUMNS {
                return (used, false);
            }
        }
        (chunk.len(), false)
    }

    /// Takes a byte; true where it ends the record.
    fn take(&mut self, byte: u8) -> bool {
        match self.state {
            State::Begin => {
                self.begin = self.line;
                match byte {
                    b'\n' => false,
                    b'#' if self.comments => self.go(State::Comment),
                    _ => self.begin_cell(byte),
                }
            }
            State::CellBegin => self.begin_cell(byte),
            State::Plain => self.plain(byte),
            State::Quoted if byte == b'"' => self.go(State::QuoteInQuoted),
            State::Quoted => self.push(byte, State::Quoted),
            State::QuoteInQuoted if byte == b'"' => self.push(byte, State::Quoted),
            State::QuoteInQuoted => self.plain(byte),
            State::Comment if byte == b'\n' => self.go(State::Begin),
            State::Comment => false,
        }
    }

    fn begin_cell(&mut self, byte: u8) -> bool {
        if byte == b'"' { self.go(State::Quoted) } else { self.plain(byte) }
    }

    fn plain(&mut self, byte: u8) -> bool {
        if byte == b'\n' {
            self.ends.push(self.text.len());
            return true;
        }
        if byte == self.separator {
            self.ends.push(self.text.len());
            return self.go(State::CellBegin);
        }
        self.push(byte, State::Plain)
    }

    fn push(&mut self, byte: u8, state: State) -> bool {
        self.text.push(byte);
        self.go(state)
    }

    fn go(&mut self, state: State) -> bool {
        self.state = state;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    type Lines = Vec<(u64, Vec<String>)>;

    fn all(text: &[u8], buffer: usize) -> Result<Lines, (Option<u64>, String)> {
        let mut records = Records::new(BufReader::with_capacity(buffer, text), b',', false, 1);
        let mut all = Vec::new();
        while records.next().map_err(|f| (f.line, f.reason))? {
            let cells = records.cells().map(|c| String::from_utf8_lossy(c).into_owned());
            all.push((records.begin(), cells.collect()));
        }
        Ok(all)
    }

    #[test]
    fn lines_and_cells() {
        let text = b"a,\"b\"\"c\"\r\n\r\n\"x\r\ny\",\rlast";
        for buffer in [1, 2, 3, 64] {
            let rows = all(text, buffer).unwrap();
            let want: [(u64, &[&str]); 3] =
                [(1, &["a", "b\"c"]), (3, &["x\ny", ""]), (5, &["last"])];
            for ((line, cells), (want_line, want_cells)) in rows.iter().zip(want) {
                assert_eq!(
                    (*line, cells.as_slice()),
                    (
                        want_line,
                        &want_cells.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
                    )
                );
            }
            assert_eq!(rows.len(), 3);
        }
    }

    #[test]
    fn an_open_quote_is_told_by_its_line() {
        let text = format!("a,b\n{}1,\"open\n3,4\n", "1,2\n".repeat(60));
        let (line, reason) = all(text.as_bytes(), 64).unwrap_err();
        assert_eq!(line, Some(62));
        assert!(reason.contains("not closed"), "{reason}");
    }

    #[test]
    fn columns_and_rows_are_bounded_while_they_are_read() {
        let error = all(&b",".repeat(1 << 20), 1 << 20).unwrap_err();
        assert_eq!(error, (Some(1), "more than 10000 columns".to_owned()));
        let long = [b"a\n\"".to_vec(), b"\n".repeat(MAX_ROW_BYTES + 9)].concat();
        assert!(all(&long, 1 << 16).unwrap_err().1.starts_with("a row of over"));
    }

    proptest! {
        /// The crate `csv` reads the same cells.
        #[test]
        fn cells_are_those_of_another_reader(bytes in prop::collection::vec(prop::sample::select(b"ab\",\n\r# ".to_vec()), 0..60), buffer in 1usize..9) {
            let text = String::from_utf8(bytes).unwrap().replace("\r\n", "\n").replace('\r', "\n");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let want: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            match all(text.as_bytes(), buffer) {
                Ok(rows) => prop_assert_eq!(rows.into_iter().map(|r| r.1).collect::<Vec<_>>(), want),
                Err((_, reason)) => prop_assert!(reason.contains("not closed")),
            }
        }
    }
}
