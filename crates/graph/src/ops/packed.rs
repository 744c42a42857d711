//! Weights that are stored packed, several in one element.

use crate::model::Node;

/// How many weights a packed input holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Held {
    /// So many, however they are stored.
    All(u64),
    /// So many in each stored element.
    Each(u64),
}

impl Held {
    /// Those of an input of so many stored elements.
    pub fn of(self, stored: u128) -> u128 {
        match self {
            Self::All(n) => n.into(),
            Self::Each(n) => stored.saturating_mul(n.into()),
        }
    }
}

/// What input `i` of `n` holds; `None` where it holds a weight an element.
pub fn elements(n: &Node, i: usize) -> Option<Held> {
    let size = |name: &str| u64::try_from(n.int(name)?).ok();
    let matrix = || Some(Held::All(size("K")?.saturating_mul(size("N")?)));
    match (n.op_type.as_str(), i) {
        _ if n.domain != "com.microsoft" => None,
        ("MatMulNBits" | "MatMulBnb4", 1) => matrix(),
        _ => None,
    }
}
