//! Integer formulas over named symbols, always in one normal form.
//!
//! Every operation returns a sum of products with integer coefficients whose
//! factors are symbols or divisions, maxima and the like; equal formulas are
//! therefore mostly equal expressions. Arithmetic is checked: a result that
//! overflows, or a formula that grows past a bound, is `None`.

use std::collections::BTreeMap;
use std::fmt;
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymExpr {
    /// A known integer.
    Value(i128),
    /// A symbol.
    Var(Arc<Symbol>),
    /// Sum.
    Add(Arc<SymExpr>, Arc<SymExpr>),
    /// Difference.
    Sub(Arc<SymExpr>, Arc<SymExpr>),
    /// Product.
    Mul(Arc<SymExpr>, Arc<SymExpr>),
    /// Quotient, rounded down.
    Div(Arc<SymExpr>, Arc<SymExpr>),
    /// Quotient, rounded up.
    DivCeil(Arc<SymExpr>, Arc<SymExpr>),
    /// Maximum.
    Max(Arc<SymExpr>, Arc<SymExpr>),
    /// Minimum.
    Min(Arc<SymExpr>, Arc<SymExpr>),
    /// The size that broadcasting two sizes gives: they are equal, or one is 1.
    Broadcast(Arc<SymExpr>, Arc<SymExpr>),
    /// Negation.
    Neg(Arc<SymExpr>),
}

/// Most terms of a sum.
const MAX_TERMS: usize = 256;
/// Most factors of a product.
const MAX_FACTORS: u32 = 64;
/// Largest magnitude of a number.
const MAX_VALUE: i128 = 1 << 120;

/// Factors with their powers, in order.
type Monomial = BTreeMap<SymExpr, u32>;

/// A sum of monomials with coefficients, none zero.
#[derive(Debug, Clone, Default, PartialEq)]
struct Poly(BTreeMap<Monomial, i128>);

impl Poly {
    fn value(v: i128) -> Self {
        let mut p = Self::default();
        p.add_term(Monomial::new(), v);
        p
    }

    /// Adds a term; false on overflow.
    fn add_term(&mut self, m: Monomial, c: i128) -> bool {
        if c == 0 {
            return true;
        }
        let slot = self.0.entry(m.clone()).or_insert(0);
        match slot.checked_add(c).filter(|s| s.abs() <= MAX_VALUE) {
            Some(0) => {
                self.0.remove(&m);
                true
            }
            Some(s) => {
                *slot = s;
                true
            }
            None => false,
        }
    }

    fn of(e: &SymExpr) -> Option<Self> {
        let mut p = Self::default();
        match e {
            SymExpr::Value(v) => return Some(Self::value(*v)),
            SymExpr::Neg(x) => return Self::of(x)?.scaled(-1),
            SymExpr::Add(a, b) => {
                p = Self::of(a)?;
                p.add(&Self::of(b)?, 1)?;
            }
            SymExpr::Sub(a, b) => {
                p = Self::of(a)?;
                p.add(&Self::of(b)?, -1)?;
            }
            SymExpr::Mul(a, b) => return Self::of(a)?.times(&Self::of(b)?),
            atom => {
                p.add_term(Monomial::from([(atom.clone(), 1)]), 1);
            }
        }
        Some(p)
    }

    fn add(&mut self, other: &Self, factor: i128) -> Option<()> {
        for (m, c) in &other.0 {
            if !self.add_term(m.clone(), c.checked_mul(factor)?) {
                return None;
            }
        }
        (self.0.len() <= MAX_TERMS).then_some(())
    }

    fn scaled(&self, factor: i128) -> Option<Self> {
        let mut p = Self::default();
        p.add(self, factor)?;
        Some(p)
    }

    fn times(&self, other: &Self) -> Option<Self> {
        let mut p = Self::default();
        if self.0.len().checked_mul(other.0.len())? > MAX_TERMS {
            return None;
        }
        for (ma, ca) in &self.0 {
            for (mb, cb) in &other.0 {
                let mut m = ma.clone();
                for (atom, power) in mb {
                    let slot = m.entry(atom.clone()).or_insert(0);
                    *slot = slot.checked_add(*power)?;
                }
                if m.values().try_fold(0u32, |s, &p| s.checked_add(p))? > MAX_FACTORS {
                    return None;
                }
                if !p.add_term(m, ca.checked_mul(*cb)?) {
                    return None;
                }
            }
        }
        Some(p)
    }

    /// The quotient by a single term, where that divides every term.
    fn exact(&self, m: &Monomial, c: i128) -> Option<Self> {
        let mut p = Self::default();
        for (mine, coefficient) in &self.0 {
            if c == 0 || coefficient % c != 0 {
                return None;
            }
            let mut rest = mine.clone();
            for (atom, power) in m {
                let slot = rest.get_mut(atom)?;
                *slot = slot.checked_sub(*power)?;
            }
            rest.retain(|_, p| *p > 0);
            p.add_term(rest, coefficient / c);
        }
        Some(p)
    }

    fn single(&self) -> Option<(&Monomial, i128)> {
        let mut terms = self.0.iter();
        match (terms.next(), terms.next()) {
            (Some((m, &c)), None) => Some((m, c)),
            _ => None,
        }
    }

    /// Terms in symbols first, the constant last.
    fn expr(&self) -> SymExpr {
        let constant = self.0.get(&Monomial::new()).copied();
        let symbolic = self.0.iter().filter(|t| !t.0.is_empty());
        let mut sum: Option<SymExpr> = None;
        for (m, &c) in symbolic {
            let term = product(m, c.abs());
            sum = Some(match (sum, c < 0) {
                (None, false) => term,
                (None, true) => SymExpr::Neg(term.into()),
                (Some(s), false) => SymExpr::Add(s.into(), term.into()),
                (Some(s), true) => SymExpr::Sub(s.into(), term.into()),
            });
        }
        match (sum, constant) {
            (None, c) => SymExpr::Value(c.unwrap_or(0)),
            (Some(s), None) => s,
            (Some(s), Some(c)) if c < 0 => SymExpr::Sub(s.into(), SymExpr::Value(-c).into()),
            (Some(s), Some(c)) => SymExpr::Add(s.into(), SymExpr::Value(c).into()),
        }
    }
}

fn product(m: &Monomial, c: i128) -> SymExpr {
    let mut out = (c != 1 || m.is_empty()).then_some(SymExpr::Value(c));
    for (atom, &power) in m {
        for _ in 0..power {
            out = Some(match out {
                None => atom.clone(),
                Some(p) => SymExpr::Mul(p.into(), atom.clone().into()),
            });
        }
    }
    out.unwrap_or(SymExpr::Value(c))
}

impl From<u64> for SymExpr {
    fn from(n: u64) -> Self {
        Self::Value(n.into())
    }
}

impl From<usize> for SymExpr {
    fn from(n: usize) -> Self {
        Self::Value(i128::try_from(n).unwrap_or(MAX_VALUE))
    }
}

impl SymExpr {
    /// Zero.
    pub const ZERO: Self = Self::Value(0);
    /// One.
    pub const ONE: Self = Self::Value(1);

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
        p.add(&Poly::of(other)?, 1)?;
        Some(p.expr())
    }

    /// `self - other`.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        if let (Self::Value(a), Self::Value(b)) = (self, other) {
            return bounded(a.checked_sub(*b));
        }
        let mut p = Poly::of(self)?;
        p.add(&Poly::of(other)?, -1)?;
        Some(p.expr())
    }

    /// `self * other`.
    pub fn times(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => bounded(a.checked_mul(*b)),
            (Self::Value(1), x) | (x, Self::Value(1)) => Some(x.clone()),
            _ => Some(Poly::of(self)?.times(&Poly::of(other)?)?.expr()),
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
            return Some(q.expr());
        }
        match other {
            Self::Value(c) if *c > 0 => divided(&a, *c),
            _ => Some(Self::Div(self.clone().into(), other.clone().into())),
        }
    }

    /// `self / other` rounded up.
    pub fn over_up(&self, other: &Self) -> Option<Self> {
        match other {
            Self::Value(c) if *c > 0 => self.plus(&Self::Value(c - 1))?.over(other),
            Self::Value(_) => None,
            _ if self == other => Some(Self::ONE),
            _ => Some(Self::DivCeil(self.clone().into(), other.clone().into())),
        }
    }

    /// The larger one.
    pub fn larger(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => Self::Value(*a.max(b)),
            (a, b) if a == b => a.clone(),
            (a, b) => {
                let (a, b) = if a < b { (a, b) } else { (b, a) };
                Self::Max(a.clone().into(), b.clone().into())
            }
        }
    }

    /// The smaller one.
    pub fn smaller(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => Self::Value(*a.min(b)),
            (a, b) if a == b => a.clone(),
            (a, b) => {
                let (a, b) = if a < b { (a, b) } else { (b, a) };
                Self::Min(a.clone().into(), b.clone().into())
            }
        }
    }

    /// What broadcasting a dimension of this size and one of the other gives;
    /// `None` where the two do not fit.
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a.clone()),
            (Self::Value(1), x) | (x, Self::Value(1)) => Some(x.clone()),
            (Self::Value(_), Self::Value(_)) => None,
            (Self::Value(v), _) | (_, Self::Value(v)) => Some(Self::Value(*v)),
            (a, b) => {
                let (a, b) = if a < b { (a, b) } else { (b, a) };
                Some(Self::Broadcast(a.clone().into(), b.clone().into()))
            }
        }
    }

    /// True where the formula has more than `most` parts.
    pub fn exceeds(&self, most: usize) -> bool {
        self.iter().take(most + 1).count() > most
    }

    /// All parts of the formula, the whole first.
    pub fn iter(&self) -> impl Iterator<Item = &SymExpr> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let e = stack.pop()?;
            match e {
                Self::Value(_) | Self::Var(_) => {}
                Self::Neg(x) => stack.push(x),
                Self::Add(a, b)
                | Self::Sub(a, b)
                | Self::Mul(a, b)
                | Self::Div(a, b)
                | Self::DivCeil(a, b)
                | Self::Max(a, b)
                | Self::Min(a, b)
                | Self::Broadcast(a, b) => stack.extend([&**b, &**a]),
            }
            Some(e)
        })
    }

    /// True where the value cannot be negative, symbols being sizes.
    pub fn is_nonnegative(&self) -> bool {
        match self {
            Self::Value(v) => *v >= 0,
            Self::Var(_) | Self::Broadcast(..) => true,
            Self::Neg(_) | Self::Sub(..) => false,
            Self::Add(a, b)
            | Self::Mul(a, b)
            | Self::Min(a, b)
            | Self::Div(a, b)
            | Self::DivCeil(a, b) => a.is_nonnegative() && b.is_nonnegative(),
            Self::Max(a, b) => a.is_nonnegative() || b.is_nonnegative(),
        }
    }

    /// The formula in words, symbols named by `name`.
    pub fn text(&self, name: &impl Fn(&str) -> String) -> String {
        self.text_at(name, 0)
    }

    fn text_at(&self, name: &impl Fn(&str) -> String, level: u8) -> String {
        let infix = |op: &str, a: &Self, b: &Self, at: u8| {
            let s = format!("{}{op}{}", a.text_at(name, at), b.text_at(name, at + 1));
            if level > at { format!("({s})") } else { s }
        };
        let call = |f: &str, a: &Self, b: &Self| {
            format!("{f}({}, {})", a.text_at(name, 0), b.text_at(name, 0))
        };
        match self {
            Self::Value(v) => v.to_string(),
            Self::Var(s) => name(&s.name),
            Self::Add(a, b) => infix(" + ", a, b, 1),
            Self::Sub(a, b) => infix(" - ", a, b, 1),
            Self::Mul(a, b) => infix("*", a, b, 2),
            Self::Div(a, b) => infix("//", a, b, 2),
            Self::DivCeil(a, b) => call("ceildiv", a, b),
            Self::Max(a, b) => call("max", a, b),
            Self::Min(a, b) => call("min", a, b),
            Self::Broadcast(a, b) => call("broadcast", a, b),
            Self::Neg(x) => format!("-{}", x.text_at(name, 3)),
        }
    }
}

impl fmt::Display for SymExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&|s| s.to_owned()))
    }
}

/// A sum under way, cheaper to add to than an expression.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    constant: i128,
    terms: Poly,
}

impl Sum {
    /// Adds `e`; false where the sum cannot be said and stays as it is.
    pub fn add(&mut self, e: &SymExpr) -> bool {
        self.add_times(e, 1)
    }

    /// Subtracts `e`; false where the sum cannot be said and stays as it is.
    pub fn subtract(&mut self, e: &SymExpr) -> bool {
        self.add_times(e, -1)
    }

    fn add_times(&mut self, e: &SymExpr, factor: i128) -> bool {
        if let SymExpr::Value(v) = e {
            let sum = v.checked_mul(factor).and_then(|v| self.constant.checked_add(v));
            let fits = sum.filter(|s| s.abs() <= MAX_VALUE);
            self.constant = fits.unwrap_or(self.constant);
            return fits.is_some();
        }
        let Some(p) = Poly::of(e) else { return false };
        let more = p.0.keys().filter(|m| !self.terms.0.contains_key(*m)).count();
        if self.terms.0.len() + more > MAX_TERMS {
            return false;
        }
        p.0.into_iter().all(|(m, c)| match (m.is_empty(), c.checked_mul(factor)) {
            (_, None) => false,
            (true, Some(c)) => self.add_times(&SymExpr::Value(c), 1),
            (false, Some(c)) => self.terms.add_term(m, c),
        })
    }

    /// Adds another sum; false where the result cannot be said.
    pub fn merge(&mut self, other: &Self) -> bool {
        let constant = self.add_times(&SymExpr::Value(other.constant), 1);
        self.terms.add(&other.terms, 1).is_some() && constant
    }

    /// True where this sum is nowhere less than `other`, factors being sizes.
    pub fn covers(&self, other: &Self) -> bool {
        let mine = |m: &Monomial| self.terms.0.get(m).copied().unwrap_or(0);
        self.constant >= other.constant
            && other.terms.0.iter().all(|(m, &c)| c <= mine(m))
            && self.terms.0.iter().all(|(m, &c)| c >= 0 || other.terms.0.contains_key(m))
    }

    /// The sum as an expression.
    pub fn expr(&self) -> SymExpr {
        let mut p = self.terms.clone();
        p.add_term(Monomial::new(), self.constant);
        p.expr()
    }
}

fn bounded(v: Option<i128>) -> Option<SymExpr> {
    v.filter(|v| v.abs() <= MAX_VALUE).map(SymExpr::Value)
}

fn floor_div(a: i128, b: i128) -> Option<i128> {
    let q = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q })
}

/// A sum divided by a positive number, rounded down: what divides evenly
/// leaves the fraction, and fractions of fractions become one.
fn divided(a: &Poly, c: i128) -> Option<SymExpr> {
    let (mut whole, mut rest) = (Poly::default(), Poly::default());
    for (m, &k) in &a.0 {
        let q = floor_div(k, c).filter(|_| m.is_empty() || k % c == 0).unwrap_or(0);
        whole.add_term(m.clone(), q);
        rest.add_term(m.clone(), k - q * c);
    }
    let fraction = match merged(&rest, c) {
        Some(f) => f,
        None => {
            let g = rest.0.iter().fold(c, |g, (m, &k)| if m.is_empty() { g } else { gcd(g, k) });
            shortened(&rest, c, g)?
        }
    };
    whole.add(&Poly::of(&fraction)?, 1)?;
    Some(whole.expr())
}

/// `(x / b + k) / c` is `(x + k*b) / (b*c)`.
fn merged(rest: &Poly, c: i128) -> Option<SymExpr> {
    let constant = rest.0.get(&Monomial::new()).copied().unwrap_or(0);
    let mut symbolic = rest.0.iter().filter(|t| !t.0.is_empty());
    let ((m, 1), None) = (symbolic.next().map(|(m, &k)| (m, k))?, symbolic.next()) else {
        return None;
    };
    let (SymExpr::Div(x, b), 1) = m.iter().next().filter(|_| m.len() == 1).map(|(a, &p)| (a, p))?
    else {
        return None;
    };
    let b = b.value().filter(|b| *b > 0)?;
    let top = x.plus(&SymExpr::Value(constant.checked_mul(b)?))?;
    top.over(&SymExpr::Value(b.checked_mul(c)?))
}

/// `(g*x + k) / (g*c)` is `(x + k/g) / c`.
fn shortened(rest: &Poly, c: i128, g: i128) -> Option<SymExpr> {
    let mut top = Poly::default();
    for (m, &k) in &rest.0 {
        top.add_term(m.clone(), floor_div(k, g)?);
    }
    match (c / g, top.expr()) {
        (1, e) => Some(e),
        (_, e @ SymExpr::Value(_)) => e.over(&SymExpr::Value(c / g)),
        (d, e) => Some(SymExpr::Div(e.into(), SymExpr::Value(d).into())),
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
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
                SymExpr::Add(a, b) => f(a) + f(b),
                SymExpr::Sub(a, b) => f(a) - f(b),
                SymExpr::Mul(a, b) => f(a) * f(b),
                SymExpr::Div(a, b) => floor_div(f(a), f(b)).unwrap(),
                SymExpr::DivCeil(a, b) => -floor_div(-f(a), f(b)).unwrap(),
                SymExpr::Max(a, b) | SymExpr::Broadcast(a, b) => f(a).max(f(b)),
                SymExpr::Min(a, b) => f(a).min(f(b)),
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
}
