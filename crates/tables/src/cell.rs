//! Cells: one typed value of a table.

use std::borrow::Cow;

/// A value of a table as the file has it.
///
/// Files without types (CSV) hold [`Cell::Text`] and [`Cell::Missing`] alone. The
/// methods convert: text that is a number counts as that number, and a number
/// has the text that Rust writes for it.
///
/// ```
/// use nneval_tables::Cell;
/// assert_eq!(Cell::from("1.5").number(), Some(1.5));
/// assert_eq!(Cell::from(2.0).integer(), Some(2));
/// assert_eq!(Cell::from(2.0).text(), "2");
/// assert_eq!(Cell::from(""), Cell::Missing);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing known.
    #[default]
    Missing,
    /// A whole number; wide enough for 64 bits with and without a sign.
    Integer(i128),
    /// A real number. NaN and infinities are values, not missing ones.
    Number(f64),
    /// Text, not empty.
    Text(String),
}

impl Cell {
    /// True for nothing and for text of spaces alone.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Integer(_) | Self::Number(_) => false,
        }
    }

    /// The value as a real number, which need not be finite.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Missing => None,
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }

    /// The value as a whole number of 64 bits.
    pub fn integer(&self) -> Option<i64> {
        i64::try_from(self.whole()?).ok()
    }

    /// The value as a whole number from 0.
    pub fn index(&self) -> Option<u64> {
        u64::try_from(self.whole()?).ok()
    }

    fn whole(&self) -> Option<i128> {
        match self {
            Self::Missing => None,
            Self::Integer(value) => Some(*value),
            Self::Number(value) => {
                (value.trunc() == *value && value.abs() < 1e30).then_some(*value as i128)
            }
            Self::Text(text) => text.trim().parse().ok(),
        }
    }

    /// The value as text; empty where there is none.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => Cow::Borrowed(""),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::Number(value) => Cow::Owned(value.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// Makes the cell hold `text`, in the memory that it has.
    pub(crate) fn set_text(&mut self, text: &str) {
        match self {
            _ if text.is_empty() => *self = Self::Missing,
            Self::Text(old) => {
                old.clear();
                old.push_str(text);
            }
            _ => *self = Self::Text(text.to_owned()),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Missing } else { Self::Text(text) }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Self> for Cell {
    fn from(cell: &Self) -> Self {
        cell.clone()
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Self::Integer(value as i128)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Cell {
            fn from(value: $integer) -> Self {
                Self::Integer(i128::from(value))
            }
        })*
    };
}
from_integers!(bool, u8, i32, u32, i64, u64);

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_convert_to_the_kind_that_is_asked_for() {
        let cells = [
            (Cell::from(7u64), Some(7.0), Some(7), "7"),
            (Cell::from(true), Some(1.0), Some(1), "1"),
            (Cell::from(u64::MAX), Some(u64::MAX as f64), None, "18446744073709551615"),
            (Cell::from(0.5), Some(0.5), None, "0.5"),
            (Cell::from(-0.0), Some(0.0), Some(0), "-0"),
            (Cell::from(1e20), Some(1e20), None, "100000000000000000000"),
            (Cell::from(f64::INFINITY), Some(f64::INFINITY), None, "inf"),
            (Cell::from(" 3 "), Some(3.0), Some(3), " 3 "),
            (Cell::from("2.0"), Some(2.0), None, "2.0"),
            (Cell::from("x"), None, None, "x"),
            (Cell::from(None::<f64>), None, None, ""),
        ];
        for (cell, number, integer, text) in cells {
            assert_eq!((cell.number(), cell.integer()), (number, integer), "{cell:?}");
            assert_eq!(cell.text(), text);
        }
        assert_eq!(Cell::from(u64::MAX).index(), Some(u64::MAX));
        assert_eq!(Cell::from(-1.0).index(), None);
        assert!(Cell::from("  ").is_blank() && Cell::Missing.is_blank());
        assert!(!Cell::from(0.0).is_blank());
    }

    #[test]
    fn memory_of_a_text_is_used_again() {
        let mut cell = Cell::from(1.0);
        for text in ["longer than before", "a", "", "b"] {
            cell.set_text(text);
            assert_eq!(cell, Cell::from(text));
        }
    }

    proptest! {
        /// Why typed cells are equal to the bit to cells that went through text.
        #[test]
        fn numbers_go_through_text_unchanged(bits: u64, whole: u64, signed: i64) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            let text = Cell::from(value).text().into_owned();
            prop_assert_eq!(Cell::from(text).number().map(f64::to_bits), Some(bits));
            for cell in [Cell::from(whole), Cell::from(signed)] {
                let text = cell.text().parse::<f64>().unwrap();
                prop_assert_eq!(cell.number().map(f64::to_bits), Some(text.to_bits()));
            }
        }
    }
}
