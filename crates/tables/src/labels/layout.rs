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
    /// Columns that make up the key, with `|` between, where there is neither `key` nor
    /// `arch_str`.
    pub joined: Vec<String>,
    /// Columns that are no labels, whatever they hold.
    pub unlabelled: Vec<String>,
    /// Whether several rows may have one key.
    pub repeats: bool,
}

/// What the keys of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Architecture strings of a search space (`arch_str`, or [`ReadOptions::joined`]).
    Architecture,
    /// Paths of model files (`path`, or `file`), relative to the table's folder.
    Path,
    /// Names from a column chosen by [`ReadOptions::key`].
    Name,
}

/// Which cell of a row is what.
pub(super) struct Layout {
    pub(super) kind: KeyKind,
    /// The columns of the key.
    pub(super) key: Vec<usize>,
    pub(super) class: Option<usize>,
    pub(super) index: Option<usize>,
    /// Columns that are no labels: those without a name, and those that are said to be.
    others: Vec<usize>,
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
        let joined: Option<Vec<usize>> = options.joined.iter().map(|name| find(name)).collect();
        let joined = joined.filter(|all| !all.is_empty());
        let paths = find(PATH).or_else(|| find(FILE));
        let (kind, key) = match (&options.key, find(ARCH), joined, paths) {
            (Some(name), _, _, Some(at)) if name == PATH => (KeyKind::Path, vec![at]),
            (Some(name), ..) => (kind_of(name), vec![named(name)?]),
            (None, Some(at), ..) => (KeyKind::Architecture, vec![at]),
            (None, None, Some(all), _) => (KeyKind::Architecture, all),
            (None, None, None, Some(at)) => (KeyKind::Path, vec![at]),
            (None, None, None, None) => {
                let reason = format!("no key column ({})", usual(options));
                return Err(Error::table(ErrorKind::UnknownColumn, file, Some(1), reason));
            }
        };
        let class = match &options.class {
            Some(name) => Some(named(name)?),
            None => find(CLASS).filter(|at| !key.contains(at)),
        };
        let index = find(INDEX).filter(|at| !key.contains(at) && Some(*at) != class);
        let is_other = |name: &String| is_nameless(name) || options.unlabelled.contains(name);
        let others = (0..).zip(names).filter(|(_, name)| is_other(name)).map(|(at, _)| at);
        Ok(Self { kind, key, class, index, others: others.collect() })
    }

    /// Whether the column is no column of numbers.
    pub(super) fn is_reserved(&self, at: usize) -> bool {
        let known = self.key.contains(&at) || Some(at) == self.class || Some(at) == self.index;
        known || self.others.binary_search(&at).is_ok()
    }
}

/// The columns that a key is usually in.
fn usual(options: &ReadOptions) -> String {
    let quoted =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| format!("{name:?}")).collect() };
    let joined: Vec<&str> = options.joined.iter().map(String::as_str).collect();
    let mut ways = quoted(&[ARCH]);
    if !joined.is_empty() && joined != [ARCH] {
        ways.push(quoted(&joined).join(" and "));
    }
    ways.extend(quoted(&[PATH]));
    ways.join(" or ")
}

fn kind_of(key_column: &str) -> KeyKind {
    match key_column {
        ARCH => KeyKind::Architecture,
        PATH | FILE => KeyKind::Path,
        _ => KeyKind::Name,
    }
}
