//! Reading of types: dimensions, formulas, element types.
//!
//! Any text is a type: what the grammar does not know is kept as it stands, so
//! that it is spelled as it was read.

use crate::model::DataType;
use crate::opstring::tensor_type::{Dim, Formula, LETTERS, Operator, TensorType};

/// Formulas within formulas; deeper ones are kept as text. Those of a model
/// have fewer operators than this.
const MAX_DEPTH: usize = 128;

impl From<&str> for TensorType {
    fn from(text: &str) -> Self {
        let (dims, suffix) = match text.split_once(':') {
            Some((dims, suffix)) => (dims, Some(suffix)),
            None => (text, None),
        };
        let (dtype, container) = suffix.map_or((Some(DataType::F32), None), element_type);
        let dims = match dims {
            "*" => None,
            "." => Some(Vec::new()),
            dims => Some(split(dims).map(dim).collect()),
        };
        Self { dims, dtype, container: container.map(Into::into) }
    }
}

/// Element type and containers from what stands behind a shape.
fn element_type(suffix: &str) -> (Option<DataType>, Option<&str>) {
    let (first, rest) = match suffix.split_once(':') {
        Some((first, rest)) => (first, Some(rest)),
        None => (suffix, None),
    };
    match (first, data_type(first)) {
        ("?", _) => (None, rest),
        (_, Some(dtype)) if dtype != DataType::F32 => (Some(dtype), rest),
        _ => (Some(DataType::F32), Some(suffix)),
    }
}

/// The element type that is spelled `name`.
pub(super) fn data_type(name: &str) -> Option<DataType> {
    DataType::from_name(name).filter(|dtype| dtype.to_string() == name)
}

/// Splits at `x` outside parentheses.
fn split(dims: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    dims.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == 'x' && depth == 0
    })
}

fn dim(text: &str) -> Dim {
    let dim = match text.as_bytes() {
        b"?" => Some(Dim::Unknown),
        [b'0'..=b'9', ..] => text.parse().ok().map(Dim::Size),
        [b'(', .., b')'] => {
            let inner = text.get(1..text.len() - 1).and_then(formula);
            inner.map(|f| Dim::Formula(Box::new(f)))
        }
        _ => match formula(text) {
            Some(Formula::Symbol(i)) => Some(Dim::Symbol(i)),
            _ => None,
        },
    };
    dim.filter(|d| d.to_string() == text).unwrap_or_else(|| Dim::Other(text.into()))
}

fn formula(text: &str) -> Option<Formula> {
    let mut reader = Reader { rest: text.as_bytes() };
    reader.formula(0).filter(|_| reader.rest.is_empty())
}

/// The rest of a formula's text.
struct Reader<'s> {
    rest: &'s [u8],
}

impl Reader<'_> {
    fn eat(&mut self, mark: u8) -> bool {
        match self.rest.split_first() {
            Some((&first, rest)) if first == mark => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Operands with one sign between them, or the negative of a formula.
    fn formula(&mut self, depth: usize) -> Option<Formula> {
        if let [b'-', b'(', ..] = self.rest {
            self.eat(b'-');
            return self.part(depth).map(|inner| Formula::Negative(Box::new(inner)));
        }
        let first = self.part(depth)?;
        let Some((operator, sign)) = self.sign() else { return Some(first) };
        let mut operands = vec![first];
        while self.eat(sign) {
            operands.push(self.part(depth)?);
        }
        Some(Formula::Apply(operator, operands))
    }

    /// The operator that stands here.
    fn sign(&self) -> Option<(Operator, u8)> {
        let next = *self.rest.first()?;
        let found = Operator::SIGNS.iter().find(|s| s.1 == char::from(next));
        found.map(|s| (s.0, next))
    }

    /// A number, a symbol, `?`, or a formula in parentheses.
    fn part(&mut self, depth: usize) -> Option<Formula> {
        if self.eat(b'(') {
            let inner = (depth < MAX_DEPTH).then(|| self.formula(depth + 1)).flatten()?;
            return self.eat(b')').then_some(inner);
        }
        if self.eat(b'?') {
            return Some(Formula::Unknown);
        }
        let negative = self.eat(b'-');
        let letter = match self.rest.first()? {
            b'a'..=b'z' if !negative => {
                LETTERS.iter().position(|l| Some(l) == self.rest.first())?
            }
            _ => return self.number(negative).map(Formula::Number),
        };
        self.rest = self.rest.get(1..)?;
        let round = match self.rest.first() {
            Some(b'0'..=b'9') => usize::try_from(self.number(false)?).ok()?,
            _ => 0,
        };
        round.checked_mul(LETTERS.len())?.checked_add(letter).map(Formula::Symbol)
    }

    fn number(&mut self, negative: bool) -> Option<i128> {
        let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        let n: i128 = str::from_utf8(digits).ok()?.parse().ok()?;
        Some(if negative { -n } else { n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_they_were_read() {
        let typed = [
            "*",
            ".",
            "a",
            "ax16x32x32",
            "4:i64",
            "*:?",
            "*:i64:seq:map.str",
            "*:seq",
            "?x3",
            "ax(1+a)",
            "2x(1+((-1+a)/2))",
            "(a*b1)x(2^a)",
            "(-(a+b))x(a&b)",
            "(a-1)",
            "(1\\a)",
            "8:type99",
            "(?+a)",
            "y40",
        ];
        for text in typed {
            let t = TensorType::from(text);
            assert_eq!(t.to_string(), text);
            let other = |d: &Dim| matches!(d, Dim::Other(_));
            assert!(!t.dims.iter().flatten().any(other), "{text}: {t:?}");
        }
        let other = [
            "",
            ":i64",
            "007x3",
            "xx",
            "*x3",
            ".x.",
            "a0",
            "x1",
            "aa",
            "(a",
            "a)",
            "((a))",
            "(a+b*2)",
            "(0-01)",
            "99999999999999999999999",
            "4:f32",
            "4:f32:seq",
            "4:",
            "4:type07",
            "4::",
            "(a--)",
            "(--5)",
            "3.5",
            "a:b:c",
            "(a:b)x2",
            "-3",
        ];
        for text in other {
            assert_eq!(TensorType::from(text).to_string(), text);
        }
        let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(TensorType::from(deep.as_str()).to_string(), deep);
    }

    #[test]
    fn sizes_symbols_and_formulas_are_told_apart() {
        let t = TensorType::from("ax16x?x(2*b):bool");
        let product =
            Formula::Apply(Operator::Multiply, vec![Formula::Number(2), Formula::Symbol(1)]);
        let dims =
            vec![Dim::Symbol(0), Dim::Size(16), Dim::Unknown, Dim::Formula(Box::new(product))];
        assert_eq!(t.dims, Some(dims));
        assert_eq!((t.dtype, t.container.as_deref()), (Some(DataType::Bool), None));
    }
}
