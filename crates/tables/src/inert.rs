//! CSV cells that a spreadsheet takes for text and a terminal shows as they are.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula.
//! Such a cell that is no number gets an apostrophe in front, which spreadsheets
//! take for "this is text". The reader of tables takes it off again.

use nneval_files::printable;
use std::borrow::Cow;

/// First characters of formulas, those of full width included.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What keeps a cell from being a formula.
const GUARD: char = '\'';

/// A cell of CSV: control characters as escapes ([`printable`]), and an
/// apostrophe before what would be a formula. Numbers stay as they are.
///
/// ```
/// use nneval_tables::inert;
/// assert_eq!(inert("=1+2"), "'=1+2");
/// assert_eq!(inert("-1.5"), "-1.5");
/// assert_eq!(inert("a\nb"), r"a\nb");
/// ```
pub fn inert(cell: &str) -> Cow<'_, str> {
    let shown = printable(cell);
    match is_formula(shown.trim_start_matches(GUARD)) {
        true => Cow::Owned(format!("{GUARD}{shown}")),
        false => shown,
    }
}

/// The cell that [`inert`] made `written` of, control characters apart.
pub(crate) fn without_guard(written: &str) -> &str {
    match written.strip_prefix(GUARD) {
        Some(rest) if is_formula(rest.trim_start_matches(GUARD)) => rest,
        _ => written,
    }
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(FORMULA) && cell.trim().parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded_and_read_back() {
        for cell in ["=cmd|' /C calc'!A0", "+1+2", "-a.onnx", "@SUM(1)", "'=1", "''=1", "＝1", "-"]
        {
            let written = inert(cell);
            assert_eq!(written, format!("'{cell}"));
            assert_eq!(without_guard(&written), cell);
        }
        for cell in ["", "a", "-1", "+2.5e3", "-inf", "'", "'quoted'", "|=", "a=b", " =1"] {
            assert_eq!((inert(cell).as_ref(), without_guard(cell)), (cell, cell));
        }
    }
}
