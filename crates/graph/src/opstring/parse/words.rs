//! Reading of words: attributes, operands and the literals in them.
//!
//! What the grammar does not know is kept as it stands, so that it is spelled
//! as it was read.

use super::types::data_type;
use crate::opstring::attr::{Attr, Window};
use crate::opstring::graph::Operand;
use crate::opstring::literal::{Constant, Float, Literal};
use std::fmt::Display;
use std::str::FromStr;

/// `x` where it is spelled as `text`.
fn canonical<T: Display>(x: T, text: &str) -> Option<T> {
    (x.to_string() == text).then_some(x)
}

/// True for a word that is an attribute rather than an operand: `name=value`,
/// a letter with a number, or the position of an input.
pub(super) fn is_attribute(word: &str) -> bool {
    let mut bytes = word.bytes();
    let (first, second) = (bytes.next(), bytes.next());
    let short = matches!(first, Some(b'k' | b's' | b'p' | b'd' | b'g' | b'a' | b'i' | b'o'))
        && second.is_some_and(|b| b.is_ascii_digit() || b == b'-');
    short || named(word).is_some()
}

/// Name and value where a `=` stands before all quotes and brackets.
fn named(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    (!name.contains(['\'', '['])).then_some((name, value))
}

impl From<&str> for Attr {
    fn from(word: &str) -> Self {
        if let Some((name, text)) = named(word) {
            return Self::Named(name.into(), value(text));
        }
        short(word).and_then(|a| canonical(a, word)).unwrap_or_else(|| Self::Other(word.into()))
    }
}

/// An attribute of one letter.
fn short(word: &str) -> Option<Attr> {
    let letter = word.chars().next()?;
    let rest = word.get(letter.len_utf8()..)?;
    if let Some((window, _)) = Window::LETTERS.iter().find(|l| l.1 == letter) {
        let sizes = rest.split('x').map(|n| n.parse().ok()).collect::<Option<_>>()?;
        return Some(Attr::Window(*window, sizes));
    }
    match letter {
        'g' => rest.parse().ok().map(Attr::Group),
        'a' => rest.parse().ok().map(Attr::Axis),
        'i' => rest.parse().ok().map(Attr::Formal),
        'o' => rest.parse().ok().map(Attr::Captured),
        _ => None,
    }
}

/// The value of an attribute.
fn value(text: &str) -> Literal {
    let known = match text.split_at_checked(1) {
        Some(("w", t)) => Some(Literal::Weight(Box::new(t.into()))),
        Some(("c", c)) => Some(Literal::Constant(Box::new(constant(c)))),
        Some(("&", name)) => Some(Literal::Reference(name.into())),
        _ => {
            let mut reader = Reader { rest: text };
            let literal = reader.literal(0);
            literal.filter(|_| reader.rest.is_empty()).and_then(|l| canonical(l, text))
        }
    };
    known.unwrap_or_else(|| Literal::Other(text.into()))
}

/// A constant, from what follows the `c`.
fn constant(text: &str) -> Constant {
    let typed = |text: &str| {
        let mut reader = Reader { rest: text };
        let value = reader.literal(0)?;
        let dtype = match reader.rest.strip_prefix(':') {
            Some(name) => Some(data_type(name)?),
            None => None,
        };
        let c = Constant { value, dtype };
        (c.to_string().get(1..) == Some(text)).then_some(c)
    };
    typed(text).unwrap_or_else(|| Constant { value: Literal::Other(text.into()), dtype: None })
}

/// A weight, a constant, or `_` for an omitted operand.
pub(super) fn operand(word: &str) -> Option<Operand> {
    match word.split_at_checked(1)? {
        ("w", t) => Some(Operand::Weight(t.into())),
        ("c", c) => Some(Operand::Constant(constant(c))),
        ("_", "") => Some(Operand::Omitted),
        _ => None,
    }
}

impl FromStr for Operand {
    type Err = String;

    /// Reads a weight (`w16x3`), a constant (`c[1,2]`) or `_`.
    fn from_str(word: &str) -> Result<Self, String> {
        operand(word).ok_or_else(|| format!("{word:?} is no operand"))
    }
}

/// The rest of a literal's text.
struct Reader<'s> {
    rest: &'s str,
}

impl<'s> Reader<'s> {
    fn eat(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes everything before the first of `marks`.
    fn until(&mut self, marks: &[char]) -> &'s str {
        let end = self.rest.find(marks).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        token
    }

    fn literal(&mut self, depth: usize) -> Option<Literal> {
        if self.eat("[#") {
            return self.elided();
        }
        if self.eat("[") {
            return (depth < Literal::MAX_DEPTH).then(|| self.list(depth + 1)).flatten();
        }
        if self.eat("'") {
            return self.text();
        }
        match depth {
            0 => number(self.until(&[':'])),
            _ => item(self.until(&[',', ']'])),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Literal> {
        let mut items = Vec::new();
        if self.eat("]") {
            return Some(Literal::List(items));
        }
        loop {
            items.push(self.literal(depth)?);
            match self.eat(",") {
                true => {}
                false => return self.eat("]").then_some(Literal::List(items)),
            }
        }
    }

    /// `length]` or `length:digest]`.
    fn elided(&mut self) -> Option<Literal> {
        let len = self.until(&[':', ']']).parse().ok()?;
        let digest = match self.eat(":") {
            true => Some(u64::from_str_radix(self.until(&[']']), 16).ok()?),
            false => None,
        };
        self.eat("]").then_some(Literal::Elided { len, digest })
    }

    /// Text up to the closing quote, escapes resolved.
    fn text(&mut self) -> Option<Literal> {
        let mut bytes = Vec::new();
        let mut escaped = self.until(&['\'']).bytes();
        while let Some(b) = escaped.next() {
            bytes.push(match b {
                b'%' => hexadecimal(escaped.next()?)? << 4 | hexadecimal(escaped.next()?)?,
                b => b,
            });
        }
        self.eat("'").then(|| Literal::Text(bytes.into()))
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// A number, or `?`.
fn number(token: &str) -> Option<Literal> {
    if token == "?" {
        return Some(Literal::Unknown);
    }
    if let Ok(i) = token.parse::<i64>() {
        return canonical(Literal::Int(i), token);
    }
    let x = token.parse().ok()?;
    canonical(Literal::Float(Float::of_decimal(x)), token)
}

/// An item of a list: a number, a weight or a type.
fn item(token: &str) -> Option<Literal> {
    if let Some(t) = token.strip_prefix('w') {
        return Some(Literal::Weight(Box::new(t.into())));
    }
    let (name, container) = match token.split_once(':') {
        Some((name, container)) => (name, Some(container)),
        None => (token, None),
    };
    let container = container.map(Into::into);
    match data_type(name) {
        _ if name == "?" => Some(Literal::Type { dtype: None, container }),
        Some(dtype) => Some(Literal::Type { dtype: Some(dtype), container }),
        None => number(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of `words` that are kept as text.
    fn untyped<T: std::fmt::Debug>(words: &[&str], read: impl Fn(&str) -> T) -> Vec<String> {
        let read = words.iter().map(|word| format!("{:?}", read(word)));
        read.filter(|typed| typed.contains("Other")).collect()
    }

    #[test]
    fn words_are_spelled_as_they_were_read() {
        let attributes = [
            "k3",
            "k3x1",
            "p0x0x1x1",
            "s-1",
            "d2",
            "g4",
            "a-1",
            "i0",
            "o12",
            "alpha=0.3",
            "n=-7",
            "mode='x%20'",
            "pads=[0,1]",
            "l=[]",
            "l=[#17]",
            "l=[#600:00f3a1b2c3d4e5f6]",
            "s=['a','%3d']",
            "f=[1.0,inf,NaN,-0.0,1e-5]",
            "v=c7",
            "v=c[#40:0123456789abcdef]:str",
            "v=w3x4",
            "w=[w3x4:f16,w.]",
            "t=[f32,?,i64:seq,c64]",
            "r=&x%2f",
            "v=c?",
            "kernel_shape=[3,3]",
        ];
        let foreign = [
            "k",
            "k3x",
            "k03",
            "g2x2",
            "g+1",
            "i-1",
            "o01",
            "x=",
            "=",
            "a=01",
            "a=1.",
            "a=[1",
            "a=[1,]",
            "a=[,]",
            "a=1:2",
            "a='%3D'",
            "a='%zz'",
            "a='",
            "a=[01]",
            "a=nan",
            "a=[c1]",
            "a=1e400",
            "a=[#]",
            "a=[#1:xyz]",
            "k3=x",
            "s=[[[",
        ];
        for word in attributes.into_iter().chain(foreign) {
            assert_eq!(Attr::from(word).to_string(), word);
        }
        assert_eq!(untyped(&attributes, |w| Attr::from(w)), [""; 0]);
    }

    #[test]
    fn constants_are_spelled_as_they_were_read() {
        let typed = [
            "c7",
            "c-1",
            "c[7]",
            "c7.0",
            "c[1.0,2.0]",
            "c[]:f32",
            "c[]",
            "c'a%20b'",
            "c['a']",
            "c[['a','b'],['','d']]",
            "c[[0.5]]",
            "c[[[7]]]",
            "c[[1]]:bool",
            "c1:bool",
            "c0.5:f16",
            "c?",
            "cinf",
            "cNaN:f64",
            "c[#600:00f3a1b2c3d4e5f6]",
            "c1e-45",
            "c3.4028235e38",
        ];
        let foreign = [
            "c",
            "cc",
            "c1:",
            "c1:x",
            "c1:type01",
            "c1.50",
            "c[1",
            "c[1]]",
            "c[1]x",
            "c+1",
            "c:i64",
        ];
        for word in typed.into_iter().chain(foreign) {
            match operand(word) {
                Some(Operand::Constant(c)) => assert_eq!(c.to_string(), word),
                other => panic!("{word}: {other:?}"),
            }
        }
        assert_eq!(untyped(&typed, operand), [""; 0]);
        let deep = format!("c{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(operand(&deep), Some(Operand::Constant(c)) if c.to_string() == deep));
    }
}
