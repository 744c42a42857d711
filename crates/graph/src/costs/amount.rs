//! A cost as shown: a number or a formula.

use crate::shape::{SymExpr, Symbols};
use serde::{Serialize, Serializer};
use std::fmt;

/// A count, in operations or bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    /// A number.
    Known(u64),
    /// A formula in the symbols of the file.
    Formula(String),
}

impl Amount {
    pub(super) fn new(e: &SymExpr, symbols: &Symbols) -> Self {
        match e.value().and_then(|v| u64::try_from(v).ok()) {
            Some(n) => Self::Known(n),
            None => Self::Formula(maximum(e, symbols)),
        }
    }

    /// The number, where it is one.
    pub fn known(&self) -> Option<u64> {
        match self {
            Self::Known(n) => Some(*n),
            Self::Formula(_) => None,
        }
    }
}

/// The formula; one `max` of all operands, where it is a maximum of maxima.
fn maximum(e: &SymExpr, symbols: &Symbols) -> String {
    let (mut open, mut operands) = (vec![e], Vec::new());
    while let Some(e) = open.pop() {
        match e {
            SymExpr::Max(pair) => open.extend([pair.right(), pair.left()]),
            e => operands.push(symbols.text(e)),
        }
    }
    match operands.as_slice() {
        [one] => one.clone(),
        all => format!("max({})", all.join(", ")),
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(n) => write!(f, "{n}"),
            Self::Formula(s) => f.write_str(s),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(n) => s.serialize_u64(*n),
            Self::Formula(t) => s.serialize_str(t),
        }
    }
}
