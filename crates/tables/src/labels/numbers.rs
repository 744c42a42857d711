//! Columns of numbers, as far as they are numbers.

use crate::cell::Cell;

/// The first cell of a column that is no finite number.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) reason: String,
}

/// A column, with a value a row where all cells are numbers or empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub(super) values: Vec<Option<f64>>,
    pub(super) fault: Option<Fault>,
    numbers: usize,
    texts: usize,
}

impl Numbers {
    /// Adds the cell of the next row.
    pub(super) fn push(&mut self, line: u64, name: &str, cell: &Cell) {
        if is_missing(cell) {
            return self.values.push(None);
        }
        let wrong = match cell.number() {
            Some(value) => {
                self.numbers += 1;
                if value.is_finite() {
                    return self.values.push(Some(value));
                }
                "not a finite number"
            }
            None => {
                self.texts += 1;
                "not a number"
            }
        };
        if self.fault.is_none() {
            let reason = format!("column {name:?}: {} is {wrong}", shown(cell.text().trim()));
            self.fault = Some(Fault { line, reason });
            self.values = Vec::new();
        }
    }

    /// More text than numbers.
    pub(super) fn is_text(&self) -> bool {
        self.texts > self.numbers
    }
}

/// How missing values are written by R, pandas, NumPy, Julia, SQL and spreadsheets,
/// in lower case.
const MISSING: [&str; 12] =
    ["nan", "na", "n/a", "null", "none", "<na>", "#n/a", "#na", "-nan", "missing", "nil", "\\n"];

/// Whether a cell of a column of numbers or classes holds nothing: it is empty,
/// NaN, or says so in the words of a program that writes tables.
pub(super) fn is_missing(cell: &Cell) -> bool {
    match cell {
        Cell::Number(value) => value.is_nan(),
        Cell::Text(text) => {
            let text = text.trim();
            text.is_empty() || MISSING.iter().any(|m| m.eq_ignore_ascii_case(text))
        }
        other => other.is_blank(),
    }
}

/// A cell as an error shows it: quoted, escaped, 60 characters at most.
pub(super) fn shown(cell: &str) -> String {
    const MOST: usize = 60;
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}...", cell.get(..end).unwrap_or_default()),
        None => format!("{cell:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cell_that_is_no_number_is_the_fault() {
        let mut column = Numbers::default();
        let cells = [1.5.into(), Cell::Missing, " 2 ".into(), 3u64.into()];
        cells.iter().for_each(|cell| column.push(1, "v", cell));
        assert_eq!(column.values, [Some(1.5), None, Some(2.0), Some(3.0)]);
        column.push(5, "v", &f64::INFINITY.into());
        column.push(6, "v", &"x".into());
        let fault = column.fault.as_ref().unwrap();
        assert_eq!((fault.line, column.is_text()), (5, false));
        assert_eq!(fault.reason, "column \"v\": \"inf\" is not a finite number");
    }

    #[test]
    fn missing_values_of_all_programs() {
        let words =
            ["", " ", "NaN", "nan", "NA", "N/A", "null", "NULL", "None", "<NA>", "#N/A", "missing"];
        let mut column = Numbers::default();
        words.iter().for_each(|word| column.push(1, "v", &Cell::from(*word)));
        column.push(2, "v", &f64::NAN.into());
        assert!(column.fault.is_none() && !column.is_text());
        assert_eq!(column.values, vec![None; words.len() + 1]);
        for word in ["nothing", "inf", "0x", "NaN?"] {
            assert!(!is_missing(&word.into()), "{word}");
        }
    }
}
