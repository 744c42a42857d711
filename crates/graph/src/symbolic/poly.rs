//! Sums of products: the normal form of formulas.

use super::expr::{Pair, SymExpr};
use crate::budget;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Most terms of a sum.
const MAX_TERMS: usize = 256;
/// Most factors of a product.
const MAX_FACTORS: u32 = 64;
/// Steps of sorting in a term or factor.
const STEPS_A_PART: usize = 2;
/// Largest magnitude of a number.
const MAX_VALUE: u128 = 1 << 120;

/// True for a number that formulas may have.
pub fn fits(v: i128) -> bool {
    v.unsigned_abs() <= MAX_VALUE
}

/// Factors with their powers, in order.
type Monomial = BTreeMap<SymExpr, u32>;

/// A sum of monomials with coefficients, none zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Poly(BTreeMap<Monomial, i128>);

/// What adding a term does to the terms of a sum.
enum Change {
    Added,
    Removed,
    Coefficient,
}

/// Parts of the formula that a term becomes, about.
fn parts(m: &Monomial) -> usize {
    let one = |(atom, &power): (&SymExpr, &u32)| {
        atom.parts().saturating_add(1).saturating_mul(power as usize)
    };
    m.iter().map(one).fold(2, usize::saturating_add)
}

impl Poly {
    fn value(v: i128) -> Self {
        let mut p = Self::default();
        p.add_term(Monomial::new(), v);
        p
    }

    /// Adds a term; false on overflow.
    fn add_term(&mut self, m: Monomial, c: i128) -> bool {
        self.change(m, c).is_some()
    }

    /// Adds a term; `None` on overflow.
    fn change(&mut self, m: Monomial, c: i128) -> Option<Change> {
        if c == 0 {
            return Some(Change::Coefficient);
        }
        match self.0.entry(m) {
            Entry::Vacant(slot) => {
                slot.insert(Some(c).filter(|&c| fits(c))?);
                Some(Change::Added)
            }
            Entry::Occupied(mut slot) => {
                let sum = slot.get().checked_add(c).filter(|&s| fits(s))?;
                if sum == 0 {
                    slot.remove();
                    return Some(Change::Removed);
                }
                slot.insert(sum);
                Some(Change::Coefficient)
            }
        }
    }

    /// The normal form of `e`.
    pub fn of(e: &SymExpr) -> Option<Self> {
        budget::work(STEPS_A_PART)?;
        let mut p = Self::default();
        let mut rest = e;
        // Sums nest to the left.
        loop {
            rest = match rest {
                SymExpr::Add(pair) => {
                    p.add(Self::of(pair.right())?, 1)?;
                    pair.left()
                }
                SymExpr::Sub(pair) => {
                    p.add(Self::of(pair.right())?, -1)?;
                    pair.left()
                }
                _ => break,
            };
        }
        let first = match rest {
            SymExpr::Value(v) => Self::value(*v),
            SymExpr::Neg(x) => {
                let mut negative = Self::default();
                negative.add(Self::of(x)?, -1)?;
                negative
            }
            SymExpr::Mul(_) => Self::of_product(rest)?,
            atom => Self(BTreeMap::from([(Monomial::from([(atom.clone(), 1)]), 1)])),
        };
        p.add(first, 1)?;
        Some(p)
    }

    /// Products nest to the left as well; their factors are no sums.
    fn of_product(e: &SymExpr) -> Option<Self> {
        let (mut factors, mut coefficient) = (Monomial::new(), 1i128);
        let mut sums = Self::value(1);
        let mut rest = Some(e);
        while let Some(at) = rest {
            budget::work(STEPS_A_PART)?;
            let (factor, next) = match at {
                SymExpr::Mul(pair) => (pair.right(), Some(pair.left())),
                last => (last, None),
            };
            match factor {
                SymExpr::Value(v) => coefficient = coefficient.checked_mul(*v)?,
                SymExpr::Add(_) | SymExpr::Sub(_) | SymExpr::Mul(_) | SymExpr::Neg(_) => {
                    sums = sums.times(&Self::of(factor)?)?;
                }
                atom => {
                    let power = factors.entry(atom.clone()).or_insert(0);
                    *power = power.checked_add(1).filter(|&p| p <= MAX_FACTORS)?;
                }
            }
            rest = next;
        }
        let mut single = Self::default();
        single.change(factors, coefficient)?;
        if sums == Self::value(1) { Some(single) } else { single.times(&sums) }
    }

    /// Adds so many times `other`.
    pub fn add(&mut self, mut other: Self, factor: i128) -> Option<()> {
        budget::work(other.0.len().saturating_mul(STEPS_A_PART))?;
        if factor == 1 && self.0.len() < other.0.len() {
            std::mem::swap(self, &mut other);
        }
        for (m, c) in other.0 {
            if !self.add_term(m, c.checked_mul(factor)?) {
                return None;
            }
        }
        (self.0.len() <= MAX_TERMS).then_some(())
    }

    /// The product.
    pub fn times(&self, other: &Self) -> Option<Self> {
        let mut p = Self::default();
        if self.0.len().checked_mul(other.0.len())? > MAX_TERMS {
            return None;
        }
        for (ma, ca) in &self.0 {
            for (mb, cb) in &other.0 {
                let factors = ma.len().saturating_add(mb.len()).saturating_add(1);
                budget::work(factors.saturating_mul(STEPS_A_PART))?;
                let (most, fewest) = if ma.len() < mb.len() { (mb, ma) } else { (ma, mb) };
                let mut m = most.clone();
                for (atom, power) in fewest {
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
    pub fn exact(&self, m: &Monomial, c: i128) -> Option<Self> {
        let mut p = Self::default();
        for (mine, coefficient) in &self.0 {
            budget::work(mine.len().saturating_add(1).saturating_mul(STEPS_A_PART))?;
            if coefficient.checked_rem(c)? != 0 {
                return None;
            }
            let mut rest = mine.clone();
            for (atom, power) in m {
                let slot = rest.get_mut(atom)?;
                *slot = slot.checked_sub(*power)?;
            }
            rest.retain(|_, p| *p > 0);
            p.add_term(rest, coefficient.checked_div(c)?);
        }
        Some(p)
    }

    /// The only term, where there is one.
    pub fn single(&self) -> Option<(&Monomial, i128)> {
        let mut terms = self.0.iter();
        match (terms.next(), terms.next()) {
            (Some((m, &c)), None) => Some((m, c)),
            _ => None,
        }
    }

    fn constant(&self) -> i128 {
        self.0.get(&Monomial::new()).copied().unwrap_or(0)
    }

    /// Terms in symbols first, the constant last.
    pub fn expr(&self) -> SymExpr {
        let symbolic = self.0.iter().filter(|t| !t.0.is_empty());
        let mut sum: Option<SymExpr> = None;
        for (m, &c) in symbolic {
            let term = product(m, c.saturating_abs());
            sum = Some(match (sum, c < 0) {
                (None, false) => term,
                (None, true) => SymExpr::Neg(term.into()),
                (Some(s), false) => SymExpr::Add(Pair::new(s, term)),
                (Some(s), true) => SymExpr::Sub(Pair::new(s, term)),
            });
        }
        match (sum, self.constant()) {
            (None, c) => SymExpr::Value(c),
            (Some(s), 0) => s,
            (Some(s), c) if c < 0 => SymExpr::Sub(Pair::new(s, SymExpr::Value(c.saturating_neg()))),
            (Some(s), c) => SymExpr::Add(Pair::new(s, SymExpr::Value(c))),
        }
    }

    /// The sum divided by a positive number, rounded down: what divides evenly
    /// leaves the fraction, and fractions of fractions become one.
    pub fn divided(&self, c: i128) -> Option<SymExpr> {
        let (mut whole, mut rest) = (Self::default(), Self::default());
        for (m, &k) in &self.0 {
            let even = k.checked_rem(c)? == 0;
            let q = floor_div(k, c).filter(|_| m.is_empty() || even).unwrap_or(0);
            whole.add_term(m.clone(), q);
            rest.add_term(m.clone(), k.checked_sub(q.checked_mul(c)?)?);
        }
        let fraction = match rest.merged(c) {
            Some(f) => f,
            None => {
                let step =
                    |g, (m, &k): (&Monomial, &i128)| if m.is_empty() { g } else { gcd(g, k) };
                rest.shortened(c, rest.0.iter().fold(c, step))?
            }
        };
        whole.add(Self::of(&fraction)?, 1)?;
        Some(whole.expr())
    }

    /// `(x / b + k) / c` is `(x + k*b) / (b*c)`.
    fn merged(&self, c: i128) -> Option<SymExpr> {
        let mut symbolic = self.0.iter().filter(|t| !t.0.is_empty());
        let ((m, 1), None) = (symbolic.next().map(|(m, &k)| (m, k))?, symbolic.next()) else {
            return None;
        };
        let (SymExpr::Div(pair), 1) =
            m.iter().next().filter(|_| m.len() == 1).map(|(a, &p)| (a, p))?
        else {
            return None;
        };
        let b = pair.right().value().filter(|b| *b > 0)?;
        let top = pair.left().plus(&SymExpr::Value(self.constant().checked_mul(b)?))?;
        top.over(&SymExpr::Value(b.checked_mul(c)?))
    }

    /// `(g*x + k) / (g*c)` is `(x + k/g) / c`.
    fn shortened(&self, c: i128, g: i128) -> Option<SymExpr> {
        let mut top = Self::default();
        for (m, &k) in &self.0 {
            top.add_term(m.clone(), floor_div(k, g)?);
        }
        match (c.checked_div(g)?, top.expr()) {
            (1, e) => Some(e),
            (d, e @ SymExpr::Value(_)) => e.over(&SymExpr::Value(d)),
            (d, e) => Some(SymExpr::Div(Pair::new(e, SymExpr::Value(d)))),
        }
    }
}

fn product(m: &Monomial, c: i128) -> SymExpr {
    let mut out = (c != 1 || m.is_empty()).then_some(SymExpr::Value(c));
    for (atom, &power) in m {
        for _ in 0..power {
            out = Some(match out {
                None => atom.clone(),
                Some(p) => SymExpr::Mul(Pair::new(p, atom.clone())),
            });
        }
    }
    out.unwrap_or(SymExpr::Value(c))
}

/// The quotient, rounded down.
pub fn floor_div(a: i128, b: i128) -> Option<i128> {
    let q = a.checked_div(b)?;
    let rest = a.checked_rem(b)?;
    if rest != 0 && (a < 0) != (b < 0) { q.checked_sub(1) } else { Some(q) }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.saturating_abs(), b.saturating_abs());
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a.max(1)
}

/// A sum under way, cheaper to add to than an expression.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    constant: i128,
    terms: Poly,
    /// Parts of the formula that the terms become, about.
    parts: usize,
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

    fn add_constant(&mut self, v: i128, factor: i128) -> bool {
        let sum = v.checked_mul(factor).and_then(|v| self.constant.checked_add(v));
        let sum = sum.filter(|&s| fits(s));
        self.constant = sum.unwrap_or(self.constant);
        sum.is_some()
    }

    fn add_times(&mut self, e: &SymExpr, factor: i128) -> bool {
        match e {
            SymExpr::Value(v) => self.add_constant(*v, factor),
            e => Poly::of(e).is_some_and(|p| self.add_terms(p, factor)),
        }
    }

    fn add_terms(&mut self, p: Poly, factor: i128) -> bool {
        let (mut terms, mut more) = (self.terms.0.len(), 0usize);
        for m in p.0.keys().filter(|m| !self.terms.0.contains_key(*m)) {
            terms = terms.saturating_add(1);
            more = more.saturating_add(parts(m));
        }
        let all = self.parts.saturating_add(more);
        if terms > MAX_TERMS || all > SymExpr::MAX_PARTS || budget::work(p.0.len()).is_none() {
            return false;
        }
        p.0.into_iter().all(|(m, c)| match (m.is_empty(), c.checked_mul(factor)) {
            (_, None) => false,
            (true, Some(c)) => self.add_constant(c, 1),
            (false, Some(c)) => self.add_term(m, c),
        })
    }

    fn add_term(&mut self, m: Monomial, c: i128) -> bool {
        let size = parts(&m);
        let change = self.terms.change(m, c);
        self.parts = match change {
            Some(Change::Added) => self.parts.saturating_add(size),
            Some(Change::Removed) => self.parts.saturating_sub(size),
            Some(Change::Coefficient) | None => self.parts,
        };
        change.is_some()
    }

    /// Adds another sum; false where the result cannot be said.
    pub fn merge(&mut self, other: &Self) -> bool {
        let constant = self.add_constant(other.constant, 1);
        self.add_terms(other.terms.clone(), 1) && constant
    }

    /// True where this sum is nowhere less than `other`, factors being sizes.
    pub fn covers(&self, other: &Self) -> bool {
        let mine = |m: &Monomial| self.terms.0.get(m).copied().unwrap_or(0);
        let terms = self.terms.0.len().saturating_add(other.terms.0.len());
        budget::work(terms).is_some()
            && self.constant >= other.constant
            && other.terms.0.iter().all(|(m, &c)| c <= mine(m))
            && self.terms.0.iter().all(|(m, &c)| c >= 0 || other.terms.0.contains_key(m))
    }

    /// The sum as a formula within the bounds of formulas.
    pub fn formula(&self) -> Option<SymExpr> {
        self.expr().checked()
    }

    /// The sum as an expression.
    pub fn expr(&self) -> SymExpr {
        let mut p = self.terms.clone();
        p.add_term(Monomial::new(), self.constant);
        p.expr()
    }
}
