//! Spelling of shapes and element types of values.

use crate::model::DataType;
use crate::shape::{Inferred, SymExpr, number};
use std::collections::HashMap;
use std::fmt::Write;

/// Letters of symbols; `x` separates dimensions and is none.
const ALPHABET: &[u8; 25] = b"abcdefghijklmnopqrstuvwyz";

/// Letters for symbolic dimensions, in order of first appearance.
#[derive(Debug, Default)]
pub struct Letters {
    seen: HashMap<usize, usize>,
}

impl Letters {
    fn letter(&mut self, symbol: usize) -> String {
        let n = self.seen.len();
        let i = *self.seen.entry(symbol).or_insert(n);
        let c = char::from(ALPHABET[i % ALPHABET.len()]);
        match i / ALPHABET.len() {
            0 => c.to_string(),
            round => format!("{c}{round}"),
        }
    }

    /// One dimension: a size, a letter, a formula in parentheses, or `?`.
    fn dim(&mut self, e: &SymExpr, out: &mut String) {
        match e {
            SymExpr::Value(v) if *v < 0 => out.push('?'),
            SymExpr::Value(v) => write!(out, "{v}").unwrap_or_default(),
            _ if crate::shape::is_unknown(e) => out.push('?'),
            SymExpr::Var(_) => out.push_str(&self.formula(e)),
            _ => {
                let formula = self.formula(e);
                write!(out, "({formula})").unwrap_or_default();
            }
        }
    }

    fn formula(&mut self, e: &SymExpr) -> String {
        let (op, a, b) = match e {
            SymExpr::Value(v) => return v.to_string(),
            SymExpr::Var(s) => {
                return match number(&s.name) {
                    Some(i) => self.letter(i),
                    None => "?".into(),
                };
            }
            SymExpr::Neg(x) => return format!("-({})", self.formula(x)),
            SymExpr::Sub(a, b) => ('-', a, b),
            SymExpr::Div(a, b) => ('/', a, b),
            SymExpr::DivCeil(a, b) => ('\\', a, b),
            SymExpr::Add(..) => return self.commutative('+', e),
            SymExpr::Mul(..) => return self.commutative('*', e),
            SymExpr::Max(..) => return self.commutative('^', e),
            SymExpr::Min(..) => return self.commutative('_', e),
            SymExpr::Broadcast(..) => return self.commutative('&', e),
        };
        let a = self.part(a);
        format!("{a}{op}{}", self.part(b))
    }

    fn part(&mut self, e: &SymExpr) -> String {
        match e {
            SymExpr::Value(_) | SymExpr::Var(_) => self.formula(e),
            _ => format!("({})", self.formula(e)),
        }
    }

    /// The terms of a sum, product, maximum, … numbers first, then by spelling,
    /// so that the order in which a file names its symbols does not matter.
    fn commutative(&mut self, op: char, e: &SymExpr) -> String {
        let mut terms = Vec::new();
        flatten(e, e, &mut terms);
        let mut parts: Vec<(bool, String)> =
            terms.into_iter().map(|t| (!matches!(t, SymExpr::Value(_)), self.part(t))).collect();
        parts.sort();
        let parts: Vec<String> = parts.into_iter().map(|p| p.1).collect();
        parts.join(op.encode_utf8(&mut [0; 4]))
    }

    /// Shape and type of an output: `ax16x32x32`, `.` for a scalar, `*` where
    /// the rank is unknown; `:type` where the type is not f32.
    pub fn output(&mut self, t: &Inferred, container: Option<&str>) -> String {
        let mut s = String::new();
        match &t.dims {
            None => s.push('*'),
            Some(d) if d.is_empty() => s.push('.'),
            Some(d) => {
                for (i, d) in d.iter().enumerate() {
                    if i > 0 {
                        s.push('x');
                    }
                    self.dim(d, &mut s);
                }
            }
        }
        match t.dtype {
            Some(DataType::FLOAT) => {}
            Some(d) => write!(s, ":{d}").unwrap_or_default(),
            None => s.push_str(":?"),
        }
        if let Some(c) = container {
            write!(s, ":{c}").unwrap_or_default();
        }
        s
    }
}

/// The terms of `e`, nested ones of the same kind as `of` taken apart.
fn flatten<'e>(of: &SymExpr, e: &'e SymExpr, out: &mut Vec<&'e SymExpr>) {
    let same = std::mem::discriminant(of) == std::mem::discriminant(e);
    match e {
        SymExpr::Add(a, b)
        | SymExpr::Mul(a, b)
        | SymExpr::Max(a, b)
        | SymExpr::Min(a, b)
        | SymExpr::Broadcast(a, b)
            if same =>
        {
            flatten(of, a, out);
            flatten(of, b, out);
        }
        _ => out.push(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(dims: Vec<SymExpr>) -> String {
        let t = Inferred { dtype: Some(DataType::FLOAT), dims: Some(dims), ..Default::default() };
        Letters::default().output(&t, None)
    }

    #[test]
    fn no_letter_is_the_separator() {
        let dims = (0..60).map(|i| SymExpr::symbol(&format!("s{i:04}"))).collect();
        let s = spell(dims);
        assert_eq!(s.split('x').count(), 60);
        assert!(s.contains("xwxyxz") && s.contains("xa1xb1x"), "{s}");
    }

    #[test]
    fn sums_do_not_depend_on_the_order_of_symbols() {
        let v = |i: usize| SymExpr::symbol(&format!("s{i:04}"));
        let (a, b) = (v(0), v(1));
        let one = SymExpr::Value(1);
        let x = a.plus(&b).and_then(|s| s.plus(&one)).unwrap();
        let y = b.plus(&a).and_then(|s| one.plus(&s)).unwrap();
        let first = spell(vec![a.clone(), b.clone(), x]);
        assert_eq!(first, "axbx(1+a+b)");
        assert_eq!(first, spell(vec![a, b, y]));
    }
}
