//! Arithmetic on single elements: size formulas, integers and floats.

use crate::symbolic::{Num, SymExpr};

/// The value of an operator on its operands' elements, where it can be told.
/// The flag says that these are floats.
pub type Evaluate = fn(&[Num], bool) -> Option<Num>;

/// Of an operator that is not evaluated.
pub fn unknown(_: &[Num], _: bool) -> Option<Num> {
    None
}

/// A function of two integers, or of two floats where one is a float.
fn pair(
    v: &[Num],
    int: impl Fn(&SymExpr, &SymExpr) -> Option<Num>,
    float: impl Fn(f64, f64) -> Option<Num>,
) -> Option<Num> {
    match v {
        [Num::Int(x), Num::Int(y)] => int(x, y),
        [a, b] => float(a.float()?, b.float()?),
        _ => None,
    }
}

/// A function of two operands on any number of them.
fn fold(v: &[Num], real: bool, f: Evaluate) -> Option<Num> {
    let (first, rest) = v.split_first()?;
    rest.iter().try_fold(first.clone(), |a, b| f(&[a, b.clone()], real))
}

fn float(x: f64) -> Option<Num> {
    Some(Num::Float(x))
}

fn truth(v: bool) -> Option<Num> {
    Some(Num::Int(SymExpr::Value(v.into())))
}

pub fn add(v: &[Num], _: bool) -> Option<Num> {
    pair(v, |x, y| x.plus(y).map(Num::Int), |x, y| float(x + y))
}

pub fn subtract(v: &[Num], _: bool) -> Option<Num> {
    pair(v, |x, y| x.minus(y).map(Num::Int), |x, y| float(x - y))
}

pub fn multiply(v: &[Num], _: bool) -> Option<Num> {
    pair(v, |x, y| x.times(y).map(Num::Int), |x, y| float(x * y))
}

pub fn divide(v: &[Num], real: bool) -> Option<Num> {
    pair(v, |x, y| quotient(x, y, real), |x, y| float(x / y))
}

/// Mod-13: the remainder has the sign of the divisor.
pub fn remainder(v: &[Num], real: bool) -> Option<Num> {
    let int = |x: &SymExpr, y: &SymExpr| {
        if let (Some(a), Some(b)) = (x.value(), y.value()) {
            let r = a.checked_rem(b)?;
            let moved = r != 0 && (r < 0) != (b < 0);
            return Some(Num::Int(SymExpr::Value(if moved { r.checked_add(b)? } else { r })));
        }
        let plain = !real && x.is_nonnegative() && y.value().is_some_and(|v| v > 0);
        plain.then(|| x.minus(&x.over(y)?.times(y)?).map(Num::Int)).flatten()
    };
    pair(v, int, |_, _| None)
}

/// Mod-13 with `fmod`: the remainder has the sign of the dividend.
pub fn truncated_remainder(v: &[Num], real: bool) -> Option<Num> {
    let int = |x: &SymExpr, y: &SymExpr| match (x.value(), y.value()) {
        (Some(a), Some(b)) => a.checked_rem(b).map(|r| Num::Int(SymExpr::Value(r))),
        _ => remainder(&[Num::Int(x.clone()), Num::Int(y.clone())], real),
    };
    pair(v, int, |x, y| float(x % y))
}

/// The mean of floats.
pub fn mean(v: &[Num], real: bool) -> Option<Num> {
    let count = Num::Int(v.len().into());
    divide(&[total(v, real)?, count], true)
}

/// `x`, no less than `low` and no more than `high`.
pub fn clipped(x: &Num, low: Option<&Num>, high: Option<&Num>) -> Option<Num> {
    let known = |n: &Num| n.int().map_or_else(|| n.clone(), Num::Int);
    let mut x = x.clone();
    for (bound, is_low) in [(low, true), (high, false)] {
        let Some(bound) = bound.map(known) else { continue };
        let far = bound.float().is_some_and(|b| b.abs() >= 2f64.powi(53) && (b < 0.0) == is_low);
        x = match (&x, &bound) {
            (Num::Int(_), _) if far => x,
            (Num::Int(e), Num::Int(b))
                if is_low && e.is_nonnegative() && b.value().is_some_and(|b| b <= 0) =>
            {
                x
            }
            _ if is_low => largest(&[x, bound], true)?,
            _ => smallest(&[x, bound], true)?,
        };
    }
    Some(x)
}

pub fn bitwise_and(v: &[Num], _: bool) -> Option<Num> {
    pair(v, |x, y| bits(x, y, |a, b| a & b), |_, _| None)
}

pub fn bitwise_or(v: &[Num], _: bool) -> Option<Num> {
    pair(v, |x, y| bits(x, y, |a, b| a | b), |_, _| None)
}

pub fn bitwise_xor(v: &[Num], _: bool) -> Option<Num> {
    pair(v, |x, y| bits(x, y, |a, b| a ^ b), |_, _| None)
}

/// Of unsigned integers.
pub fn shift_right(v: &[Num], _: bool) -> Option<Num> {
    let shift =
        |x: i128, by: i128| u32::try_from(by).ok().and_then(|b| x.checked_shr(b)).unwrap_or(0);
    pair(v, |x, y| bits(x, y, shift), |_, _| None)
}

/// Of unsigned integers of any width.
pub fn shift_left(v: &[Num], _: bool) -> Option<Num> {
    let shift = |x: &SymExpr, by: &SymExpr| {
        let by = u32::try_from(by.value()?).ok().filter(|&b| b < 64)?;
        let x = x.value().filter(|x| (0..1 << 62).contains(x))?;
        Some(Num::Int(SymExpr::Value(x.checked_shl(by)?)))
    };
    pair(v, shift, |_, _| None)
}

fn bits(x: &SymExpr, y: &SymExpr, f: impl Fn(i128, i128) -> i128) -> Option<Num> {
    Some(Num::Int(SymExpr::Value(f(x.value()?, y.value()?))))
}

pub fn total(v: &[Num], real: bool) -> Option<Num> {
    fold(v, real, add)
}

pub fn largest(v: &[Num], real: bool) -> Option<Num> {
    let larger = |x: &SymExpr, y: &SymExpr| x.larger(y).map(Num::Int);
    match v {
        [_, _] => pair(v, larger, |x, y| float(x.max(y))),
        _ => fold(v, real, largest),
    }
}

pub fn smallest(v: &[Num], real: bool) -> Option<Num> {
    let smaller = |x: &SymExpr, y: &SymExpr| x.smaller(y).map(Num::Int);
    match v {
        [_, _] => pair(v, smaller, |x, y| float(x.min(y))),
        _ => fold(v, real, smallest),
    }
}

pub fn power(v: &[Num], _: bool) -> Option<Num> {
    let int = |x: &SymExpr, y: &SymExpr| {
        let y = u32::try_from(y.value()?).ok().filter(|&y| y < 128)?;
        let power = x.value()?.checked_pow(y).filter(|v| v.unsigned_abs() < 1 << 62)?;
        Some(Num::Int(SymExpr::Value(power)))
    };
    pair(v, int, |x, y| float(x.powf(y)))
}

pub fn equal(v: &[Num], _: bool) -> Option<Num> {
    let int = |x: &SymExpr, y: &SymExpr| match x.value().zip(y.value()) {
        _ if x == y => truth(true),
        None if differ(x, y) => truth(false),
        known => known.and_then(|(x, y)| truth(x == y)),
    };
    pair(v, int, |x, y| truth(x == y))
}

/// A comparison or logical function of plain integers.
fn known(f: impl Fn(i128, i128) -> bool) -> impl Fn(&SymExpr, &SymExpr) -> Option<Num> {
    move |x, y| truth(f(x.value()?, y.value()?))
}

pub fn less(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| x < y), |x, y| truth(x < y))
}

pub fn less_or_equal(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| x <= y), |x, y| truth(x <= y))
}

pub fn greater(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| x > y), |x, y| truth(x > y))
}

pub fn greater_or_equal(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| x >= y), |x, y| truth(x >= y))
}

pub fn and(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| x != 0 && y != 0), |_, _| None)
}

pub fn or(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| x != 0 || y != 0), |_, _| None)
}

pub fn exclusive_or(v: &[Num], _: bool) -> Option<Num> {
    pair(v, known(|x, y| (x != 0) != (y != 0)), |_, _| None)
}

/// The second operand where the first is not 0, else the third.
pub fn selected(v: &[Num], _: bool) -> Option<Num> {
    let [condition, yes, no] = v else { return None };
    Some(if condition.int()?.value()? != 0 { yes.clone() } else { no.clone() })
}

/// A size is never equal to a negative number.
fn differ(x: &SymExpr, y: &SymExpr) -> bool {
    let negative = |e: &SymExpr| e.value().is_some_and(|v| v < 0);
    (negative(x) && y.is_nonnegative()) || (negative(y) && x.is_nonnegative())
}

/// Integers divide towards zero, floats exactly.
fn quotient(x: &SymExpr, y: &SymExpr, real: bool) -> Option<Num> {
    match (x.value(), y.value()) {
        (_, Some(0)) => None,
        (Some(a), Some(b)) if real && a.checked_rem(b)? != 0 => {
            Some(Num::Float(a as f64 / b as f64))
        }
        (Some(a), Some(b)) => Some(Num::Int(SymExpr::Value(a.checked_div(b)?))),
        _ => {
            let q = x.over(y)?;
            let exact = q.times(y)? == *x;
            (exact || (!real && x.is_nonnegative())).then_some(Num::Int(q))
        }
    }
}
