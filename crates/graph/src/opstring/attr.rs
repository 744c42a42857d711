//! Attributes of operations.

use super::literal::Literal;

/// An attribute that changes the computation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Attr {
    /// Sizes along the spatial dimensions. One number stands for all where
    /// they are equal; of pads the first half stands for both where these are
    /// equal.
    Window(Window, Vec<i64>),
    /// Number of groups.
    Group(i64),
    /// Axis.
    Axis(i64),
    /// Position among the inputs of a body.
    Formal(u64),
    /// Position among the values that a body captures.
    Captured(u64),
    /// Any other attribute.
    Named(Box<str>, Literal),
    /// Text of a parsed string that is none of the above, kept as it was read.
    Other(Box<str>),
}

impl Attr {
    /// An integer attribute.
    pub(crate) fn int(name: &str, value: i64) -> Self {
        Self::Named(name.into(), Literal::Int(value))
    }
}

/// What a [`Attr::Window`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// `kernel_shape`
    Kernel,
    /// `strides`
    Strides,
    /// `pads`
    Pads,
    /// `dilations`
    Dilations,
}

impl Window {
    /// All of them with the letters that stand for them.
    pub(super) const LETTERS: [(Self, char); 4] =
        [(Self::Kernel, 'k'), (Self::Strides, 's'), (Self::Pads, 'p'), (Self::Dilations, 'd')];
}
