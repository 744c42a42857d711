//! Architectures in tables: lists, and label tables.

use crate::arch::Arch;
use crate::error::{Error, Result};
use crate::space::Space;
use nneval_tables::TableReader;
use nneval_tables::labels::{LabelTable, ReadOptions};
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// Name of the column that has whole architecture strings.
const ARCH: &str = "arch_str";
/// Name of the column that numbers architectures.
const INDEX: &str = "arch_index";
/// What stands between the columns of an architecture string.
const SEPARATOR: &str = "|";

/// The architecture strings of a table, row by row: its column `arch_str`, else the
/// [`Space::columns`] joined.
pub struct Keys {
    table: TableReader<'static>,
    columns: Vec<usize>,
    line: u64,
}

impl Keys {
    /// Opens a table in any format that [`TableReader`] reads.
    ///
    /// # Errors
    /// [`Error::Table`]: the file cannot be opened or read, or a column is missing.
    pub fn open(path: &Path, space: Space) -> Result<Self> {
        Self::of(TableReader::open(path)?, space)
    }

    fn of(table: TableReader<'static>, space: Space) -> Result<Self> {
        let columns = match (table.find(ARCH), space.columns()) {
            (Some(at), _) => vec![at],
            (None, own) => own.iter().map(|c| table.column(c)).collect::<Result<_, _>>()?,
        };
        Ok(Self { table, columns, line: 0 })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        self.table.file()
    }

    /// Line of the last row.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The architecture string of the next row that is not blank.
    ///
    /// # Errors
    /// As [`TableReader::next_row`].
    pub fn next_key(&mut self) -> Result<Option<String>> {
        Ok(self.next_with(None)?.map(|(key, _)| key))
    }

    /// The architecture string and another cell of the next row.
    fn next_with(&mut self, other: Option<usize>) -> Result<Option<(String, Option<Number>)>> {
        while let Some(row) = self.table.next_row()? {
            self.line = row.line();
            if row.is_blank() {
                continue;
            }
            let parts: Vec<_> = self.columns.iter().map(|&at| row.cell(at).text()).collect();
            let number = other.map(|at| {
                let cell = row.cell(at);
                cell.index().ok_or_else(|| cell.text().into_owned())
            });
            return Ok(Some((parts.join(SEPARATOR), number)));
        }
        Ok(None)
    }
}

/// A number, or the text that is none.
type Number = std::result::Result<u64, String>;

/// Reads the architectures of a table with their numbers: the column `arch_index`, else
/// the [`Space::index_column`], else the number of the row, from 0. Rows keep their
/// order. Tables of NATS-Bench need `arch_index`.
///
/// # Errors
/// [`Error::Table`]: the file cannot be opened or read, a column is missing, an
/// index is no number or occurs twice. [`Error::Listed`]: an architecture that
/// `space` does not have.
pub fn read_table(path: &Path, space: Space) -> Result<Vec<(u64, Arch)>> {
    read(TableReader::open(path)?, space)
}

fn read(table: TableReader<'static>, space: Space) -> Result<Vec<(u64, Arch)>> {
    let file = table.file().to_owned();
    let (index, name) = match (table.find(INDEX), space.index_column()) {
        (Some(at), _) => (Some(at), INDEX),
        (None, Some(INDEX)) => (Some(table.column(INDEX)?), INDEX),
        (None, own) => (own.and_then(|name| table.find(name)), own.unwrap_or(INDEX)),
    };
    let mut keys = Keys::of(table, space)?;
    let refuse = |line, reason: String| {
        Error::from(nneval_tables::Error::malformed(&file, Some(line), reason))
    };
    let mut rows = Vec::new();
    let mut first_lines: HashMap<u64, u64> = HashMap::new();
    while let Some((key, number)) = keys.next_with(index)? {
        let line = keys.line();
        let number = number.unwrap_or(Ok(rows.len() as u64));
        let number = number
            .map_err(|text| refuse(line, format!("{name} {text:?} is not a number from 0")))?;
        if let Some(first) = first_lines.insert(number, line) {
            return Err(refuse(line, format!("{name} {number} is on line {first} already")));
        }
        let arch = space.parse(&key).map_err(|cause| Error::Listed {
            file: file.clone(),
            line,
            cause: Box::new(cause),
        })?;
        rows.push((number, arch));
    }
    Ok(rows)
}

/// Reads a label table whose keys are architecture strings of a space: the column
/// `arch_str`, else the [`Space::columns`] joined, else `path`. Keys may repeat. Without
/// a class column, isomorphic networks are a class. `columns` must be there and hold
/// numbers, as [`ReadOptions::columns`].
///
/// # Errors
/// [`Error::Table`] as [`LabelTable::read`].
pub fn read_labels(path: &Path, space: Space, columns: Option<Vec<String>>) -> Result<LabelTable> {
    Ok(LabelTable::read(path, &options(space, columns))?.classified(|key| class(space, key)))
}

/// As [`read_labels`]; rows of one value in the column `class`, where one is named, are a class.
///
/// # Errors
/// As [`read_labels`].
pub fn read_classes(
    path: &Path,
    space: Space,
    columns: Option<Vec<String>>,
    class: Option<String>,
) -> Result<LabelTable> {
    match class {
        None => read_labels(path, space, columns),
        class => {
            let options = ReadOptions { class, ..options(space, columns) };
            Ok(LabelTable::read(path, &options)?)
        }
    }
}

/// As [`read_labels`], from bytes; `file` names them in errors.
///
/// # Errors
/// As [`read_labels`].
pub fn labels_from_reader(
    file: &Path,
    reader: impl Read,
    space: Space,
    columns: Option<Vec<String>>,
) -> Result<LabelTable> {
    let table = LabelTable::from_reader(file, reader, &options(space, columns))?;
    Ok(table.classified(|key| class(space, key)))
}

fn options(space: Space, columns: Option<Vec<String>>) -> ReadOptions {
    let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
    ReadOptions {
        joined: owned(&mut space.columns().iter().copied()),
        unlabelled: owned(&mut space.unlabelled_columns()),
        repeats: !matches!(space, Space::NatsTss | Space::NatsSss),
        columns,
        ..Default::default()
    }
}

/// The class of an architecture string that the space has.
fn class(space: Space, key: &str) -> Option<String> {
    space.parse(key).ok().map(|arch| arch.class())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn listed_of(space: Space, text: &'static str) -> Result<Vec<(u64, Arch)>> {
        read(TableReader::from_reader("t", text.as_bytes())?, space)
    }

    fn listed(text: &str) -> Result<Vec<(u64, Arch)>> {
        listed_of(Space::NatsSss, text.to_owned().leak())
    }

    #[test]
    fn every_format_is_read_in_its_order() {
        let want = [(7, "8:8:8:8:16"), (2, "8:8:8:8:8")];
        let csv = "x,arch_str,arch_index\n1,8:8:8:8:16,7\n2,8:8:8:8:8,2\n";
        let json = "{\"arch_index\":7,\"arch_str\":\"8:8:8:8:16\"}\n\
                    {\"arch_index\":2,\"arch_str\":\"8:8:8:8:8\"}\n";
        for text in [csv, json] {
            let rows: Vec<(u64, String)> =
                listed(text).unwrap().into_iter().map(|(i, a)| (i, a.to_string())).collect();
            assert_eq!(rows, want.map(|(i, a)| (i, a.to_owned())));
        }
    }

    #[test]
    fn bad_rows_have_kind_and_line() {
        let head = "arch_index,arch_str\n1,8:8:8:8:8\n";
        for (row, kind, want) in [
            (
                "2,8:8",
                ErrorKind::Architecture,
                "architecture \"8:8\": 2 channel counts, expected 5",
            ),
            ("x,8:8:8:8:8", ErrorKind::Table, "arch_index \"x\" is not a number from 0"),
            ("1,8:8:8:8:16", ErrorKind::Table, "arch_index 1 is on line 2 already"),
            ("3", ErrorKind::Table, "1 cells, the header has 2"),
        ] {
            let error = listed(&format!("{head}{row}\n")).unwrap_err();
            assert_eq!((error.kind(), error.line()), (kind, Some(3)), "{row}");
            assert_eq!(error.to_string(), format!("t, line 3: {want}"));
        }
        let error = listed("arch_index,arch\n").unwrap_err().to_string();
        assert_eq!(error, "t, line 1: no column \"arch_str\"");
    }

    #[test]
    fn columns_of_a_space_make_up_the_architecture() {
        let table = "index,vertices,edges,ops,x\n7,4,01 12 23,21,5\n\n3,2,01,,6\n";
        let rows = listed_of(Space::NasBench101, table).unwrap();
        let texts: Vec<(u64, String)> = rows.iter().map(|(i, a)| (*i, a.to_string())).collect();
        assert_eq!(texts, [(7, "01 12 23|21".to_owned()), (3, "01|".to_owned())]);
        let table = "x,arch\n1,00000001\n2,00000001\n";
        let rows = listed_of(Space::NasBenchMacro, table).unwrap();
        assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [0, 1]);
        let error = listed_of(Space::Ofa, "id,ks,e,d\n").unwrap_err().to_string();
        assert!(error.contains("no column \"r\""), "{error}");
    }

    #[test]
    fn label_tables_have_labels_alone_and_classes_of_isomorphic_networks() {
        let text = "index,vertices,edges,ops,acc_pct\n1,4,01 02 13 23,01,5\n\
                    2,4,01 02 13 23,10,6\n3,4,01 02 13 23,00,7\n4,4,01 02 13 23,00,8\n";
        let space = Space::NasBench101;
        let table = labels_from_reader(Path::new("t.csv"), text.as_bytes(), space, None).unwrap();
        assert_eq!(table.column_names(), ["acc_pct"]);
        assert_eq!(table.key(1), Some("01 02 13 23|10"));
        let [a, b, c, d] = table.classes() else { panic!("{table:?}") };
        assert!(a == b && b != c && c == d);
    }
}
