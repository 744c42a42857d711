//! Reading of label tables.

use super::hash::hash64;
use super::layout::{INDEX, Layout, ReadOptions};
use super::numbers::{Numbers, is_missing, shown};
use super::table::LabelTable;
use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::read::{Row, TableReader};
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

impl LabelTable {
    /// Reads a CSV file (RFC 4180, header line, UTF-8 with or without a byte order
    /// mark; separated by commas, semicolons or tabs), JSON lines or a JSON array
    /// (objects of the same members), plain or gzip, or a Parquet file; `-` is
    /// stdin. They are told apart by how they begin. Lines before a CSV header that
    /// begin with `#` are comments.
    ///
    /// Cells of number columns are numbers, or decimal numbers as Rust's `f64`
    /// reads them. Spaces around them are dropped. Missing values are empty cells and
    /// `NaN`, `NA`, `N/A`, `null`, `None` and the like, in upper or lower case. Rows of
    /// empty cells and columns without a name are passed over.
    ///
    /// # Errors
    /// As [`TableReader::open`]. Then, with the 1-based line where one is at fault:
    ///
    /// | [`ErrorKind`](crate::ErrorKind) | cause |
    /// |---|---|
    /// | `Malformed` | empty file, no rows, two columns of one name, ragged row, empty or repeated key, empty class, a checked column (see [`ReadOptions::columns`]) with a cell that is no finite number |
    /// | `UnknownColumn` | no key column, a named or checked column that is not there |
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        from_reader(TableReader::open(path)?, options)
    }

    /// As [`LabelTable::read`], from bytes; `file` names them in errors.
    ///
    /// # Errors
    /// As [`LabelTable::read`].
    pub fn from_reader(
        file: impl AsRef<Path>,
        reader: impl Read,
        options: &ReadOptions,
    ) -> Result<Self> {
        from_reader(TableReader::from_reader(file, reader)?, options)
    }

    fn check(&self, options: &ReadOptions) -> Result<()> {
        if let Some(wanted) = &options.columns {
            return wanted.iter().try_for_each(|name| self.column(name).map(drop));
        }
        let faulty = |c: &&Numbers| c.fault.is_some() && !c.is_text();
        let first = self.columns.iter().position(|c| faulty(&c));
        let name = first.and_then(|at| self.names.get(at));
        name.map_or(Ok(()), |name| self.column(name).map(drop))
    }
}

fn from_reader(mut reader: TableReader, options: &ReadOptions) -> Result<LabelTable> {
    let Some(line) = reader.header_line() else {
        return Err(Error::malformed(reader.file(), None, "the file is empty"));
    };
    let layout = Layout::new(reader.file(), line, reader.names(), options);
    let layout = layout.map_err(|e| reader.refuse(e))?;
    let mut builder = Builder::new(reader.file(), reader.names(), layout, options.repeats);
    builder.facts = reader.facts().to_vec();
    while let Some(row) = reader.next_row()? {
        if !row.is_blank() {
            builder.push(row).map_err(|e| reader.refuse(e))?;
        }
    }
    builder.finish(options).map_err(|e| reader.refuse(e))
}

struct Builder {
    file: PathBuf,
    layout: Layout,
    repeats: bool,
    keys: Vec<String>,
    by_key: HashMap<String, usize>,
    lines: Vec<u64>,
    class_texts: Vec<String>,
    arch_index: Vec<u64>,
    names: Vec<String>,
    columns: Vec<Numbers>,
    facts: Vec<(String, String)>,
}

impl Builder {
    fn new(file: &Path, header: &[String], layout: Layout, repeats: bool) -> Self {
        let free = header.iter().enumerate().filter(|(at, _)| !layout.is_reserved(*at));
        let names: Vec<String> = free.map(|(_, name)| name.clone()).collect();
        let columns = vec![Numbers::default(); names.len()];
        Self {
            file: file.to_owned(),
            layout,
            repeats,
            keys: Vec::new(),
            by_key: HashMap::new(),
            lines: Vec::new(),
            class_texts: Vec::new(),
            arch_index: Vec::new(),
            names,
            columns,
            facts: Vec::new(),
        }
    }

    fn push(&mut self, row: &Row) -> Result<()> {
        let line = row.line();
        self.push_key(line, row)?;
        if let Some(at) = self.layout.class {
            self.push_class(line, row.cell(at))?;
        }
        if let Some(at) = self.layout.index {
            self.push_index(line, row.cell(at))?;
        }
        let free = row.cells().iter().enumerate().filter(|(at, _)| !self.layout.is_reserved(*at));
        for ((column, name), (_, cell)) in self.columns.iter_mut().zip(&self.names).zip(free) {
            column.push(line, name, cell);
        }
        self.lines.push(line);
        Ok(())
    }

    fn push_key(&mut self, line: u64, row: &Row) -> Result<()> {
        let cells = || self.layout.key.iter().map(|&at| row.cell(at));
        if cells().all(Cell::is_blank) {
            return Err(self.refuse(line, "the key is empty"));
        }
        let parts: Vec<Cow<str>> = cells().map(Cell::text).collect();
        let key = parts.join("|");
        match self.by_key.entry(key.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(self.keys.len());
            }
            Entry::Occupied(_) if self.repeats => {}
            Entry::Occupied(entry) => {
                let first = self.lines.get(*entry.get()).copied().unwrap_or_default();
                let reason = format!("key {} is already on line {first}", shown(&key));
                return Err(self.refuse(line, reason));
            }
        }
        self.keys.push(key);
        Ok(())
    }

    fn push_class(&mut self, line: u64, cell: &Cell) -> Result<()> {
        if is_missing(cell) {
            return Err(self.refuse(line, "the class is empty"));
        }
        self.class_texts.push(cell.text().trim().to_owned());
        Ok(())
    }

    fn push_index(&mut self, line: u64, cell: &Cell) -> Result<()> {
        let index = cell.index().ok_or_else(|| {
            let text = shown(&cell.text());
            let reason = format!("column {INDEX:?}: {text} is not a whole number");
            self.refuse(line, reason).in_column(INDEX)
        })?;
        self.arch_index.push(index);
        Ok(())
    }

    fn refuse(&self, line: u64, reason: impl Into<String>) -> Error {
        Error::malformed(&self.file, Some(line), reason)
    }

    fn finish(self, options: &ReadOptions) -> Result<LabelTable> {
        if self.keys.is_empty() {
            return Err(Error::malformed(self.file, None, "the table has no rows"));
        }
        let classes = match self.layout.class {
            Some(_) => class_numbers(&self.class_texts),
            None => self.keys.iter().map(|key| hash64(&[key.as_bytes()])).collect(),
        };
        let table = LabelTable {
            file: self.file,
            kind: self.layout.kind,
            has_classes: self.layout.class.is_some(),
            keys: self.keys,
            by_key: self.by_key,
            lines: self.lines,
            classes,
            arch_index: self.layout.index.map(|_| self.arch_index),
            names: self.names,
            columns: self.columns,
            facts: self.facts,
        };
        table.check(options)?;
        Ok(table)
    }
}

/// Whole numbers as they are where all are; else hashes.
fn class_numbers(texts: &[String]) -> Vec<u64> {
    let numbers: Option<Vec<u64>> = texts.iter().map(|t| t.parse().ok()).collect();
    numbers.unwrap_or_else(|| texts.iter().map(|t| hash64(&[t.as_bytes()])).collect())
}
