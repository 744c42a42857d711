//! Attribute defaults, which the string leaves out, and differences between
//! operator versions that operands and attributes do not show. Both stand in
//! the rows of `ops`; here they are asked for by operator type.

use crate::ops;

/// Operators over one axis, before opset 13 over all axes from one on.
pub const SOFTMAX: &[&str] = &["Softmax", "LogSoftmax", "Hardmax"];

/// True where `text` is what the `ai.onnx` operator takes when the attribute
/// is left out.
pub fn is_default(op: &str, attribute: &str, text: &str) -> bool {
    ops::find("", op).is_default(attribute, text)
}

/// True for an `ai.onnx` operator whose windows default to stride 1,
/// dilation 1 and no padding.
pub fn has_windows(op: &str) -> bool {
    ops::find("", op).has_windows()
}

/// Spellings that an operator of an earlier opset gets in addition: what it did
/// where the attribute is absent, if that differs from today's default.
pub fn former(op: &str, opset: i64, has: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    let former = ops::find("", op).former.iter();
    former.filter(move |f| opset < f.0 && !has(f.1)).map(|f| f.2.into())
}

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

/// What operand `position` of an operator is.
pub fn part(domain: &str, op: &str, position: usize) -> Part {
    let operator = ops::find(domain, op);
    match () {
        () if operator.is_structural(position) => Part::Structural,
        () if operator.is_arithmetic() => Part::Arithmetic,
        () => Part::Data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_operators_are_those_of_the_class() {
        let softmax = ops::all().filter(|o| o.domain.is_empty() && o.class == ops::Class::Softmax);
        let mut names: Vec<&str> = softmax.map(|o| o.name).collect();
        names.sort_by_key(|n| SOFTMAX.iter().position(|s| s == n));
        assert_eq!(names, SOFTMAX);
    }
}
