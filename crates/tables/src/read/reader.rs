//! The reader of tables.

use super::budget::{Cells, TOO_MANY_CELLS};
use super::csv::{Comments, CsvRows};
use super::jsonl::{JsonRows, Layout};
#[cfg(not(feature = "parquet"))]
use super::no_parquet as parquet;
#[cfg(feature = "parquet")]
use super::parquet;
use super::row::{Fault, Header, Row, Rows};
use super::source::{self, Content, Encoded, Unpacked};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_COLUMNS;
use crate::near_names::near_names;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads a table row by row, in whatever format it is.
///
/// ```
/// use nneval_tables::TableReader;
/// let text = "{\"path\":\"a.onnx\",\"lat_ms\":1.5}\n{\"path\":\"b.onnx\"}\n";
/// let mut table = TableReader::from_reader("t.jsonl", text.as_bytes())?;
/// let latency = table.column("lat_ms")?;
/// let mut values = Vec::new();
/// while let Some(row) = table.next_row()? {
///     values.push((row.line(), row.cell(latency).number()));
/// }
/// assert_eq!(values, [(1, Some(1.5)), (2, None)]);
/// # Ok::<(), nneval_tables::Error>(())
/// ```
pub struct TableReader<'a> {
    file: PathBuf,
    header: Header,
    rows: Box<dyn Rows + 'a>,
    row: Row,
    cells: Cells,
    unpacked: Option<Unpacked<'a>>,
}

impl TableReader<'static> {
    /// Opens a file, or standard input for [`STDIN`](super::STDIN).
    ///
    /// Lines before a CSV header that begin with `#` are comments.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the file cannot be opened or its start cannot be read.
    /// [`ErrorKind::Unreadable`]: damaged gzip, JSON or Parquet, a file of another
    /// kind, more than [`MAX_BYTES`](crate::MAX_BYTES) or than its size allows. [`ErrorKind::Malformed`]: more than
    /// [`MAX_COLUMNS`], names that are not UTF-8. [`ErrorKind::Unsupported`]:
    /// Parquet in a build without the feature.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of(path, source::open(path)?, Comments::BeforeHeader)
    }

    /// As [`TableReader::open`], but every line of CSV that begins with `#` is a
    /// comment.
    ///
    /// # Errors
    /// As [`TableReader::open`].
    pub fn open_with_comments(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of(path, source::open(path)?, Comments::Everywhere)
    }
}

impl<'a> TableReader<'a> {
    /// As [`TableReader::open`], from bytes; `file` names them in errors.
    ///
    /// # Errors
    /// As [`TableReader::open`].
    pub fn from_reader(file: impl AsRef<Path>, reader: impl Read + 'a) -> Result<Self> {
        let file = file.as_ref();
        Self::of(file, source::of_stream(file, reader)?, Comments::BeforeHeader)
    }

    pub(super) fn of(file: &Path, content: Content<'a>, comments: Comments) -> Result<Self> {
        let Content { budget, bytes, unpacked } = content;
        let begun = match bytes {
            Encoded::Csv(text) => CsvRows::open(text, comments).map(boxed),
            Encoded::JsonLines(text) => JsonRows::open(text, Layout::Lines).map(boxed),
            Encoded::JsonArray(text) => JsonRows::open(text, Layout::Array).map(boxed),
            Encoded::Parquet(bytes) => parquet::open(bytes, &budget).map(boxed),
        };
        let rest = unpacked.clone();
        let (mut header, rows) =
            begun.map_err(|fault| undamaged(file, rest, located(file, fault)))?;
        let count = header.names.len();
        if count > MAX_COLUMNS {
            let reason = format!("{count} columns, at most {MAX_COLUMNS} are read");
            return Err(Error::malformed(file, header.line, reason));
        }
        for name in &mut header.names {
            *name = name.trim_start_matches('\u{feff}').trim().to_owned();
        }
        let (file, cells) = (file.to_owned(), Cells::new(budget));
        Ok(Self { file, header, rows, row: Row::default(), cells, unpacked })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Names of the columns, in the order of the file; none of an empty file.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// Line of the file that names the columns; `None` for an empty file.
    pub fn header_line(&self) -> Option<u64> {
        self.header.line
    }

    /// What the file says about the whole table: comments `# NAME: VALUE` before a
    /// CSV header, key-value metadata of Parquet.
    pub fn facts(&self) -> &[(String, String)] {
        &self.header.facts
    }

    /// Place of the first column of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names().iter().position(|n| n == name)
    }

    /// Place of the first column of that name, which must be there.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownColumn`]; the message lists near names.
    pub fn column(&self, name: &str) -> Result<usize> {
        let line = self.header.line.unwrap_or(1);
        let missing = || unknown_column(&self.file, Some(line), name, self.names());
        self.find(name).ok_or_else(missing)
    }

    /// The next row; `None` at the end. It has a cell for each column.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`]: too few or too many cells, text that is not
    /// UTF-8. [`ErrorKind::Unreadable`] as for [`TableReader::open`].
    pub fn next_row(&mut self) -> Result<Option<&Row>> {
        match self.rows.read(&mut self.row) {
            Ok(true) if self.cells.take(self.row.cells().len()) => Ok(Some(&self.row)),
            Ok(true) => {
                let line = Some(self.row.line());
                let fault = Fault::unreadable(line, TOO_MANY_CELLS.to_owned(), None);
                Err(located(&self.file, fault))
            }
            Ok(false) => Ok(None),
            Err(fault) => Err(self.refuse(located(&self.file, fault))),
        }
    }

    /// `error`, or the damage of the gzip that its rows come out of. No row can be
    /// read after it.
    pub(crate) fn refuse(&self, error: Error) -> Error {
        undamaged(&self.file, self.unpacked.clone(), error)
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As [`TableReader::next_row`].
    pub fn rows(mut self) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        while let Some(row) = self.next_row()? {
            all.push(row.clone());
        }
        Ok(all)
    }
}

fn boxed<'a>((header, rows): (Header, impl Rows + 'a)) -> (Header, Box<dyn Rows + 'a>) {
    (header, Box::new(rows))
}

/// Bytes of text that are read on for the checksum at its end, at most.
const READ_ON: u64 = 1 << 26;

/// `error` of text whose rest is `unpacked`; the damage of its gzip, if there is any.
/// Damaged bytes are often unpacked to malformed text before a checksum tells.
fn undamaged(file: &Path, unpacked: Option<Unpacked>, error: Error) -> Error {
    let rest = unpacked.map(|rest| io::copy(&mut rest.take(READ_ON), &mut io::sink()));
    let is_damage = |e: &io::Error| e.kind() != io::ErrorKind::FileTooLarge;
    let damage = rest.and_then(|end| end.err()).filter(is_damage);
    damage.map_or(error, |damage| source::unreadable(file, damage))
}

fn located(file: &Path, fault: Fault) -> Error {
    let Fault { kind, line, reason, cause } = fault;
    Error::Table { kind, file: file.to_owned(), line, column: None, reason, cause }
}

/// The error of a column that is not there.
pub(crate) fn unknown_column(
    file: &Path,
    line: Option<u64>,
    name: &str,
    names: &[String],
) -> Error {
    let reason = format!("no column {name:?}{}", near_names(name, names));
    Error::table(ErrorKind::UnknownColumn, file, line, reason).in_column(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;
    use std::error::Error as _;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        gzip_of(text.as_bytes())
    }

    fn gzip_of(bytes: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    }

    #[test]
    fn every_format_is_the_same_table() {
        let (csv, json) = ("a, b\n1.5,x\n,y\n", "{\"a\":1.5,\"b\":\"x\"}\n{\"b\":\"y\"}\n");
        for bytes in [csv.into(), json.into(), gzip(csv), gzip(json)] {
            let table = TableReader::from_reader("t", bytes.as_slice()).unwrap();
            assert_eq!(table.names(), ["a", "b"]);
            assert_eq!((table.column("b").unwrap(), table.find("c")), (1, None));
            let rows = table.rows().unwrap();
            let numbers: Vec<_> = rows.iter().map(|r| r.cell(0).number()).collect();
            assert_eq!(numbers, [Some(1.5), None]);
            assert_eq!(rows[1].cells(), [Cell::Missing, "y".into()]);
        }
    }

    #[test]
    fn errors_have_kind_line_column_and_source() {
        let table = TableReader::from_reader("t.csv", "abc,b\n".as_bytes()).unwrap();
        let error = table.column("abd").unwrap_err();
        assert_eq!(error.to_string(), "t.csv, line 1: no column \"abd\", did you mean abc or b?");
        assert_eq!((error.kind(), error.column()), (ErrorKind::UnknownColumn, Some("abd")));
        let open = |bytes: &[u8]| {
            TableReader::from_reader("t.csv", bytes).and_then(TableReader::rows).unwrap_err()
        };
        let json = open(b"{\"a\":1}\n{");
        assert_eq!((json.kind(), json.line()), (ErrorKind::Unreadable, Some(2)));
        assert!(json.source().unwrap().is::<serde_json::Error>());
        let whole = gzip(&"a,b\n1,2\n".repeat(9000));
        let cut = open(&whole[..whole.len() - 9]);
        assert!(cut.to_string().ends_with("the gzip data is cut short"), "{cut}");
        assert!(cut.source().unwrap().is::<std::io::Error>());
        let missing = TableReader::open("no such folder/t.csv").err().unwrap();
        assert!(missing.source().unwrap().is::<std::io::Error>());
        assert_eq!(missing.kind(), ErrorKind::Io);
    }

    #[test]
    fn files_of_other_kinds_are_named() {
        for (bytes, name) in [
            (&b"PK\x03\x04..."[..], "a zip archive"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n",
                "a Git LFS pointer",
            ),
            (b"<!DOCTYPE html>\n<html>", "an HTML page"),
            (b"\xff\xfea\0,\0", "text in UTF-16"),
        ] {
            for bytes in [bytes.to_vec(), gzip_of(bytes)] {
                let error = TableReader::from_reader("t.csv", bytes.as_slice()).err().unwrap();
                assert_eq!(error.kind(), ErrorKind::Unreadable);
                assert!(error.reason().starts_with(&format!("is no table but {name}")), "{error}");
            }
        }
    }

    #[test]
    fn cells_are_bounded_by_the_size_of_the_file() {
        let row = format!("{}\n", ",".repeat(999));
        let text = format!(
            "{}\n{}",
            (0..1000).map(|i| format!("c{i}")).collect::<Vec<_>>().join(","),
            row.repeat(5000)
        );
        let mut table = TableReader::from_reader("t", text.as_bytes()).unwrap();
        while table.next_row().unwrap().is_some() {}
        let packed = gzip(&text);
        let mut table = TableReader::from_reader("t", packed.as_slice()).unwrap();
        let error = loop {
            if let Err(error) = table.next_row() {
                break error;
            }
        };
        assert!(error.reason().starts_with("more cells than"), "{error}");
    }

    #[test]
    fn columns_are_bounded() {
        let text = "a,".repeat(MAX_COLUMNS);
        let error = TableReader::from_reader("t.csv", text.as_bytes()).err().unwrap();
        assert_eq!(error.reason(), "more than 10000 columns");
    }

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn parquet_is_refused_by_a_build_without_it() {
        let error = TableReader::from_reader("t.parquet", &b"PAR1..PAR1"[..]).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let want = "t.parquet: Parquet that cannot be read: this build has no Parquet";
        assert_eq!(error.to_string(), want);
    }
}
