//! Label tables: one row per network, a key, a class, and numbers.

use super::jsonl::LineError;
use super::limits::{MAX_BYTES, MAX_COLUMNS};
use super::{source, suggest};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

const ARCH: &str = "arch_str";
const PATH: &str = "path";
const INDEX: &str = "arch_index";
const CLASS: &str = "unique_rep_index";

/// How to read a table. The default takes the usual column names and checks
/// every column that is mostly numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Key column; default `arch_str`, or `path` where there is no `arch_str`.
    pub key: Option<String>,
    /// Class column; default `unique_rep_index` where present, else every key
    /// is a class of its own.
    pub class: Option<String>,
    /// Columns that must exist and hold only numbers and empty cells. `None`
    /// demands this of every column with more numbers than text.
    pub columns: Option<Vec<String>>,
}

/// What the keys of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Architecture strings of a search space (`arch_str`).
    Architecture,
    /// Paths of model files (`path`), relative to the table's folder.
    Path,
    /// Names from a column chosen by [`ReadOptions::key`].
    Name,
}

/// A label table in memory: `rows()` rows; each column is a slice of that
/// length in file order, `None` where the cell is empty.
///
/// ```
/// use nneval_tables::labels::{LabelTable, ReadOptions};
/// let csv = "path,my_lat_ms\na.onnx,1.5\nb.onnx,\n";
/// let table = LabelTable::from_reader("labels.csv", csv.as_bytes(), &ReadOptions::default())?;
/// assert_eq!(table.keys(), ["a.onnx", "b.onnx"]);
/// assert_eq!(table.column("my_lat_ms")?, [Some(1.5), None]);
/// # Ok::<(), nneval_tables::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LabelTable {
    file: PathBuf,
    kind: KeyKind,
    keys: Vec<String>,
    by_key: HashMap<String, usize>,
    lines: Vec<u64>,
    classes: Vec<u64>,
    arch_index: Option<Vec<u64>>,
    names: Vec<String>,
    columns: Vec<Column>,
}

impl LabelTable {
    /// Reads a CSV file (RFC 4180, comma, header line, UTF-8 with or without a
    /// byte order mark) or JSON lines (objects of the same members), plain or
    /// gzip, or a Parquet file; `-` is stdin. They are told apart by how they
    /// begin. Lines before a CSV header that begin with `#` are comments.
    ///
    /// Cells of number columns are decimal numbers as Rust's `f64` reads them;
    /// spaces around them are dropped; an empty cell is a missing value.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be opened. [`Error::Labels`], with the
    /// 1-based line where one is at fault: empty file, no rows, no key column,
    /// two columns of one name, ragged row, empty or repeated key, empty class,
    /// not UTF-8, cut or damaged gzip, more than [`MAX_BYTES`] or
    /// [`MAX_COLUMNS`], a checked column (see [`ReadOptions::columns`]) that is
    /// unknown or has a cell that is no finite number.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let source = source::open(path)?;
        let mut input = Input::new(path, source.reader);
        input.ahead = source.ahead;
        Self::from_input(input, options)
    }

    /// As [`LabelTable::read`], from uncompressed bytes; `file` names them in errors.
    ///
    /// # Errors
    /// As [`LabelTable::read`].
    pub fn from_reader(
        file: impl AsRef<Path>,
        reader: impl Read,
        options: &ReadOptions,
    ) -> Result<Self> {
        Self::from_input(Input::new(file.as_ref(), reader), options)
    }

    fn from_input<R: Read>(mut input: Input<R>, options: &ReadOptions) -> Result<Self> {
        let header = input.header()?;
        let layout = Layout::new(input.file, &header, options)?;
        let mut builder = Builder::new(input.file, &header, layout);
        while let Some((line, cells)) = input.next(header.len())? {
            builder.push(line, &cells)?;
        }
        builder.finish(options)
    }

    /// The file the table came from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Number of rows, 1 at least.
    pub fn rows(&self) -> usize {
        self.keys.len()
    }

    /// What the keys are.
    pub fn key_kind(&self) -> KeyKind {
        self.kind
    }

    /// All keys in file order; no two are equal.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Key of row `i`; `None` beyond the last row.
    pub fn key(&self, i: usize) -> Option<&str> {
        self.keys.get(i).map(String::as_str)
    }

    /// Row of `key`.
    pub fn row_of(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// Model file of row `i`: the key taken from the table's folder. `None`
    /// unless the keys are paths.
    pub fn model_path(&self, i: usize) -> Option<PathBuf> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        self.key(i).filter(|_| self.kind == KeyKind::Path).map(|key| folder.join(key))
    }

    /// 1-based line of the file on which row `i` starts.
    pub fn line(&self, i: usize) -> Option<u64> {
        self.lines.get(i).copied()
    }

    /// Classes of all rows. A class column of whole numbers gives those numbers;
    /// any other text (and a missing class column) gives the first 8 bytes of
    /// the SHA-256 of the text (of the key), so that a class keeps its number
    /// wherever its rows stand in the file.
    pub fn classes(&self) -> &[u64] {
        &self.classes
    }

    /// Class of row `i`; `None` beyond the last row.
    pub fn class(&self, i: usize) -> Option<u64> {
        self.classes.get(i).copied()
    }

    /// Cell of the column `arch_index` in row `i`.
    pub fn arch_index(&self, i: usize) -> Option<u64> {
        self.arch_index.as_ref()?.get(i).copied()
    }

    /// Names of all columns but key, class and `arch_index`, in file order.
    pub fn column_names(&self) -> &[String] {
        &self.names
    }

    /// Those of [`LabelTable::column_names`] whose every cell is a number or empty.
    pub fn numeric_columns(&self) -> impl Iterator<Item = &str> {
        self.names
            .iter()
            .zip(&self.columns)
            .filter(|(_, column)| column.fault.is_none())
            .map(|(name, _)| name.as_str())
    }

    /// The numbers of a column, one per row.
    ///
    /// # Errors
    /// [`Error::Labels`]: no such column (the message lists near names), or a
    /// cell that is no finite number (the message gives its line and text).
    pub fn column(&self, name: &str) -> Result<&[Option<f64>]> {
        let at = self.names.iter().position(|n| n == name);
        match at.and_then(|at| self.columns.get(at)) {
            Some(Column { fault: Some(fault), .. }) => {
                Err(labels(&self.file, Some(fault.line), fault.reason.clone()))
            }
            Some(column) => Ok(&column.values),
            None => Err(unknown_column(&self.file, name, &self.names)),
        }
    }

    /// The cells of a column at `rows`, in that order; `None` where the cell is
    /// empty or the row does not exist.
    ///
    /// # Errors
    /// As [`LabelTable::column`].
    pub fn gather(&self, name: &str, rows: &[usize]) -> Result<Vec<Option<f64>>> {
        let values = self.column(name)?;
        Ok(rows.iter().map(|&row| values.get(row).copied().flatten()).collect())
    }
}

fn labels(file: &Path, line: Option<u64>, reason: impl Into<String>) -> Error {
    Error::Labels { file: file.to_owned(), line, reason: reason.into() }
}

fn unknown_column(file: &Path, name: &str, names: &[String]) -> Error {
    let hint = suggest::hint(name, names);
    labels(file, None, format!("no column {name:?}{hint}"))
}

/// Records with the lines they start on.
struct Input<'a, R> {
    file: &'a Path,
    reader: csv::Reader<source::Lines<R>>,
    record: csv::ByteRecord,
    /// Lines of the text before the first line of the file.
    ahead: u64,
}

impl<'a, R: Read> Input<'a, R> {
    fn new(file: &'a Path, reader: R) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(source::Lines::new(reader, MAX_BYTES));
        Self { file, reader, record: csv::ByteRecord::new(), ahead: 0 }
    }

    fn header(&mut self) -> Result<Vec<String>> {
        let Some((line, cells)) = self.after_comments()? else {
            return Err(labels(self.file, None, "the file is empty"));
        };
        if cells.len() > MAX_COLUMNS {
            let reason = format!("{} columns, at most {MAX_COLUMNS} are read", cells.len());
            return Err(labels(self.file, Some(line), reason));
        }
        let names: Vec<String> =
            cells.iter().map(|c| c.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        let mut seen = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            if let Some(first) = seen.insert(name, at) {
                let reason =
                    format!("columns {} and {} are both named {name:?}", first + 1, at + 1);
                return Err(labels(self.file, Some(line), reason));
            }
        }
        Ok(names)
    }

    /// The first record that does not begin with `#`.
    fn after_comments(&mut self) -> Result<Option<(u64, Vec<&str>)>> {
        while self.reader.read_byte_record(&mut self.record).map_err(|e| self.failure(&e))? {
            if !self.record.get(0).is_some_and(|first| first.starts_with(b"#")) {
                return self.cells().map(Some);
            }
        }
        Ok(None)
    }

    /// The next row, which must have `width` cells.
    fn next(&mut self, width: usize) -> Result<Option<(u64, Vec<&str>)>> {
        let file = self.file;
        match self.read()? {
            Some((line, cells)) if cells.len() != width => {
                let reason = format!("{} cells, the header has {width}", cells.len());
                Err(labels(file, Some(line), reason))
            }
            row => Ok(row),
        }
    }

    fn read(&mut self) -> Result<Option<(u64, Vec<&str>)>> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(e) => return Err(self.failure(&e)),
        }
        self.cells().map(Some)
    }

    /// The record's cells, and the line that it starts on.
    fn cells(&self) -> Result<(u64, Vec<&str>)> {
        let inner = self.record.iter().flatten().filter(|&&b| b == b'\n').count() as u64;
        let line = self.reader.position().line().saturating_sub(1 + inner + self.ahead).max(1);
        let mut cells = Vec::with_capacity(self.record.len());
        for (at, cell) in self.record.iter().enumerate() {
            let text = std::str::from_utf8(cell).map_err(|_| {
                labels(self.file, Some(line), format!("cell {} is not UTF-8 text", at + 1))
            })?;
            cells.push(text);
        }
        Ok((line, cells))
    }

    fn failure(&self, error: &csv::Error) -> Error {
        let here = self.reader.position().line();
        match error.kind() {
            csv::ErrorKind::Io(e) => {
                let inner = e.get_ref().and_then(|inner| inner.downcast_ref::<LineError>());
                labels(self.file, Some(inner.map_or(here, |i| i.line)), reason(e))
            }
            _ => labels(self.file, Some(here), error.to_string()),
        }
    }
}

/// Why text could not be read.
pub(super) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "the gzip data is cut short".to_owned(),
        _ => error.to_string(),
    }
}

/// Which cell of a row is what.
struct Layout {
    kind: KeyKind,
    key: usize,
    class: Option<usize>,
    index: Option<usize>,
}

impl Layout {
    fn new(file: &Path, header: &[String], options: &ReadOptions) -> Result<Self> {
        let find = |name: &str| header.iter().position(|h| h == name);
        let named = |name: &str| find(name).ok_or_else(|| unknown_column(file, name, header));
        let (kind, key) = match &options.key {
            Some(name) => (kind_of(name), named(name)?),
            None => {
                [ARCH, PATH].iter().find_map(|name| Some((kind_of(name), find(name)?))).ok_or_else(
                    || labels(file, Some(1), format!("no key column ({ARCH:?} or {PATH:?})")),
                )?
            }
        };
        let class = match &options.class {
            Some(name) => Some(named(name)?),
            None => find(CLASS).filter(|&at| at != key),
        };
        let index = find(INDEX).filter(|&at| at != key && Some(at) != class);
        Ok(Self { kind, key, class, index })
    }

    fn is_reserved(&self, at: usize) -> bool {
        at == self.key || Some(at) == self.class || Some(at) == self.index
    }
}

fn kind_of(key_column: &str) -> KeyKind {
    match key_column {
        ARCH => KeyKind::Architecture,
        PATH => KeyKind::Path,
        _ => KeyKind::Name,
    }
}

/// The first cell of a column that is no finite number.
#[derive(Debug, Clone)]
struct Fault {
    line: u64,
    reason: String,
}

#[derive(Debug, Clone, Default)]
struct Column {
    values: Vec<Option<f64>>,
    fault: Option<Fault>,
    numbers: usize,
    texts: usize,
}

impl Column {
    fn push(&mut self, line: u64, name: &str, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            return self.values.push(None);
        }
        let wrong = match cell.parse::<f64>() {
            Ok(value) => {
                self.numbers += 1;
                if value.is_finite() {
                    return self.values.push(Some(value));
                }
                "not a finite number"
            }
            Err(_) => {
                self.texts += 1;
                "not a number"
            }
        };
        if self.fault.is_none() {
            let reason = format!("column {name:?}: {} is {wrong}", shown(cell));
            self.fault = Some(Fault { line, reason });
            self.values = Vec::new();
        }
    }

    fn is_text(&self) -> bool {
        self.texts > self.numbers
    }
}

/// A cell as an error shows it: quoted, escaped, 60 characters at most.
fn shown(cell: &str) -> String {
    const MOST: usize = 60;
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}...", cell.get(..end).unwrap_or_default()),
        None => format!("{cell:?}"),
    }
}

struct Builder {
    file: PathBuf,
    layout: Layout,
    keys: Vec<String>,
    by_key: HashMap<String, usize>,
    lines: Vec<u64>,
    class_texts: Vec<String>,
    arch_index: Vec<u64>,
    names: Vec<String>,
    columns: Vec<Column>,
}

impl Builder {
    fn new(file: &Path, header: &[String], layout: Layout) -> Self {
        let free = header.iter().enumerate().filter(|(at, _)| !layout.is_reserved(*at));
        let names: Vec<String> = free.map(|(_, name)| name.clone()).collect();
        let columns = vec![Column::default(); names.len()];
        Self {
            file: file.to_owned(),
            layout,
            keys: Vec::new(),
            by_key: HashMap::new(),
            lines: Vec::new(),
            class_texts: Vec::new(),
            arch_index: Vec::new(),
            names,
            columns,
        }
    }

    fn push(&mut self, line: u64, cells: &[&str]) -> Result<()> {
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        self.push_key(line, cell(self.layout.key))?;
        if let Some(at) = self.layout.class {
            self.push_class(line, cell(at))?;
        }
        if let Some(at) = self.layout.index {
            self.push_index(line, cell(at))?;
        }
        let free = cells.iter().enumerate().filter(|(at, _)| !self.layout.is_reserved(*at));
        for ((column, name), (_, cell)) in self.columns.iter_mut().zip(&self.names).zip(free) {
            column.push(line, name, cell);
        }
        self.lines.push(line);
        Ok(())
    }

    fn push_key(&mut self, line: u64, key: &str) -> Result<()> {
        if key.trim().is_empty() {
            return Err(labels(&self.file, Some(line), "the key is empty"));
        }
        if let Some(first) = self.by_key.insert(key.to_owned(), self.keys.len()) {
            let first = self.lines.get(first).copied().unwrap_or_default();
            let reason = format!("key {} is already on line {first}", shown(key));
            return Err(labels(&self.file, Some(line), reason));
        }
        self.keys.push(key.to_owned());
        Ok(())
    }

    fn push_class(&mut self, line: u64, class: &str) -> Result<()> {
        let class = class.trim();
        if class.is_empty() {
            return Err(labels(&self.file, Some(line), "the class is empty"));
        }
        self.class_texts.push(class.to_owned());
        Ok(())
    }

    fn push_index(&mut self, line: u64, cell: &str) -> Result<()> {
        let index = cell.trim().parse().map_err(|_| {
            let reason = format!("column {INDEX:?}: {} is not a whole number", shown(cell));
            labels(&self.file, Some(line), reason)
        })?;
        self.arch_index.push(index);
        Ok(())
    }

    fn finish(self, options: &ReadOptions) -> Result<LabelTable> {
        if self.keys.is_empty() {
            return Err(labels(&self.file, None, "the table has no rows"));
        }
        let class_texts = if self.layout.class.is_some() { &self.class_texts } else { &self.keys };
        let classes = class_numbers(class_texts, self.layout.class.is_some());
        let table = LabelTable {
            file: self.file,
            kind: self.layout.kind,
            keys: self.keys,
            by_key: self.by_key,
            lines: self.lines,
            classes,
            arch_index: self.layout.index.map(|_| self.arch_index),
            names: self.names,
            columns: self.columns,
        };
        table.check(options)?;
        Ok(table)
    }
}

impl LabelTable {
    fn check(&self, options: &ReadOptions) -> Result<()> {
        if let Some(wanted) = &options.columns {
            return wanted.iter().try_for_each(|name| self.column(name).map(|_| ()));
        }
        let numbers = self.names.iter().zip(&self.columns).filter(|(_, c)| !c.is_text());
        numbers.into_iter().try_for_each(|(name, _)| self.column(name).map(|_| ()))
    }
}

/// Whole numbers as they are, if `try_numbers` and all are; else hashes.
fn class_numbers(texts: &[String], try_numbers: bool) -> Vec<u64> {
    let numbers: Option<Vec<u64>> =
        if try_numbers { texts.iter().map(|t| t.parse().ok()).collect() } else { None };
    numbers.unwrap_or_else(|| texts.iter().map(|t| hash64(&[t.as_bytes()])).collect())
}

/// First 8 bytes, little-endian, of the SHA-256 of `parts` on end.
pub(super) fn hash64(parts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    let digest = hasher.finalize();
    digest.iter().take(8).rev().fold(0, |sum, &byte| (sum << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(text: &str) -> Result<LabelTable> {
        LabelTable::from_reader("t.csv", text.as_bytes(), &ReadOptions::default())
    }

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn cells_keys_classes_and_index() {
        let t =
            read("arch_index,arch_str,unique_rep_index,a_pct,b_ms\n4,x,9,1.5,\n5,y,9, 2 ,3e1\n")
                .unwrap();
        assert_eq!(
            (t.rows(), t.key(1), t.class(0), t.arch_index(1)),
            (2, Some("y"), Some(9), Some(5))
        );
        assert_eq!(
            (t.key(2), t.class(2), t.row_of("y"), t.line(1)),
            (None, None, Some(1), Some(3))
        );
        assert_eq!(t.column_names(), ["a_pct", "b_ms"]);
        assert_eq!(t.column("a_pct").unwrap(), [Some(1.5), Some(2.0)]);
        assert_eq!(t.column("b_ms").unwrap(), [None, Some(30.0)]);
        assert_eq!(t.gather("b_ms", &[1, 0, 7]).unwrap(), [Some(30.0), None, None]);
        assert_eq!((t.key_kind(), t.model_path(0)), (KeyKind::Architecture, None));
    }

    #[test]
    fn without_a_class_column_every_key_is_a_class() {
        let a = read("path,v\nm1.onnx,1\nm2.onnx,2\n").unwrap();
        let b = read("path,v\nm2.onnx,2\nm1.onnx,1\n").unwrap();
        assert_ne!(a.class(0), a.class(1));
        assert_eq!((a.class(0), a.class(1)), (b.class(1), b.class(0)));
        let t = LabelTable::from_reader(
            "d/t.csv",
            "path,v\nm.onnx,1\n".as_bytes(),
            &ReadOptions::default(),
        );
        assert_eq!(t.unwrap().model_path(0), Some(PathBuf::from("d/m.onnx")));
    }

    #[test]
    fn key_and_class_columns_can_be_named() {
        let options = ReadOptions {
            key: Some("model".into()),
            class: Some("family".into()),
            columns: Some(vec!["acc".into()]),
        };
        let text = "model,family,acc,interp\na,resnet,1,bicubic\nb,resnet,2,x\nc,vit,3,y\n";
        let t = LabelTable::from_reader("t.csv", text.as_bytes(), &options).unwrap();
        assert_eq!(t.class(0), t.class(1));
        assert_ne!(t.class(0), t.class(2));
        assert_eq!(t.key_kind(), KeyKind::Name);
        let wrong = ReadOptions { class: Some("famly".into()), ..options };
        let e = LabelTable::from_reader("t.csv", text.as_bytes(), &wrong).unwrap_err();
        assert_eq!(e.to_string(), "t.csv: no column \"famly\", did you mean family?");
    }

    #[test]
    fn text_columns_are_refused_only_when_asked_for() {
        let text = "path,note,v\na,good,1\nb,3,2\nc,bad,4\n";
        let t = read(text).unwrap();
        assert_eq!(t.numeric_columns().collect::<Vec<_>>(), ["v"]);
        let want = "t.csv, line 2: column \"note\": \"good\" is not a number";
        assert_eq!(t.column("note").unwrap_err().to_string(), want);
        let options = ReadOptions { columns: Some(vec!["note".into()]), ..ReadOptions::default() };
        let e = LabelTable::from_reader("t.csv", text.as_bytes(), &options).unwrap_err();
        assert_eq!(e.to_string(), want);
        let lax = ReadOptions { columns: Some(vec!["v".into()]), ..ReadOptions::default() };
        let damaged = "path,v,w\na,1,1\nb,2,2\nc,3,oops\n";
        assert!(LabelTable::from_reader("t.csv", damaged.as_bytes(), &lax).is_ok());
        assert_eq!(message(damaged), "t.csv, line 4: column \"w\": \"oops\" is not a number");
    }

    #[test]
    fn bad_tables_are_explained() {
        for (text, want) in [
            ("", "t.csv: the file is empty"),
            ("\n\n", "t.csv: the file is empty"),
            ("path,v\n", "t.csv: the table has no rows"),
            ("name,v\na,1\n", "t.csv, line 1: no key column (\"arch_str\" or \"path\")"),
            ("path,v,v\na,1,2\n", "t.csv, line 1: columns 2 and 3 are both named \"v\""),
            ("path,v\na,1\nb,NaN\n", "t.csv, line 3: column \"v\": \"NaN\" is not a finite number"),
            (
                "path,v\na,1\nb,-inf\n",
                "t.csv, line 3: column \"v\": \"-inf\" is not a finite number",
            ),
            ("path,v\na,1e999\n", "t.csv, line 2: column \"v\": \"1e999\" is not a finite number"),
            ("path,v\na,1\nb\n", "t.csv, line 3: 1 cells, the header has 2"),
            ("path,v\na,1,2\n", "t.csv, line 2: 3 cells, the header has 2"),
            ("path,v\na,1\nb,2\na,3\n", "t.csv, line 4: key \"a\" is already on line 2"),
            ("path,v\n,1\n", "t.csv, line 2: the key is empty"),
            ("path,unique_rep_index\na,\n", "t.csv, line 2: the class is empty"),
            (
                "path,arch_index\na,x\n",
                "t.csv, line 2: column \"arch_index\": \"x\" is not a whole number",
            ),
        ] {
            assert_eq!(message(text), want, "{text:?}");
        }
    }

    #[test]
    fn comments_may_stand_before_the_header() {
        let text = "# machine: a, \"b\" and c\n#\npath,v\n#a,1\nb,x\n";
        assert_eq!(
            message(&text.replace('x', "NaN")),
            "t.csv, line 5: column \"v\": \"NaN\" is not a finite number"
        );
        let t = read(&text.replace('x', "2")).unwrap();
        assert_eq!((t.keys().join(" "), t.line(0)), ("#a b".to_owned(), Some(4)));
        assert_eq!(message("# nothing\n"), "t.csv: the file is empty");
    }

    #[test]
    fn lines_are_right_whatever_the_newlines() {
        for text in [
            "path,v\r\na,1\r\nb,2\r\nc\r\n",
            "path,v\na,1\n\nc\n",
            "path,v\r\r\ra\r",
            "path,v\n\"a\nb\",1\nc",
        ] {
            assert!(
                message(text).starts_with("t.csv, line 4: 1 cells"),
                "{text:?}: {}",
                message(text)
            );
        }
    }

    #[test]
    fn unknown_columns_get_near_names() {
        let t = read("path,cifar10_acc,cifar100_acc\na,1,2\n").unwrap();
        assert_eq!(
            t.column("cifar10_ac").unwrap_err().to_string(),
            "t.csv: no column \"cifar10_ac\", did you mean cifar10_acc or cifar100_acc?"
        );
        assert_eq!(t.column("zzzzz").unwrap_err().to_string(), "t.csv: no column \"zzzzz\"");
    }

    #[test]
    fn text_that_is_not_utf8_and_byte_order_marks() {
        let e = LabelTable::from_reader(
            "t.csv",
            &b"path,v\na,1\nb\xff,2\n"[..],
            &ReadOptions::default(),
        );
        assert_eq!(e.unwrap_err().to_string(), "t.csv, line 3: cell 1 is not UTF-8 text");
        assert_eq!(read("\u{feff}path,v\na,1\n").unwrap().rows(), 1);
    }

    #[test]
    fn long_cells_are_cut_in_messages() {
        let text = message(&format!("path,v\na,1\nb,2\nc,{}\n", "é".repeat(5000)));
        assert!(text.len() < 250 && text.contains("..."), "{text}");
    }

    #[test]
    fn gzip_is_known_by_its_magic_and_must_be_whole() {
        let text: String = (0..5000)
            .fold("path,v\n".into(), |t, i| t + &format!("m{}.onnx,{i}\n", i * 7919 % 99991));
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        let bytes = gz.finish().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plain_name.csv");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            LabelTable::read(&path, &ReadOptions::default())
        };
        assert_eq!(read(&bytes).unwrap().rows(), 5000);
        for cut in [2, 9, bytes.len() / 2, bytes.len() - 4] {
            let e = read(&bytes[..cut]).unwrap_err().to_string();
            assert!(e.contains("plain_name.csv") && e.contains("cut short"), "{cut}: {e}");
        }
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 0xff;
        assert!(matches!(read(&damaged), Err(Error::Labels { .. })));
        let missing = LabelTable::read(dir.path().join("no.csv"), &ReadOptions::default());
        assert!(matches!(missing, Err(Error::Io { .. })));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(0u8..=255, 0..200)) {
            let mut text = b"path,v\n".to_vec();
            text.extend(&bytes);
            let _ = LabelTable::from_reader("t.csv", &text[..], &ReadOptions::default());
            let _ = LabelTable::from_reader("t.csv", &bytes[..], &ReadOptions::default());
        }
    }
}
