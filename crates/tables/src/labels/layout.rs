//! Layout of a label table: which column is the key, the class, the index.

use crate::error::{Error, ErrorKind, Result};
use crate::read::unknown_column;
use std::collections::HashMap;
use std::path::Path;

const ARCH: &str = "arch_str";
const PATH: &str = "path";
/// Another name of the column of paths.
const FILE: &str = "file";
const CLASS: &str = "unique_rep_index";
/// Name of the column of architecture numbers.
pub(super) const INDEX: &str = "arch_index";

/// How to read a table. The default takes the usual column names and checks
/// every column that is mostly numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Key column; default `arch_str`, or `path` where there is no `arch_str`, or
    /// `file` where there is neither. `path` may be called `file`.
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
    /// Paths of model files (`path`, or `file`), relative to the table's folder.
    Path,
    /// Names from a column chosen by [`ReadOptions::key`].
    Name,
}

/// Which cell of a row is what.
pub(super) struct Layout {
    pub(super) kind: KeyKind,
    pub(super) key: usize,
    pub(super) class: Option<usize>,
    pub(super) index: Option<usize>,
    /// Columns without a name.
    nameless: Vec<usize>,
}

impl Layout {
    /// The layout of a table with those names; `line` is theirs.
    pub(super) fn new(
        file: &Path,
        line: u64,
        names: &[String],
        options: &ReadOptions,
    ) -> Result<Self> {
        let mut seen = HashMap::new();
        let is_nameless = |name: &String| name.trim().is_empty();
        for (at, name) in (1..).zip(names).filter(|(_, name)| !is_nameless(name)) {
            if let Some(first) = seen.insert(name, at) {
                let reason = format!("columns {first} and {at} are both named {name:?}");
                return Err(Error::malformed(file, Some(line), reason).in_column(name));
            }
        }
        let find = |name: &str| names.iter().position(|n| n == name);
        let named = |name: &str| find(name).ok_or_else(|| unknown_column(file, None, name, names));
        let usual =
            || [ARCH, PATH, FILE].iter().find_map(|name| Some((kind_of(name), find(name)?)));
        let (kind, key) = match &options.key {
            Some(name) if name == PATH => {
                let at = find(PATH).or_else(|| find(FILE));
                (KeyKind::Path, at.map_or_else(|| named(PATH), Ok)?)
            }
            Some(name) => (kind_of(name), named(name)?),
            None => usual().ok_or_else(|| {
                let reason = format!("no key column ({ARCH:?} or {PATH:?})");
                Error::table(ErrorKind::UnknownColumn, file, Some(1), reason)
            })?,
        };
        let class = match &options.class {
            Some(name) => Some(named(name)?),
            None => find(CLASS).filter(|&at| at != key),
        };
        let index = find(INDEX).filter(|&at| at != key && Some(at) != class);
        let nameless = (0..).zip(names).filter(|(_, name)| is_nameless(name)).map(|(at, _)| at);
        Ok(Self { kind, key, class, index, nameless: nameless.collect() })
    }

    /// Whether the column is no column of numbers.
    pub(super) fn is_reserved(&self, at: usize) -> bool {
        let known = at == self.key || Some(at) == self.class || Some(at) == self.index;
        known || self.nameless.binary_search(&at).is_ok()
    }
}

fn kind_of(key_column: &str) -> KeyKind {
    match key_column {
        ARCH => KeyKind::Architecture,
        PATH | FILE => KeyKind::Path,
        _ => KeyKind::Name,
    }
}
