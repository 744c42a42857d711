//! Columns: name, kind, unit, description.

use crate::metric::MetricSpec;

/// Key of the Parquet metadata that describes the columns: a JSON object, for
/// each column its `type`, `unit` and `description`.
pub const COLUMNS_KEY: &str = "nneval.columns";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers.
    Number,
    /// Whole numbers.
    Integer,
    /// Text.
    Text,
}

impl Kind {
    /// Name of the Parquet type.
    #[cfg(feature = "parquet")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "double",
            Self::Integer => "int64",
            Self::Text => "string",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Unit of its values; empty where there is none.
    pub unit: String,
    /// One line for people; may be empty.
    pub description: String,
}

impl Column {
    /// A column; numbers have the unit that their name tells
    /// ([`MetricSpec::from_column`]).
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        let (unit, description) = match kind {
            Kind::Number => {
                let spec = MetricSpec::from_column(&name);
                (spec.unit, spec.description)
            }
            _ => (String::new(), String::new()),
        };
        Self { name, kind, unit, description }
    }

    /// The same column with that unit and description.
    pub fn described(self, unit: &str, description: &str) -> Self {
        Self { unit: unit.to_owned(), description: description.to_owned(), ..self }
    }
}

/// A number with so many significant digits, 12 decimal places at most.
///
/// ```
/// use nneval_tables::significant;
/// assert_eq!(significant(91.25, 6), "91.2500");
/// assert_eq!(significant(1234567.8, 6), "1234568");
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    let zero = value == 0.0 || !value.is_finite();
    let place = if zero { 0 } else { value.abs().log10().floor() as i32 };
    let behind_first = i32::try_from(digits).unwrap_or(i32::MAX).saturating_sub(1);
    let decimals = usize::try_from(behind_first.saturating_sub(place)).unwrap_or(0).min(12);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_know_their_units() {
        let columns =
            [Column::new("edge_lat_ms", Kind::Number), Column::new("path_ms", Kind::Text)];
        assert_eq!((columns[0].unit.as_str(), columns[1].unit.as_str()), ("ms", ""));
    }

    #[test]
    fn significant_digits() {
        for (value, text) in [
            (0.0, "0.00000"),
            (0.5, "0.500000"),
            (-12.3456789, "-12.3457"),
            (123_456.7, "123457"),
            (1e9, "1000000000"),
            (1e-20, "0.000000000000"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(significant(value, 6), text);
        }
    }
}
