//! Integer formulas over named symbols, always in one normal form.
//!
//! Every operation returns a sum of products with integer coefficients whose
//! factors are symbols or divisions, maxima and the like; equal formulas are
//! therefore mostly equal expressions. Arithmetic is checked: a result that
//! overflows, or a formula that grows past a bound, is `None`. So is one whose
//! steps the file's budget does not hold.
//!
//! Formulas know their size. None has more than [`SymExpr::MAX_DEPTH`] levels,
//! which bounds every recursion over one.

use super::poly::{Poly, fits, floor_div};
use crate::budget;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A named variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol {
    /// Canonical name.
    pub name: String,
    /// Stands for a value about which nothing is known.
    pub synthetic: bool,
}

/// A formula. Division rounds down; sizes are never negative.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymExpr {
    /// A known integer.
    Value(i128),
    /// A symbol.
    Var(Arc<Symbol>),
    /// Sum.
    Add(Arc<Pair>),
    /// Difference.
    Sub(Arc<Pair>),
    /// Product.
    Mul(Arc<Pair>),
    /// Quotient, rounded down.
    Div(Arc<Pair>),
    /// Quotient, rounded up.
    DivCeil(Arc<Pair>),
    /// Maximum.
    Max(Arc<Pair>),
    /// Minimum.
    Min(Arc<Pair>),
    /// The size that broadcasting two sizes gives: they are equal, or one is 1.
    Broadcast(Arc<Pair>),
    /// Negation; of no negation.
    Neg(Arc<SymExpr>),
}

/// Two operands, and how large the formula of them is.
#[derive(Clone)]
pub struct Pair {
    left: SymExpr,
    right: SymExpr,
    parts: u32,
    depth: u32,
    synthetic: bool,
}

impl Pair {
    /// The first operand.
    pub fn left(&self) -> &SymExpr {
        &self.left
    }

    /// The second operand.
    pub fn right(&self) -> &SymExpr {
        &self.right
    }

    pub(super) fn new(left: SymExpr, right: SymExpr) -> Arc<Self> {
        let parts = left.size().saturating_add(right.size()).saturating_add(1);
        let depth = left.depth().max(right.depth()).saturating_add(1);
        let synthetic = left.is_synthetic() || right.is_synthetic();
        Arc::new(Self { left, right, parts, depth, synthetic })
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        let same = std::ptr::eq(self, other);
        let like = self.parts == other.parts && self.depth == other.depth;
        same || (like && self.left == other.left && self.right == other.right)
    }
}

impl Eq for Pair {}

impl Hash for Pair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.left.hash(state);
        self.right.hash(state);
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        if std::ptr::eq(self, other) {
            return Ordering::Equal;
        }
        self.left.cmp(&other.left).then_with(|| self.right.cmp(&other.right))
    }
}

impl Drop for Pair {
    /// Sums nest to the left, so that side is let go without recursion.
    fn drop(&mut self) {
        let mut left = std::mem::replace(&mut self.left, SymExpr::ZERO);
        while let Some(pair) = left.into_pair() {
            left = match Arc::into_inner(pair) {
                Some(mut pair) => std::mem::replace(&mut pair.left, SymExpr::ZERO),
                None => SymExpr::ZERO,
            };
        }
    }
}

impl From<u64> for SymExpr {
    fn from(n: u64) -> Self {
        Self::Value(n.into())
    }
}

impl From<usize> for SymExpr {
    fn from(n: usize) -> Self {
        Self::Value(i128::try_from(n).unwrap_or(i128::MAX))
    }
}

impl SymExpr {
    /// Zero.
    pub const ZERO: Self = Self::Value(0);
    /// One.
    pub const ONE: Self = Self::Value(1);
    /// Most levels of a formula.
    pub const MAX_DEPTH: usize = 448;
    /// Most parts of a formula.
    pub const MAX_PARTS: usize = 1 << 14;

    /// A symbol under its canonical name.
    pub fn symbol(name: &str) -> Self {
        Self::Var(Symbol { name: name.to_owned(), synthetic: false }.into())
    }

    /// The number, where the formula is one.
    pub fn value(&self) -> Option<i128> {
        match self {
            Self::Value(v) => Some(*v),
            _ => None,
        }
    }

    /// `self + other`.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if let (Self::Value(a), Self::Value(b)) = (self, other) {
            return bounded(a.checked_add(*b));
        }
        let mut p = Poly::of(self)?;
        p.add(Poly::of(other)?, 1)?;
        p.expr().checked()
    }

    /// `self - other`.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        if let (Self::Value(a), Self::Value(b)) = (self, other) {
            return bounded(a.checked_sub(*b));
        }
        let mut p = Poly::of(self)?;
        p.add(Poly::of(other)?, -1)?;
        p.expr().checked()
    }

    /// `self * other`.
    pub fn times(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => bounded(a.checked_mul(*b)),
            (Self::Value(1), x) | (x, Self::Value(1)) => Some(x.clone()),
            _ => Poly::of(self)?.times(&Poly::of(other)?)?.expr().checked(),
        }
    }

    /// `self / other` rounded down.
    pub fn over(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (_, Self::Value(0)) => return None,
            (x, Self::Value(1)) => return Some(x.clone()),
            (Self::Value(a), Self::Value(b)) => return bounded(floor_div(*a, *b)),
            _ => {}
        }
        let (a, b) = (Poly::of(self)?, Poly::of(other)?);
        if let Some((m, c)) = b.single()
            && let Some(q) = a.exact(m, c)
        {
            return q.expr().checked();
        }
        match other {
            Self::Value(c) if *c > 0 => a.divided(*c)?.checked(),
            _ => Self::Div(Pair::new(self.clone(), other.clone())).checked(),
        }
    }

    /// `self / other` rounded up.
    pub fn over_up(&self, other: &Self) -> Option<Self> {
        match other {
            Self::Value(c) if *c > 0 => self.plus(&Self::Value(c.checked_sub(1)?))?.over(other),
            Self::Value(_) => None,
            _ if self == other => Some(Self::ONE),
            _ => Self::DivCeil(Pair::new(self.clone(), other.clone())).checked(),
        }
    }

    /// The larger one.
    pub fn larger(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => Some(Self::Value(*a.max(b))),
            (a, b) => a.joined(b, Self::Max),
        }
    }

    /// The smaller one.
    pub fn smaller(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => Some(Self::Value(*a.min(b))),
            (a, b) => a.joined(b, Self::Min),
        }
    }

    /// What broadcasting a dimension of this size and one of the other gives;
    /// `None` where the two do not fit.
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) if a == b => Some(self.clone()),
            (Self::Value(1), x) | (x, Self::Value(1)) => Some(x.clone()),
            (Self::Value(_), Self::Value(_)) => None,
            (Self::Value(v), _) | (_, Self::Value(v)) => Some(Self::Value(*v)),
            (a, b) => a.joined(b, Self::Broadcast),
        }
    }

    /// A symmetric function of two formulas, operands in order; of equal ones
    /// either.
    fn joined(&self, other: &Self, of: fn(Arc<Pair>) -> Self) -> Option<Self> {
        // No more than the smaller one is compared.
        budget::work(self.parts().min(other.parts()))?;
        match self.cmp(other) {
            Ordering::Equal => Some(self.clone()),
            Ordering::Less => of(Pair::new(self.clone(), other.clone())).checked(),
            Ordering::Greater => of(Pair::new(other.clone(), self.clone())).checked(),
        }
    }

    /// The formula, where it is within the bounds.
    pub(super) fn checked(self) -> Option<Self> {
        let fits = self.parts() <= Self::MAX_PARTS && self.depth() as usize <= Self::MAX_DEPTH;
        fits.then_some(self)
    }

    fn pair(&self) -> Option<&Arc<Pair>> {
        match self {
            Self::Value(_) | Self::Var(_) | Self::Neg(_) => None,
            Self::Add(p)
            | Self::Sub(p)
            | Self::Mul(p)
            | Self::Div(p)
            | Self::DivCeil(p)
            | Self::Max(p)
            | Self::Min(p)
            | Self::Broadcast(p) => Some(p),
        }
    }

    fn into_pair(self) -> Option<Arc<Pair>> {
        match self {
            Self::Value(_) | Self::Var(_) | Self::Neg(_) => None,
            Self::Add(p)
            | Self::Sub(p)
            | Self::Mul(p)
            | Self::Div(p)
            | Self::DivCeil(p)
            | Self::Max(p)
            | Self::Min(p)
            | Self::Broadcast(p) => Some(p),
        }
    }

    fn size(&self) -> u32 {
        match self {
            Self::Neg(x) => x.size().saturating_add(1),
            e => e.pair().map_or(1, |p| p.parts),
        }
    }

    fn depth(&self) -> u32 {
        match self {
            Self::Neg(x) => x.depth().saturating_add(1),
            e => e.pair().map_or(1, |p| p.depth),
        }
    }

    /// Number of parts: numbers, symbols and operators.
    pub fn parts(&self) -> usize {
        self.size() as usize
    }

    /// True for a formula with a variable about which nothing is known.
    pub fn is_synthetic(&self) -> bool {
        match self {
            Self::Value(_) => false,
            Self::Var(v) => v.synthetic,
            Self::Neg(x) => x.is_synthetic(),
            e => e.pair().is_some_and(|p| p.synthetic),
        }
    }

    /// Bytes that this formula takes beside those it shares with others.
    pub(crate) fn own_bytes(&self) -> usize {
        let own = match self {
            Self::Neg(x) if Arc::strong_count(x) == 1 => self.parts(),
            e => e.pair().filter(|p| Arc::strong_count(p) == 1).map_or(0, |p| p.parts as usize),
        };
        const PART: usize = size_of::<Pair>() + 2 * size_of::<usize>();
        size_of::<Self>().saturating_add(own.saturating_mul(PART))
    }

    /// True where the formula has more than `most` parts.
    pub fn exceeds(&self, most: usize) -> bool {
        self.parts() > most
    }

    /// All parts of the formula, the whole first.
    pub fn iter(&self) -> impl Iterator<Item = &SymExpr> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let e = stack.pop()?;
            match e {
                Self::Neg(x) => stack.push(x),
                e => stack.extend(e.pair().into_iter().flat_map(|p| [&p.right, &p.left])),
            }
            Some(e)
        })
    }

    /// True where the value cannot be negative, symbols being sizes.
    pub fn is_nonnegative(&self) -> bool {
        let both = |p: &Pair| p.left.is_nonnegative() && p.right.is_nonnegative();
        match self {
            Self::Value(v) => *v >= 0,
            Self::Var(_) | Self::Broadcast(_) => true,
            Self::Neg(_) | Self::Sub(_) => false,
            Self::Add(p) | Self::Mul(p) | Self::Min(p) | Self::Div(p) | Self::DivCeil(p) => both(p),
            Self::Max(p) => p.left.is_nonnegative() || p.right.is_nonnegative(),
        }
    }

    /// The formula in words, symbols named by `name`.
    pub fn text(&self, name: &impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        self.put(&mut out, name, 0);
        out
    }

    fn put(&self, out: &mut String, name: &dyn Fn(&str) -> String, level: u8) {
        match self {
            Self::Value(v) => out.push_str(&v.to_string()),
            Self::Var(s) => out.push_str(&name(&s.name)),
            Self::Add(p) => p.infix(out, name, (" + ", 1), level),
            Self::Sub(p) => p.infix(out, name, (" - ", 1), level),
            Self::Mul(p) => p.infix(out, name, ("*", 2), level),
            Self::Div(p) => p.infix(out, name, ("//", 2), level),
            Self::DivCeil(p) => p.call(out, name, "ceildiv("),
            Self::Max(p) => p.call(out, name, "max("),
            Self::Min(p) => p.call(out, name, "min("),
            Self::Broadcast(p) => p.call(out, name, "broadcast("),
            Self::Neg(x) => {
                out.push('-');
                x.put(out, name, 3);
            }
        }
    }
}

impl Pair {
    /// Both operands with a sign between them, in parentheses where the formula
    /// around binds closer.
    fn infix(
        &self,
        out: &mut String,
        name: &dyn Fn(&str) -> String,
        (sign, at): (&str, u8),
        level: u8,
    ) {
        out.push_str(if level > at { "(" } else { "" });
        self.left.put(out, name, at);
        out.push_str(sign);
        self.right.put(out, name, at.saturating_add(1));
        out.push_str(if level > at { ")" } else { "" });
    }

    fn call(&self, out: &mut String, name: &dyn Fn(&str) -> String, function: &str) {
        out.push_str(function);
        self.left.put(out, name, 0);
        out.push_str(", ");
        self.right.put(out, name, 0);
        out.push(')');
    }
}

impl fmt::Display for SymExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&|s| s.to_owned()))
    }
}

impl fmt::Debug for SymExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries([&self.left, &self.right]).finish()
    }
}

fn bounded(v: Option<i128>) -> Option<SymExpr> {
    v.filter(|&v| fits(v)).map(SymExpr::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(name: &str) -> SymExpr {
        SymExpr::symbol(name)
    }

    fn v(n: i128) -> SymExpr {
        SymExpr::Value(n)
    }

    #[test]
    fn sums_and_products_have_one_form() {
        let a = s("a").plus(&s("b")).unwrap().times(&v(2)).unwrap();
        let b = s("b").times(&v(2)).unwrap().plus(&s("a").times(&v(2)).unwrap()).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.to_string(), "2*a + 2*b");
        assert_eq!(a.minus(&b).unwrap(), v(0));
        assert_eq!(a.over(&v(2)).unwrap().to_string(), "a + b");
        assert_eq!(v(0).minus(&s("a")).unwrap().to_string(), "-a");
        assert_eq!(s("a").minus(&v(3)).unwrap().to_string(), "a - 3");
    }

    #[test]
    fn divisions_join() {
        let half = |x: &SymExpr| x.minus(&v(1)).unwrap().over(&v(2)).unwrap().plus(&v(1)).unwrap();
        let h = half(&s("h"));
        assert_eq!(h.to_string(), "(h + 1)//2");
        assert_eq!(half(&half(&h)).to_string(), "(h + 7)//8");
        assert_eq!(s("h").over_up(&v(2)).unwrap(), h);
        assert_eq!(s("h").times(&v(6)).unwrap().over(&v(4)).unwrap().to_string(), "3*h//2");
        assert_eq!(s("a").times(&s("b")).unwrap().over(&s("a")).unwrap(), s("b"));
        assert_eq!(s("a").over(&s("b")).unwrap().to_string(), "a//b");
        assert_eq!(v(-3).over(&v(2)).unwrap(), v(-2));
        assert_eq!(s("a").over(&v(0)), None);
    }

    /// Every normal form has the value of the plain formula.
    #[test]
    fn forms_keep_their_value() {
        fn eval(e: &SymExpr, h: i128) -> i128 {
            let f = |x: &SymExpr| eval(x, h);
            match e {
                SymExpr::Value(v) => *v,
                SymExpr::Var(_) => h,
                SymExpr::Neg(x) => -f(x),
                SymExpr::Add(p) => f(&p.left) + f(&p.right),
                SymExpr::Sub(p) => f(&p.left) - f(&p.right),
                SymExpr::Mul(p) => f(&p.left) * f(&p.right),
                SymExpr::Div(p) => floor_div(f(&p.left), f(&p.right)).unwrap(),
                SymExpr::DivCeil(p) => -floor_div(-f(&p.left), f(&p.right)).unwrap(),
                SymExpr::Max(p) | SymExpr::Broadcast(p) => f(&p.left).max(f(&p.right)),
                SymExpr::Min(p) => f(&p.left).min(f(&p.right)),
            }
        }
        for (k, c, d, e) in
            [(3, 2, 1, 3), (-5, 4, 2, 2), (7, 6, -3, 4), (0, 10, 5, 5), (-1, 3, 0, 9)]
        {
            let x = s("h").times(&v(k + 4)).unwrap().plus(&v(k)).unwrap();
            let y = x.over(&v(c)).unwrap().times(&v(2)).unwrap().plus(&v(d)).unwrap();
            let z = y.over(&v(e)).unwrap();
            for h in 0..40 {
                let plain = (k + 4) * h + k;
                let plain = 2 * floor_div(plain, c).unwrap() + d;
                assert_eq!(eval(&z, h), floor_div(plain, e).unwrap(), "{z} at {h}");
            }
        }
    }

    #[test]
    fn growth_and_overflow_are_refused() {
        let mut x = s("x").plus(&s("y")).unwrap();
        let mut grown = Some(x.clone());
        for i in 0..64 {
            grown = grown.and_then(|g| g.times(&s(&format!("z{i}")).plus(&v(1)).unwrap()));
        }
        assert_eq!(grown, None);
        for _ in 0..200 {
            x = match x.times(&v(4)) {
                Some(x) => x,
                None => return,
            };
        }
        panic!("no overflow");
    }

    #[test]
    fn broadcasting() {
        assert_eq!(s("a").broadcast(&v(1)).unwrap(), s("a"));
        assert_eq!(s("a").broadcast(&v(3)).unwrap(), v(3));
        assert_eq!(v(2).broadcast(&v(3)), None);
        assert_eq!(s("b").broadcast(&s("a")), s("a").broadcast(&s("b")));
    }

    /// Chains of every operation, each as long as it gets.
    fn deepest() -> Vec<SymExpr> {
        let (a, b) = (s("a"), s("b"));
        let step: [fn(&SymExpr, &SymExpr) -> Option<SymExpr>; 6] = [
            SymExpr::larger,
            SymExpr::smaller,
            SymExpr::broadcast,
            SymExpr::over,
            SymExpr::over_up,
            |x, y| x.larger(y)?.minus(y),
        ];
        let chain = |f: &fn(&SymExpr, &SymExpr) -> Option<SymExpr>| {
            let mut x = a.clone();
            for i in 0..100_000 {
                match f(&x, if i % 2 == 0 { &b } else { &a }) {
                    Some(next) => x = next,
                    None => break,
                }
            }
            x
        };
        let mut all: Vec<SymExpr> = step.iter().map(chain).collect();
        let terms = (0..240).map(|i| s(&format!("t{i}")).over(&b).unwrap());
        all.push(terms.fold(a.clone(), |sum, t| sum.plus(&t).unwrap()));
        all
    }

    /// A quarter of a mebibyte of stack holds whatever walks a formula.
    #[test]
    fn formulas_of_any_input_need_little_stack() {
        let walk = || {
            let all = deepest();
            let again = deepest();
            assert!(all.iter().any(|e| e.depth() as usize > SymExpr::MAX_DEPTH - 4));
            for (x, y) in all.iter().zip(&again) {
                assert!(x == y && x.cmp(y) == Ordering::Equal && x.to_string() == y.to_string());
                let mut hash = std::hash::DefaultHasher::new();
                x.hash(&mut hash);
                assert!(format!("{x:?}").len() > 100 && x.is_nonnegative() == y.is_nonnegative());
                assert_eq!(x.iter().count(), x.parts());
                assert_eq!(Poly::of(x).map(|p| p.expr()), Some(x.clone()));
            }
        };
        std::thread::Builder::new().stack_size(256 << 10).spawn(walk).unwrap().join().unwrap();
    }

    #[test]
    fn extremes_do_not_overflow() {
        let all = [i128::MIN, -1 << 120, -1, 0, 1, 2, 1 << 62, 1 << 120, i128::MAX].map(v);
        let h = s("h");
        for a in &all {
            for b in all.iter().chain([&h]) {
                for (x, y) in [(a, b), (b, a)] {
                    let results = [
                        x.plus(y),
                        x.minus(y),
                        x.times(y),
                        x.over(y),
                        x.over_up(y),
                        x.larger(y),
                        x.smaller(y),
                        x.broadcast(y),
                    ];
                    assert!(results.iter().flatten().all(|r| r.parts() < 9));
                }
            }
        }
    }
}
