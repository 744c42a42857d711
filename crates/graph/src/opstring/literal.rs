//! Literals of an operation graph: constants and values of attributes.

use super::tensor_type::TensorType;
use crate::model::{Container, DataType};
use std::hash::{Hash, Hasher};

/// A constant operand by value.
///
/// ```
/// use nneval_graph::opstring::{Constant, Literal};
/// assert_eq!(Constant::f32(0.5).to_string(), "c0.5");
/// let list = Literal::List(vec![Literal::Int(1), Literal::Int(-2)]);
/// assert_eq!(Constant { value: list, dtype: None }.to_string(), "c[1,-2]");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Constant {
    /// The value; a list for each dimension.
    pub value: Literal,
    /// Element type where it is not the usual one of the value: i64 for
    /// integers and empty lists, f32 for floats, string for texts.
    pub dtype: Option<DataType>,
}

impl Constant {
    /// A single f32.
    pub fn f32(x: f32) -> Self {
        Self { value: Literal::Float(Float::new(x.into())), dtype: None }
    }

    /// Whether it is a single f32 zero.
    pub fn is_zero(&self) -> bool {
        self.dtype.is_none() && self.value == Literal::Float(Float::ZERO)
    }
}

/// A value of an attribute, or of a constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// An integer.
    Int(i64),
    /// A float.
    Float(Float),
    /// Text, as bytes.
    Text(Box<[u8]>),
    /// A list.
    List(Vec<Literal>),
    /// A list that is too long to be spelled.
    Elided {
        /// Number of elements.
        len: u64,
        /// 64 bits of FNV-1a over the elements, where they are told apart.
        digest: Option<u64>,
    },
    /// A tensor that counts as a weight.
    Weight(Box<TensorType>),
    /// A small tensor.
    Constant(Box<Constant>),
    /// A type.
    Type {
        /// Element type, where known.
        dtype: Option<DataType>,
        /// Containers around the tensor.
        container: Option<Container>,
    },
    /// An attribute parameter of the enclosing function, by its name.
    Reference(Box<str>),
    /// The value of an attribute parameter that has none.
    Unknown,
    /// Text of a parsed string that is none of the above, kept as it was read.
    Other(Box<str>),
}

impl Literal {
    /// Most lists within lists; deeper ones are [`Literal::Other`].
    pub(super) const MAX_DEPTH: usize = 256;
}

/// A float by its shortest decimal form.
///
/// A number that f32 holds is the decimal number that names it among the f32:
/// `Float::new(0.1f32.into())` is 0.1. Compared by bits; there is one NaN.
#[derive(Debug, Clone, Copy)]
pub struct Float(f64);

impl Float {
    /// Zero.
    pub const ZERO: Self = Self(0.0);

    /// The float whose shortest decimal form is that of `x`.
    pub fn new(x: f64) -> Self {
        if x.is_nan() {
            return Self(f64::NAN);
        }
        let single = x as f32;
        match f64::from(single) == x {
            true => Self(format!("{single:?}").parse().unwrap_or(x)),
            false => Self(x),
        }
    }

    /// The decimal number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// The float with exactly this decimal value.
    pub(super) fn of_decimal(x: f64) -> Self {
        Self(if x.is_nan() { f64::NAN } else { x })
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float {}

impl Hash for Float {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_spelled_as_the_shortest_that_reads_back() {
        let spelled = |x: f64| {
            let single = x as f32;
            if f64::from(single) == x { format!("{single:?}") } else { format!("{x:?}") }
        };
        let mut bits = 1u32;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let single = f64::from(f32::from_bits(bits));
            let double = f64::from_bits(u64::from(bits) << 32 | u64::from(bits.rotate_left(7)));
            for x in [single, double] {
                assert_eq!(format!("{:?}", Float::new(x).value()), spelled(x), "{x:e}");
            }
        }
        for x in [0.0, -0.0, 1e16, 1e-5, 1e-4, 0.1, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(format!("{:?}", Float::new(x).value()), spelled(x));
        }
    }
}
