//! CSV with the lines that rows start on.

use super::lines::{Limited, Lines};
use super::row::{Fault, Header, Row, Rows, io_reason};
use crate::limits::MAX_BYTES;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where lines that begin with `#` are comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// Before the header.
    BeforeHeader,
    /// Everywhere.
    Everywhere,
}

type Text<R> = Chain<Cursor<Vec<u8>>, BufReader<Lines<Limited<R>>>>;

/// The rows of a CSV file.
pub(super) struct CsvRows<R> {
    reader: csv::Reader<Text<R>>,
    record: csv::ByteRecord,
    width: usize,
    /// Lines before the text that `reader` sees.
    skipped: u64,
}

impl<R: Read> CsvRows<R> {
    /// Reads comments and header. A comment `# NAME: VALUE` is a fact.
    pub(super) fn open(text: R, comments: Comments) -> Result<(Header, Self), Fault> {
        let mut text = BufReader::new(Lines::new(Limited::new(text, MAX_BYTES)));
        let (mut header, mut skipped) = (Header::default(), 0);
        let first = loop {
            let mut line = Vec::new();
            text.read_until(b'\n', &mut line).map_err(|e| Fault::io(Some(skipped + 1), e))?;
            let content = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
            if content != b"\n" && !content.starts_with(b"#") {
                break line;
            }
            header.facts.extend(fact(content));
            skipped += 1;
        };
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true);
        builder.comment((comments == Comments::Everywhere).then_some(b'#'));
        let reader = builder.from_reader(Cursor::new(first).chain(text));
        let mut rows = Self { reader, record: csv::ByteRecord::new(), width: 0, skipped };
        if rows.next()? {
            let line = rows.line();
            let cells = rows.cells(line).collect::<Result<Vec<&str>, _>>()?;
            header.names = cells.into_iter().map(str::to_owned).collect();
            header.line = Some(line);
        }
        rows.width = header.names.len();
        Ok((header, rows))
    }

    /// Reads the next record; false at the end.
    fn next(&mut self) -> Result<bool, Fault> {
        self.reader.read_byte_record(&mut self.record).map_err(|error| {
            let line = Some(self.skipped + self.reader.position().line());
            let reason = match error.kind() {
                csv::ErrorKind::Io(e) => io_reason(e),
                _ => error.to_string(),
            };
            Fault::unreadable(line, reason, Some(Box::new(error)))
        })
    }

    /// Line of the file that the record starts on.
    fn line(&self) -> u64 {
        let inside = self.record.iter().flatten().filter(|&&b| b == b'\n').count() as u64;
        let end = self.skipped + self.reader.position().line();
        end.saturating_sub(1 + inside).max(1)
    }

    fn cells(&self, line: u64) -> impl Iterator<Item = Result<&str, Fault>> {
        self.record.iter().zip(1..).map(move |(cell, number)| {
            std::str::from_utf8(cell).map_err(|error| Fault {
                cause: Some(Box::new(error)),
                ..Fault::row(line, format!("cell {number} is not UTF-8 text"))
            })
        })
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Fault> {
        if !self.next()? {
            return Ok(false);
        }
        row.line = self.line();
        row.cells.resize_with(self.record.len(), Default::default);
        for (slot, cell) in row.cells.iter_mut().zip(self.cells(row.line)) {
            slot.set_text(cell?);
        }
        if row.cells.len() != self.width {
            let reason = format!("{} cells, the header has {}", row.cells.len(), self.width);
            return Err(Fault::row(row.line, reason));
        }
        Ok(true)
    }
}

/// Name and value of a comment.
fn fact(comment: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(comment).ok()?.trim_start_matches('#').trim();
    text.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, comments: Comments) -> Result<(Header, Vec<Row>), Fault> {
        let (header, mut rows) = CsvRows::open(text.as_bytes(), comments)?;
        let (mut all, mut row) = (Vec::new(), Row::default());
        while rows.read(&mut row)? {
            all.push(row.clone());
        }
        Ok((header, all))
    }

    #[test]
    fn comments_before_the_header_are_facts() {
        let text = "\u{feff}# cpu: a: \"b\", c\r\n\r\n#\n# no fact\r\na,b\r\n#1,\"x\r\ny\"\n2,\n";
        let (header, all) = rows(text, Comments::BeforeHeader).unwrap();
        assert_eq!(header.facts, [("cpu".to_owned(), "a: \"b\", c".to_owned())]);
        assert_eq!((header.line, header.names.join(" ")), (Some(5), "a b".to_owned()));
        let lines: Vec<u64> = all.iter().map(Row::line).collect();
        assert_eq!(lines, [6, 8]);
        assert_eq!(all[0].cells(), ["#1".into(), "x\ny".into()]);
        assert!(all[1].cell(1).is_blank() && all[1].cell(9).is_blank());
    }

    #[test]
    fn comments_may_stand_everywhere_in_a_list() {
        let text = "a\n#x,y\n1\n";
        let (_, all) = rows(text, Comments::Everywhere).unwrap();
        assert_eq!((all.len(), all[0].line()), (1, 3));
        assert_eq!(rows(text, Comments::BeforeHeader).unwrap_err().line, Some(2));
    }

    #[test]
    fn a_file_without_a_header_has_no_line_of_names() {
        for text in ["", "\n\n", "# only: facts\n"] {
            let (header, all) = rows(text, Comments::BeforeHeader).unwrap();
            assert_eq!((header.line, all.len()), (None, 0), "{text:?}");
        }
    }
}
