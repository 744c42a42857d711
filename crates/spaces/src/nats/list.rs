//! Architectures listed in a table.

use super::space::{Arch, Space};
use crate::error::{Error, Result};
use nneval_tables::TableReader;
use std::collections::HashMap;
use std::path::Path;

/// Reads columns `arch_index` (a number from 0) and `arch_str` of a table in any
/// format that [`TableReader`] reads. Rows keep their order.
///
/// # Errors
/// [`Error::Table`]: the file cannot be opened or read, a column is missing, an
/// index is no number or occurs twice. [`Error::Listed`]: an architecture that
/// `space` does not have.
pub fn read_table(path: &Path, space: Space) -> Result<Vec<(u64, Arch)>> {
    read(TableReader::open(path)?, space)
}

fn read(mut table: TableReader, space: Space) -> Result<Vec<(u64, Arch)>> {
    let file = table.file().to_owned();
    let refuse = |line, reason: String| {
        Error::from(nneval_tables::Error::malformed(&file, Some(line), reason))
    };
    let (index_column, arch_column) = (table.column("arch_index")?, table.column("arch_str")?);
    let mut rows = Vec::new();
    let mut first_lines: HashMap<u64, u64> = HashMap::new();
    while let Some(row) = table.next_row()? {
        if row.is_blank() {
            continue;
        }
        let (line, index) = (row.line(), row.cell(index_column));
        let Some(number) = index.index() else {
            let reason = format!("arch_index {:?} is not a number from 0", index.text());
            return Err(refuse(line, reason));
        };
        if let Some(first) = first_lines.insert(number, line) {
            let reason = format!("arch_index {number} is on line {first} already");
            return Err(refuse(line, reason));
        }
        let arch = space.parse(&row.cell(arch_column).text());
        let arch = arch.map_err(|cause| Error::Listed {
            file: file.clone(),
            line,
            cause: Box::new(cause),
        })?;
        rows.push((number, arch));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn listed(text: &str) -> Result<Vec<(u64, Arch)>> {
        read(TableReader::from_reader("t", text.as_bytes())?, Space::NatsSss)
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
}
