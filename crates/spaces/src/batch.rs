//! Batch dimension of a model: a number or a symbol.

use crate::error::ParseOptionError;
use std::fmt;
use std::str::FromStr;

/// The first dimension of the input and the output.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Batch {
    /// A number, at least 1.
    Fixed(u32),
    /// A symbolic dimension.
    Named(String),
}

impl Default for Batch {
    fn default() -> Self {
        Self::Named("batch".to_owned())
    }
}

impl FromStr for Batch {
    type Err = ParseOptionError;

    fn from_str(s: &str) -> Result<Self, ParseOptionError> {
        let mut chars = s.chars();
        let head = chars.next().unwrap_or('-');
        if head.is_ascii_digit() {
            if let Some(n) = s.parse().ok().filter(|n| *n > 0) {
                return Ok(Self::Fixed(n));
            }
        } else if (head.is_ascii_alphabetic() || head == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return Ok(Self::Named(s.to_owned()));
        }
        Err(ParseOptionError::new("batch", s, "a number from 1 or an identifier"))
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(n) => n.fmt(f),
            Self::Named(s) => f.write_str(s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_is_a_number_or_an_identifier() {
        assert_eq!("8".parse(), Ok(Batch::Fixed(8)));
        assert_eq!("N_1".parse(), Ok(Batch::Named("N_1".into())));
        for bad in ["", "0", "-1", "4294967296", "8x", "a b", "ü"] {
            assert!(bad.parse::<Batch>().is_err(), "{bad:?}");
        }
    }
}
