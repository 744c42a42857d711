//! Separated values: comments, header, rows. The separator is that of the header:
//! a comma, a semicolon or a tab.

use super::records::Records;
use super::row::{Fault, Header, Row, Rows};
use crate::cell::Cell;
use crate::inert::without_guard;
use crate::limits::MAX_ROW_BYTES;
use std::borrow::Cow;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes of the reader's buffer.
const BUFFER: usize = 1 << 16;
/// Bytes of facts that are kept, at most.
const MOST_FACTS: usize = 1 << 20;

/// Where lines that begin with `#` are comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// Before the header.
    BeforeHeader,
    /// Everywhere.
    Everywhere,
}

type Text<R> = Chain<Cursor<Vec<u8>>, BufReader<R>>;

/// The rows of a CSV file.
pub(super) struct CsvRows<R> {
    records: Records<Text<R>>,
    width: usize,
    /// Whether numbers may have a decimal comma.
    commas: DecimalComma,
}

impl<R: Read> CsvRows<R> {
    /// Reads comments and header. A comment `# NAME: VALUE` is a fact. A first
    /// line `sep=;` names the separator.
    pub(super) fn open(text: R, comments: Comments) -> Result<(Header, Self), Fault> {
        let mut text = BufReader::with_capacity(BUFFER, text);
        let (mut header, mut skipped, mut named, mut kept) = (Header::default(), 0, None, 0);
        let first = loop {
            let mut line = Vec::new();
            read_line(&mut text, &mut line, skipped + 1)?;
            let content = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
            let hint = hinted(content).filter(|_| named.is_none() && header.facts.is_empty());
            if content != b"\n" && !content.starts_with(b"#") && hint.is_none() {
                break content.to_vec();
            }
            named = named.or(hint);
            kept += content.len();
            header.facts.extend(fact(content).filter(|_| kept <= MOST_FACTS));
            skipped += 1;
        };
        let separator = named.unwrap_or_else(|| separator(&first));
        let text = Cursor::new(first).chain(text);
        let everywhere = comments == Comments::Everywhere;
        let records = Records::new(text, separator, everywhere, skipped + 1);
        let mut rows = Self { records, width: 0, commas: DecimalComma::of(separator) };
        if rows.records.next()? {
            let line = rows.records.begin();
            let cells = cells(&rows.records).collect::<Result<Vec<&str>, _>>()?;
            header.names = cells.into_iter().map(|n| without_guard(n).to_owned()).collect();
            while header.names.last().is_some_and(|n| n.trim().is_empty()) {
                header.names.pop();
            }
            header.line = Some(line);
        }
        rows.width = header.names.len();
        Ok((header, rows))
    }

    /// Puts the cells of the record to those of `row`. Beyond the header's there
    /// may be empty ones.
    fn fill(&self, row: &mut Row) -> Result<(), Fault> {
        row.line = self.records.begin();
        row.cells.resize_with(self.width, Cell::default);
        let count = self.records.count();
        let mut blank = true;
        for (at, cell) in cells(&self.records).enumerate() {
            let cell = cell?;
            blank &= cell.trim().is_empty();
            match row.cells.get_mut(at) {
                Some(slot) => slot.set_text(without_guard(&self.commas.point(cell))),
                None if cell.trim().is_empty() => {}
                None => return Err(self.ragged(count)),
            }
        }
        if count < self.width && !blank {
            return Err(self.ragged(count));
        }
        let rest = row.cells.get_mut(count..).unwrap_or_default();
        rest.fill(Cell::Missing);
        Ok(())
    }

    fn ragged(&self, count: usize) -> Fault {
        let reason = format!("{count} cells, the header has {}", self.width);
        Fault::row(self.records.begin(), reason)
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Fault> {
        if !self.records.next()? {
            return Ok(false);
        }
        self.fill(row).map(|()| true)
    }
}

fn cells<R: BufRead>(records: &Records<R>) -> impl Iterator<Item = Result<&str, Fault>> {
    records.cells().zip(1..).map(|(cell, number)| {
        std::str::from_utf8(cell).map_err(|error| Fault {
            cause: Some(Box::new(error)),
            ..Fault::row(records.begin(), format!("cell {number} is not UTF-8 text"))
        })
    })
}

/// Reads up to a newline of any kind, which becomes `\n`; nothing at the end.
fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>, number: u64) -> Result<(), Fault> {
    let fail = |e| Fault::io(Some(number), e);
    loop {
        let chunk = text.fill_buf().map_err(fail)?;
        if chunk.is_empty() {
            return Ok(());
        }
        let end = chunk.iter().position(|b| matches!(b, b'\n' | b'\r'));
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
        line.extend_from_slice(part);
        let newline = end.and_then(|end| chunk.get(end)).copied();
        let used = part.len() + usize::from(newline.is_some());
        text.consume(used);
        if line.len() > MAX_ROW_BYTES {
            return Err(Fault::row(number, format!("a line of over {MAX_ROW_BYTES} bytes")));
        }
        if let Some(newline) = newline {
            line.push(b'\n');
            if newline == b'\r' && text.fill_buf().map_err(fail)?.first() == Some(&b'\n') {
                text.consume(1);
            }
            return Ok(());
        }
    }
}

/// The separator that a line `sep=;` names, as spreadsheets write it.
fn hinted(line: &[u8]) -> Option<u8> {
    match line.trim_ascii_end().strip_prefix(b"sep=") {
        Some([separator @ (b',' | b';' | b'\t')]) => Some(*separator),
        Some([]) if line.starts_with(b"sep=\t") => Some(b'\t'),
        _ => None,
    }
}

/// The separator that the header has most of, outside of quotes; a comma where
/// it has none.
fn separator(header: &[u8]) -> u8 {
    let (mut counts, mut quoted) = ([0usize; 3], false);
    const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
    for byte in header {
        quoted ^= *byte == b'"';
        let known = SEPARATORS.iter().position(|s| s == byte).filter(|_| !quoted);
        if let Some(count) = known.and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let found = SEPARATORS.iter().zip(counts).find(|(_, count)| *count == most);
    found.map_or(b',', |(separator, _)| *separator)
}

/// How `1,5` is read where the comma separates no cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecimalComma {
    /// Commas separate cells.
    Never,
    /// As 1.5: semicolons are written where the comma is the decimal sign.
    Always,
    /// As 1.5, but `1,234`, which may be a thousand, stays text.
    Unambiguous,
}

impl DecimalComma {
    fn of(separator: u8) -> Self {
        match separator {
            b';' => Self::Always,
            b'\t' => Self::Unambiguous,
            _ => Self::Never,
        }
    }

    /// The cell with a point for its decimal comma.
    fn point(self, cell: &str) -> Cow<'_, str> {
        let split = || cell.split_once(',').filter(|_| self != Self::Never);
        let Some((whole, fraction)) = split() else { return Cow::Borrowed(cell) };
        let digits = whole.trim_start().trim_start_matches(['+', '-']);
        let decimals = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let grouped = decimals == 3 && digits.trim_start_matches('0').len() == digits.len();
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let pointed = format!("{whole}.{fraction}");
        let is_number = number && decimals > 0 && pointed.trim().parse::<f64>().is_ok();
        match is_number && (self == Self::Always || !grouped) {
            true => Cow::Owned(pointed),
            false => Cow::Borrowed(cell),
        }
    }
}

/// Name and value of a comment.
fn fact(comment: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(comment).ok()?.strip_prefix('#')?;
    let text = text.trim_start_matches('#').trim();
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

    fn numbers(text: &str) -> Vec<Option<f64>> {
        let (header, all) = rows(text, Comments::BeforeHeader).unwrap();
        assert_eq!(header.names, ["a", "b"]);
        all.iter().map(|row| row.cell(1).number()).collect()
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

    #[test]
    fn separators_are_those_of_the_header() {
        for text in [
            "a,b\nx,1.5\n",
            "a;b\nx;1.5\n",
            "a\tb\nx\t1.5\n",
            "a;b\nx;1,5\n",
            "a\tb\nx\t1,5\n",
            "sep=;\na;b\nx;1,5\n",
            "\u{feff}sep=;\r\na;b\r\nx;1,5\r\n",
            "sep=\t\na\tb\nx\t1.5\n",
            "\"a\";\"b\"\n\"x,y,z\";\"1.5\"\n",
        ] {
            assert_eq!(numbers(text), [Some(1.5)], "{text:?}");
        }
        assert_eq!(numbers("a;b\nx;-0,125e1\ny;1,234\n"), [Some(-1.25), Some(1.234)]);
        assert_eq!(numbers("a\tb\nx\t1,234\ny\t0,125\nz\t1,\n"), [None, Some(0.125), None]);
    }

    #[test]
    fn empty_rows_and_columns_at_the_end_are_none() {
        let text = "a,b,,\nx,1,,\ny,2\nz,3,,,,\n,,,\n,\n";
        let (header, all) = rows(text, Comments::BeforeHeader).unwrap();
        assert_eq!((header.names.len(), all.len()), (2, 5));
        assert!(all.iter().all(|row| row.cells().len() == 2));
        assert!(all[3].is_blank() && all[4].is_blank());
        let fault = rows("a,b,\nx,1,2\n", Comments::BeforeHeader).unwrap_err();
        assert_eq!((fault.line, fault.reason.as_str()), (Some(2), "3 cells, the header has 2"));
        assert!(rows("a,b\n1\n", Comments::BeforeHeader).is_err());
    }
}
