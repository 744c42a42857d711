//! Lists of names: a column of a table, or one name a line.

use super::csv::Comments;
use super::reader::TableReader;
use super::source::{self, Content, Encoded, whole_text};
use crate::error::Result;
use std::borrow::Cow;
use std::path::Path;

/// The cells of `column` in a table. Text without such a column is a list of one
/// name a line; spaces around names and blank lines are dropped.
///
/// # Errors
/// As [`TableReader::open`] and [`TableReader::next_row`]; a column that JSON
/// lines or Parquet do not have.
pub fn read_list(path: impl AsRef<Path>, column: &str) -> Result<Vec<String>> {
    read_joined(path, &[&[column]])
}

/// As [`read_list`], of the first of several groups of columns that is there; the cells
/// of a group are joined with `|` between.
///
/// # Errors
/// As [`read_list`].
pub fn read_joined(path: impl AsRef<Path>, groups: &[&[&str]]) -> Result<Vec<String>> {
    let path = path.as_ref();
    of(path, source::open(path)?, groups)
}

fn of(path: &Path, content: Content, groups: &[&[&str]]) -> Result<Vec<String>> {
    let Content { budget, bytes, unpacked } = content;
    let text = match bytes {
        Encoded::Csv(text) => whole_text(path, text)?,
        bytes => {
            let content = Content { budget, bytes, unpacked };
            return cells(TableReader::of(path, content, Comments::BeforeHeader)?, groups);
        }
    };
    let bytes = Encoded::Csv(Box::new(text.as_bytes()));
    let content = Content { budget, bytes, unpacked: None };
    match TableReader::of(path, content, Comments::BeforeHeader) {
        Ok(table) if columns(&table, groups).is_some() => cells(table, groups),
        _ => Ok(text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()),
    }
}

/// Places of the first group that is there.
fn columns(table: &TableReader, groups: &[&[&str]]) -> Option<Vec<usize>> {
    let places = |group: &&[&str]| group.iter().map(|name| table.find(name)).collect();
    groups.iter().find_map(places)
}

fn cells(mut table: TableReader, groups: &[&[&str]]) -> Result<Vec<String>> {
    let first = groups.first().copied().unwrap_or_default();
    let at = match columns(&table, groups) {
        Some(places) => places,
        None => first.iter().map(|name| table.column(name)).collect::<Result<_>>()?,
    };
    let mut all = Vec::new();
    while let Some(row) = table.next_row()? {
        if !row.is_blank() {
            let parts: Vec<Cow<str>> = at.iter().map(|&at| row.cell(at).text()).collect();
            all.push(parts.join("|"));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<String>> {
        let path = Path::new("list");
        of(path, source::of_stream(path, text.as_bytes())?, &[&["arch_str"], &["ks", "e"]])
    }

    #[test]
    fn a_column_or_one_name_a_line() {
        assert_eq!(list("n,arch_str\n1,8:8\n2, x\n").unwrap(), ["8:8", " x"]);
        assert_eq!(list("\u{feff}# a list\n\"arch_str\"\n8:8\n").unwrap(), ["8:8"]);
        assert_eq!(list("{\"arch_str\":\"8:8\"}\n").unwrap(), ["8:8"]);
        assert_eq!(list(" 8:8\n\nb,c\r\n").unwrap(), ["8:8", "b,c"]);
        assert_eq!(list("").unwrap(), [""; 0]);
        assert_eq!(list("e,x,ks\n6 6,1,3 5\n").unwrap(), ["3 5|6 6"]);
        let error = list("{\"arch\":\"8:8\"}\n").unwrap_err().to_string();
        assert_eq!(error, "list, line 1: no column \"arch_str\"");
    }
}
