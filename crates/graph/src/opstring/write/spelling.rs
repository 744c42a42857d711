//! Spelling of types, literals and attributes.

use crate::model::DataType;
use crate::opstring::attr::{Attr, Window};
use crate::opstring::literal::{Constant, Float, Literal};
use crate::opstring::tensor_type::{Dim, Formula, LETTERS, Operator, TensorType};
use std::fmt::{Display, Formatter, Result, Write};

/// `items` with `separator` between them.
fn joined<T: Display>(f: &mut Formatter, items: &[T], separator: char) -> Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_char(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// `ax16x32x32`, `.` for a scalar, `*` where the rank is unknown; `:type` where
/// the type is not f32, then containers.
impl Display for TensorType {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match self.dims.as_deref() {
            None => f.write_char('*')?,
            Some([]) => f.write_char('.')?,
            Some(dims) => joined(f, dims, 'x')?,
        }
        self.fmt_suffix(f)
    }
}

impl TensorType {
    fn fmt_suffix(&self, f: &mut Formatter) -> Result {
        match self.dtype {
            Some(DataType::F32) => {}
            Some(dtype) => write!(f, ":{dtype}")?,
            None => f.write_str(":?")?,
        }
        match &self.container {
            Some(container) => write!(f, ":{container}"),
            None => Ok(()),
        }
    }

    /// What follows the dimensions.
    pub(in crate::opstring) fn suffix(&self) -> String {
        struct Suffix<'t>(&'t TensorType);
        impl Display for Suffix<'_> {
            fn fmt(&self, f: &mut Formatter) -> Result {
                self.0.fmt_suffix(f)
            }
        }
        Suffix(self).to_string()
    }
}

/// A size, a letter, a formula in parentheses, or `?`.
impl Display for Dim {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match self {
            Self::Size(n) => n.fmt(f),
            Self::Symbol(i) => symbol(f, *i),
            Self::Formula(formula) => write!(f, "({formula})"),
            Self::Unknown => f.write_char('?'),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// `a`, …, `z`, `a1`, …
fn symbol(f: &mut Formatter, number: usize) -> Result {
    f.write_char(LETTERS[number % LETTERS.len()].into())?;
    match number / LETTERS.len() {
        0 => Ok(()),
        round => round.fmt(f),
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Symbol(i) => symbol(f, *i),
            Self::Unknown => f.write_char('?'),
            Self::Negative(inner) => write!(f, "-({inner})"),
            Self::Apply(operator, operands) => {
                let sign = Operator::SIGNS.iter().find(|s| s.0 == *operator).map_or('?', |s| s.1);
                for (i, operand) in operands.iter().enumerate() {
                    if i > 0 {
                        f.write_char(sign)?;
                    }
                    f.write_str(&operand.part())?;
                }
                Ok(())
            }
        }
    }
}

impl Formula {
    /// The spelling as an operand of another formula.
    pub(crate) fn part(&self) -> String {
        match self {
            Self::Negative(_) | Self::Apply(..) => format!("({self})"),
            _ => self.to_string(),
        }
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter) -> Result {
        write!(f, "c{}", self.value)?;
        self.dtype.map_or(Ok(()), |dtype| write!(f, ":{dtype}"))
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match self {
            Self::Int(i) => i.fmt(f),
            Self::Float(x) => x.fmt(f),
            Self::Text(bytes) => quoted(f, bytes),
            Self::List(items) => {
                f.write_char('[')?;
                joined(f, items, ',')?;
                f.write_char(']')
            }
            Self::Elided { len, digest: None } => write!(f, "[#{len}]"),
            Self::Elided { len, digest: Some(h) } => write!(f, "[#{len}:{h:016x}]"),
            Self::Weight(t) => write!(f, "w{t}"),
            Self::Constant(c) => c.fmt(f),
            Self::Type { dtype, container } => {
                match dtype {
                    Some(dtype) => dtype.fmt(f)?,
                    None => f.write_char('?')?,
                }
                container.as_ref().map_or(Ok(()), |c| write!(f, ":{c}"))
            }
            Self::Reference(name) => write!(f, "&{name}"),
            Self::Unknown => f.write_char('?'),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// The shortest decimal form that reads back, with a point or an exponent, or
/// `inf` or `NaN`.
impl Display for Float {
    fn fmt(&self, f: &mut Formatter) -> Result {
        write!(f, "{:?}", self.value())
    }
}

/// Text in single quotes. All bytes but letters, digits and `_-.,` are `%` and
/// two hexadecimal digits.
fn quoted(f: &mut Formatter, bytes: &[u8]) -> Result {
    f.write_char('\'')?;
    for &b in bytes {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b',' => {
                f.write_char(b.into())?;
            }
            _ => write!(f, "%{b:02x}")?,
        }
    }
    f.write_char('\'')
}

impl Display for Attr {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match self {
            Self::Window(window, sizes) => {
                let letter = Window::LETTERS.iter().find(|l| l.0 == *window).map_or('?', |l| l.1);
                f.write_char(letter)?;
                joined(f, sizes, 'x')
            }
            Self::Group(n) => write!(f, "g{n}"),
            Self::Axis(n) => write!(f, "a{n}"),
            Self::Formal(n) => write!(f, "i{n}"),
            Self::Captured(n) => write!(f, "o{n}"),
            Self::Named(name, value) => write!(f, "{name}={value}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_symbol_is_spelled_like_the_separator() {
        let dims = (0..60).map(Dim::Symbol).collect();
        let t = TensorType { dims: Some(dims), dtype: Some(DataType::F32), container: None };
        let s = t.to_string();
        assert_eq!(s.split('x').count(), 60);
        assert!(s.contains("xwxyxz") && s.contains("xa1xb1x"), "{s}");
    }

    #[test]
    fn text_holds_no_marks() {
        let text = Literal::Text((*b"a]' |+\xff").into());
        assert_eq!(text.to_string(), "'a%5d%27%20%7c%2b%ff'");
    }
}
