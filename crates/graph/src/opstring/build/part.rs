//! Parts that constant operands play, which decide how much of them is spelled.

use crate::ops::Operator;

/// What operand a constant is, which decides how much of it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It says what the operation does.
    Structural,
    /// A number in elementwise arithmetic, where a single one is no weight.
    Arithmetic,
    /// Anything else.
    Data,
}

impl Part {
    /// What operand `position` of an operator is.
    pub fn of(operator: &Operator, position: usize) -> Self {
        match () {
            () if operator.is_structural(position) => Self::Structural,
            () if operator.is_arithmetic() => Self::Arithmetic,
            () => Self::Data,
        }
    }
}
