//! Names of symbolic dimensions, and the formulas that exporters write.

use super::expr::SymExpr;
use crate::budget;
use std::collections::HashMap;

/// The symbols of a model, numbered in order of first appearance, so that
/// formulas do not depend on the names that a file gives them.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    /// Unnamed dimensions of graph inputs → what to call them.
    labels: HashMap<String, String>,
    /// Names that have been read → what they mean.
    read: HashMap<String, SymExpr>,
}

/// Canonical name of symbol `i`; zero-padded so that names sort as numbers.
fn canonical(i: usize) -> String {
    format!("s{i:04}")
}

/// The number of a canonical symbol name.
pub fn number(canonical: &str) -> Option<usize> {
    canonical.strip_prefix('s')?.parse().ok()
}

/// True for an expression that contains a variable about which nothing is known.
pub fn is_synthetic(e: &SymExpr) -> bool {
    e.is_synthetic()
}

/// Longest name that is read as a formula.
const MAX_FORMULA: usize = 200;
/// Parentheses within parentheses.
const MAX_NESTING: usize = 32;

impl Symbols {
    /// What the file calls `name`: a symbol, its bound size, or a simple formula
    /// of such (`2*seq + 1`, `batch_size*8`, `floor(height/2)`, `s0//4`).
    /// Anything else is a symbol of its own. All calls must have the same sizes
    /// `bound`: each name is read once.
    pub fn parse(&mut self, name: &str, bound: &HashMap<String, u64>) -> SymExpr {
        if let Some(known) = self.read.get(name) {
            return known.clone();
        }
        let meant = self.meaning(name, bound);
        self.read.insert(name.to_owned(), meant.clone());
        meant
    }

    fn meaning(&mut self, name: &str, bound: &HashMap<String, u64>) -> SymExpr {
        if let Some(&n) = bound.get(name) {
            return n.into();
        }
        if name.len() <= MAX_FORMULA
            && name.contains(['+', '*', '/', '(', ' '])
            && let Some(f) = Formula::read(name)
            && let Some(e) = self.build(&f, bound)
        {
            return e;
        }
        self.symbol(name, bound)
    }

    fn symbol(&mut self, name: &str, bound: &HashMap<String, u64>) -> SymExpr {
        if let Some(&n) = bound.get(name) {
            return n.into();
        }
        let next = self.names.len();
        let i = *self.numbers.entry(name.to_owned()).or_insert_with(|| {
            self.names.push(name.to_owned());
            next
        });
        SymExpr::symbol(&canonical(i))
    }

    fn build(&mut self, f: &Formula, bound: &HashMap<String, u64>) -> Option<SymExpr> {
        let (op, a, b) = match f {
            Formula::Number(n) => return Some(SymExpr::Value(*n)),
            Formula::Name(s) => return Some(self.symbol(s, bound)),
            Formula::Binary(op, a, b) => (*op, self.build(a, bound)?, self.build(b, bound)?),
        };
        match op {
            '+' => a.plus(&b),
            '-' => a.minus(&b),
            '*' => a.times(&b),
            '/' => a.over(&b),
            '\\' => a.over_up(&b),
            '^' => a.larger(&b),
            _ => a.smaller(&b),
        }
    }

    /// All names, in order of first appearance.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The file's name for a canonical symbol name.
    pub fn name(&self, canonical: &str) -> Option<&str> {
        match self.labels.get(canonical) {
            Some(l) => Some(l),
            None => self.names.get(number(canonical)?).map(String::as_str),
        }
    }

    /// Names an unnamed dimension of a graph input, `images[0]`.
    pub(super) fn label_if_unknown(&mut self, e: &SymExpr, input: &str, axis: usize) {
        if let SymExpr::Var(s) = e
            && s.synthetic
        {
            self.labels.insert(s.name.clone(), format!("{input}[{axis}]"));
        }
    }

    /// True where the formula depends on more than the sizes of graph inputs:
    /// on data.
    pub fn is_data_dependent(&self, e: &SymExpr) -> bool {
        let unlabelled = |x: &SymExpr| matches!(x, SymExpr::Var(v) if v.synthetic && !self.labels.contains_key(&v.name));
        e.is_synthetic() && (budget::work(e.parts()).is_none() || e.iter().any(unlabelled))
    }

    /// The formula in the file's names.
    pub fn text(&self, e: &SymExpr) -> String {
        e.text(&|s| self.name(s).unwrap_or("?").to_owned())
    }
}

/// A formula as written.
enum Formula {
    Number(i128),
    Name(String),
    /// `+ - * /`, `\\` for division rounded up, `^` and `_` for maximum and minimum.
    Binary(char, Box<Formula>, Box<Formula>),
}

impl Formula {
    fn read(text: &str) -> Option<Self> {
        let mut p = Parser { rest: text, depth: 0 };
        let f = p.sum()?;
        p.rest.trim().is_empty().then_some(f)
    }

    fn join(op: char, a: Self, b: Self) -> Self {
        Self::Binary(op, Box::new(a), Box::new(b))
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(r) => {
                self.rest = r;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<Formula> {
        self.depth = self.depth.checked_add(1).filter(|&d| d <= MAX_NESTING)?;
        let mut f = self.product()?;
        loop {
            // A hyphen without spaces belongs to a name.
            f = match () {
                () if self.take("+") => Formula::join('+', f, self.product()?),
                () if self.rest.starts_with(" - ") && self.take("-") => {
                    Formula::join('-', f, self.product()?)
                }
                () => break,
            };
        }
        self.depth = self.depth.checked_sub(1)?;
        Some(f)
    }

    fn product(&mut self) -> Option<Formula> {
        let mut f = self.factor()?;
        loop {
            f = match () {
                () if self.take("*") => Formula::join('*', f, self.factor()?),
                () if self.take("//") => Formula::join('/', f, self.factor()?),
                () => return Some(f),
            };
        }
    }

    fn factor(&mut self) -> Option<Formula> {
        if self.take("(") {
            let f = self.sum()?;
            return self.take(")").then_some(f);
        }
        self.rest = self.rest.trim_start();
        let is_name =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '[' | ']');
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        if word.is_empty() {
            return None;
        }
        self.rest = rest;
        if word.bytes().all(|b| b.is_ascii_digit()) {
            return word.parse().ok().map(Formula::Number);
        }
        let op = match word {
            "floor" => '/',
            "ceil" | "ceiling" => '\\',
            "max" | "Max" => '^',
            "min" | "Min" => '_',
            _ if rest.starts_with('(') => return None,
            _ => return Some(Formula::Name(word.to_owned())),
        };
        if !self.take("(") {
            return Some(Formula::Name(word.to_owned()));
        }
        let a = self.sum()?;
        let separator = if matches!(op, '/' | '\\') { "/" } else { "," };
        let f = match self.take(separator) {
            true => Formula::join(op, a, self.sum()?),
            false if separator == "/" => a,
            false => return None,
        };
        self.take(")").then_some(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        let mut s = Symbols::default();
        let e = s.parse(name, &HashMap::from([("four".into(), 4)]));
        s.text(&e)
    }

    #[test]
    fn simple_formulas_are_read() {
        for (name, expected) in [
            ("batch", "batch"),
            ("2*seq + 1", "2*seq + 1"),
            ("batch_size*8", "8*batch_size"),
            ("past + seq", "past + seq"),
            ("seq - 1", "seq - 1"),
            ("floor(h/2)", "h//2"),
            ("(h + 3)//4", "(h + 3)//4"),
            ("ceil(h/2)", "(h + 1)//2"),
            ("max(a, b)", "max(a, b)"),
            ("four*n", "4*n"),
            ("four", "4"),
            ("s0 + s0", "2*s0"),
        ] {
            assert_eq!(text(name), expected, "{name}");
        }
    }

    #[test]
    fn other_names_are_symbols() {
        for name in [
            "batch-size",
            "p2o.DynamicDimension.0",
            "unk__314",
            "a/b",
            "f(x)",
            "2*",
            "a b",
            "(",
            "((((((((((((((((((((((((((((((((((((x",
            "+",
            "x//0",
            " ",
            "é*",
        ] {
            assert_eq!(text(name), name);
        }
    }

    #[test]
    fn symbols_are_numbered_by_first_appearance() {
        let mut s = Symbols::default();
        let none = HashMap::new();
        assert_eq!(s.parse("b*2", &none).to_string(), "2*s0000");
        assert_eq!(s.parse("a", &none).to_string(), "s0001");
        assert_eq!(s.parse("b", &none).to_string(), "s0000");
    }
}
