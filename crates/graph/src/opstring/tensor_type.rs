//! Types of values in an operation graph: dimensions, element type, container.

use crate::model::{Container, DataType, Tensor};

/// Type of an output or a weight.
///
/// ```
/// use nneval_graph::opstring::{Dim, TensorType};
/// let t = TensorType::from("ax16x32:f16");
/// assert_eq!(t.dims.as_deref(), Some(&[Dim::Symbol(0), Dim::Size(16), Dim::Size(32)][..]));
/// assert_eq!(t.to_string(), "ax16x32:f16");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// Dimensions; `None` where the rank is unknown.
    pub dims: Option<Vec<Dim>>,
    /// Element type; `None` where unknown.
    pub dtype: Option<DataType>,
    /// Containers around the tensor, from outside in (`seq:map.str`); `None`
    /// for a dense tensor. Dimensions and element type are those of the tensor
    /// inside.
    pub container: Option<Container>,
}

impl TensorType {
    /// A dense tensor of f32 with known sizes.
    pub fn f32(sizes: &[u64]) -> Self {
        Self::sized(sizes, DataType::F32)
    }

    /// The type of a constant tensor.
    pub(crate) fn of_tensor(t: &Tensor) -> Self {
        Self::sized(&t.dims, t.dtype)
    }

    fn sized(sizes: &[u64], dtype: DataType) -> Self {
        let dims = sizes.iter().map(|&n| Dim::Size(n)).collect();
        Self { dims: Some(dims), dtype: Some(dtype), container: None }
    }

    /// Dimensions of a dense f32 tensor; `None` for any other type or an
    /// unknown rank.
    pub fn f32_dims(&self) -> Option<&[Dim]> {
        let plain = self.dtype == Some(DataType::F32) && self.container.is_none();
        self.dims.as_deref().filter(|_| plain)
    }
}

/// One dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dim {
    /// A known size.
    Size(u64),
    /// A symbol, by its number in order of first appearance in the string.
    Symbol(usize),
    /// A formula in symbols.
    Formula(Box<Formula>),
    /// Nothing is known.
    Unknown,
    /// Text of a parsed string that is none of the above, kept as it was read.
    Other(Box<str>),
}

impl Dim {
    /// The size, where it is known.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Size(n) => Some(*n),
            _ => None,
        }
    }
}

/// A formula in symbolic dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Formula {
    /// A number.
    Number(i128),
    /// A symbol, by its number.
    Symbol(usize),
    /// A symbol without a number.
    Unknown,
    /// The negative of a formula.
    Negative(Box<Formula>),
    /// Two or more operands, combined from the left. Operands of commutative
    /// operators are sorted: numbers first, then by spelling.
    Apply(Operator, Vec<Formula>),
}

/// Operator of a [`Formula`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Sum.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient, rounded down.
    Divide,
    /// Quotient, rounded up.
    DivideUp,
    /// Maximum.
    Maximum,
    /// Minimum.
    Minimum,
    /// Size that broadcasting gives.
    Broadcast,
}

impl Operator {
    /// All operators with their signs.
    pub(super) const SIGNS: [(Self, char); 8] = [
        (Self::Add, '+'),
        (Self::Subtract, '-'),
        (Self::Multiply, '*'),
        (Self::Divide, '/'),
        (Self::DivideUp, '\\'),
        (Self::Maximum, '^'),
        (Self::Minimum, '_'),
        (Self::Broadcast, '&'),
    ];
}

/// Letters of symbols; `x` separates dimensions and is not among them.
pub(super) const LETTERS: &[u8; 25] = b"abcdefghijklmnopqrstuvwyz";
