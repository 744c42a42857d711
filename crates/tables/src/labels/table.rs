//! Label tables: a row a network, with a key, a class, and numbers.

use super::hash::hash64;
use super::layout::KeyKind;
use super::numbers::Numbers;
use crate::error::{Error, Result};
use crate::read::unknown_column;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

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
    pub(super) file: PathBuf,
    pub(super) kind: KeyKind,
    /// Whether the file has a class column.
    pub(super) has_classes: bool,
    pub(super) keys: Vec<String>,
    pub(super) by_key: HashMap<String, usize>,
    pub(super) lines: Vec<u64>,
    pub(super) classes: Vec<u64>,
    pub(super) arch_index: Option<Vec<u64>>,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Numbers>,
    pub(super) facts: Vec<(String, String)>,
}

impl LabelTable {
    /// The file the table came from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What the file says about the whole table under a name, as
    /// [`TableReader::facts`](crate::TableReader::facts).
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|f| f.0 == name).map(|f| f.1.as_str())
    }

    /// Number of rows, 1 at least.
    pub fn rows(&self) -> usize {
        self.keys.len()
    }

    /// What the keys are.
    pub fn key_kind(&self) -> KeyKind {
        self.kind
    }

    /// All keys in file order; no two are equal unless [`ReadOptions::repeats`] says so.
    ///
    /// [`ReadOptions::repeats`]: super::ReadOptions::repeats
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Key of row `i`; `None` beyond the last row.
    pub fn key(&self, i: usize) -> Option<&str> {
        self.keys.get(i).map(String::as_str)
    }

    /// Row of `key`, the first of several.
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

    /// The same table; where the file has no class column, rows of which `class` says
    /// one text are a class. Rows of which it says nothing keep theirs.
    #[must_use]
    pub fn classified(mut self, class: impl Fn(&str) -> Option<String>) -> Self {
        if !self.has_classes {
            for (own, key) in self.classes.iter_mut().zip(&self.keys) {
                if let Some(text) = class(key) {
                    *own = hash64(&[text.as_bytes()]);
                }
            }
        }
        self
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
    /// [`ErrorKind::UnknownColumn`](crate::ErrorKind::UnknownColumn); the message
    /// lists near names. [`ErrorKind::Malformed`](crate::ErrorKind::Malformed): a
    /// cell that is no finite number; the message gives its line and text.
    pub fn column(&self, name: &str) -> Result<&[Option<f64>]> {
        let at = self.names.iter().position(|n| n == name);
        match at.and_then(|at| self.columns.get(at)) {
            Some(Numbers { fault: Some(fault), .. }) => {
                let (line, reason) = (Some(fault.line), fault.reason.as_str());
                Err(Error::malformed(&self.file, line, reason).in_column(name))
            }
            Some(column) => Ok(&column.values),
            None => Err(unknown_column(&self.file, None, name, &self.names)),
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
