//! Weights that are stored packed, several in one element.

use crate::model::{DataType, Node};

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

/// What input `i` of `n`, stored as `dtype`, holds; `None` where it holds a weight an
/// element. Bytes hold several weights of fewer bits; `K` and `N` count no padding.
pub fn elements(n: &Node, i: usize, dtype: DataType) -> Option<Held> {
    if n.domain != "com.microsoft" || !matches!(dtype, DataType::U8 | DataType::I8) {
        return None;
    }
    let size = |name: &str| n.int(name).and_then(|v| u64::try_from(v).ok());
    let each = |name: &str, usual: u64| match size(name).unwrap_or(usual) {
        bits @ 1..=7 => Some(Held::Each(8u64.checked_div(bits)?)),
        _ => None,
    };
    match (n.op_type.as_str(), i) {
        ("MatMulNBits" | "MatMulNBitsQLoRA" | "MatMulBnb4", 1) => {
            Some(Held::All(size("K")?.saturating_mul(size("N")?)))
        }
        ("MatMulNBitsMlp", 3 | 6) | ("MatMulNBitsQkv", 3 | 6 | 9) => each("bits", 4),
        ("GatherBlockQuantized", 0) => each("bits", 4),
        ("QMoE", 2 | 5 | 8) => each("expert_weight_bits", 4),
        ("MatMulBlockQuantizedFp4Weight" | "MatMulFpQ4", 1) => Some(Held::Each(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attribute;

    #[test]
    fn bytes_hold_several_weights() {
        let held = |op: &str, attributes: &[(&str, i64)], i: usize, dtype: DataType| {
            let mut n = Node {
                name: String::new(),
                op_type: op.to_owned(),
                domain: "com.microsoft".to_owned(),
                opset: 1,
                inputs: Vec::new(),
                outputs: Vec::new(),
                attributes: Vec::new(),
            };
            let given = attributes.iter().map(|(k, v)| ((*k).to_owned(), Attribute::Int(*v)));
            n.attributes = given.collect();
            elements(&n, i, dtype)
        };
        let matrix = [("K", 50), ("N", 32)];
        assert_eq!(held("MatMulNBits", &matrix, 1, DataType::U8), Some(Held::All(1600)));
        assert_eq!(held("MatMulNBits", &matrix, 2, DataType::U8), None);
        assert_eq!(held("MatMulNBits", &[], 1, DataType::U8), None);
        let table = |bits| held("GatherBlockQuantized", &[("bits", bits)], 0, DataType::U8);
        assert_eq!(
            [table(2), table(4), table(8)],
            [Some(Held::Each(4)), Some(Held::Each(2)), None]
        );
        assert_eq!(held("GatherBlockQuantized", &[], 0, DataType::U8), Some(Held::Each(2)));
        assert_eq!(held("GatherBlockQuantized", &[], 0, DataType::U4), None);
        assert_eq!(Held::Each(2).of(8), 16);
        assert_eq!(Held::All(9).of(8), 9);
    }
}
