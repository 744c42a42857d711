//! Declared dimensions as formulas of sizes: their symbols, their values, and
//! the size of a symbol that a value determines.

use super::shapes::size;
use super::symbols::Symbols;
use crate::budget;
use std::collections::HashMap;

/// Sizes of symbols.
pub type Sizes = HashMap<String, u64>;

/// Largest size of a symbol that is solved for.
const MAX_SIZE: u64 = 1 << 40;

/// The symbols that the declared dimension `text` depends on and that `known`
/// gives no size; none where that gives a size to the whole text.
pub fn open_symbols(text: &str, known: &Sizes) -> Vec<String> {
    let mut symbols = Symbols::default();
    symbols.parse(text, known);
    let mut names: Vec<String> = symbols.names().map(str::to_owned).collect();
    names.dedup();
    names
}

/// The size that the declared dimension `text` has; `None` where symbols are
/// open, or where the result is no size.
pub fn evaluate(text: &str, known: &Sizes) -> Option<u64> {
    size(&Symbols::default().parse(text, known))
}

/// The smallest size of the one open symbol in `text` for which it is `least` or
/// more; formulas are taken to grow with it.
pub fn solve_least(text: &str, symbol: &str, known: &Sizes, least: u64) -> Option<u64> {
    budget::work(known.len())?;
    let mut known = known.clone();
    let mut at = |n: u64| {
        known.insert(symbol.to_owned(), n);
        evaluate(text, &known).unwrap_or(0)
    };
    let (mut low, mut high) = (0, 1);
    while at(high) < least {
        (low, high) = (high.checked_add(1)?, high.checked_mul(2).filter(|&h| h <= MAX_SIZE)?);
    }
    while low < high {
        let middle = u64::midpoint(low, high);
        match at(middle) >= least {
            true => high = middle,
            false => low = middle.checked_add(1)?,
        }
    }
    Some(low)
}

/// Gives sizes to open symbols of `text` where its value determines them.
pub fn learn(text: &str, value: u64, known: &mut Sizes) {
    let open = open_symbols(text, known);
    let [symbol] = open.as_slice() else { return };
    if symbol == text {
        known.insert(text.to_owned(), value);
        return;
    }
    let found = solve_least(text, symbol, known, value);
    if let Some(n) = found {
        known.insert(symbol.clone(), n);
        if evaluate(text, known) != Some(value) {
            known.remove(symbol);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(pairs: &[(&str, u64)]) -> Sizes {
        pairs.iter().map(|&(s, n)| (s.to_owned(), n)).collect()
    }

    #[test]
    fn formulas_have_values() {
        let known = sizes(&[("past", 5), ("h", 9), ("whole + 1", 3)]);
        for (text, value) in [
            ("past + 1", Some(6)),
            ("2*h", Some(18)),
            ("floor(h/2)", Some(4)),
            ("past*h", Some(45)),
            ("past - 6", None),
            ("past + seq", None),
            ("whole + 1", Some(3)),
            ("h", Some(9)),
            ("other", None),
        ] {
            assert_eq!(evaluate(text, &known), value, "{text}");
        }
        assert_eq!(open_symbols("past + seq", &known), ["seq"]);
        assert_eq!(open_symbols("whole + 1", &known), [""; 0]);
        assert_eq!(open_symbols("a b", &known), ["a b"]);
    }

    #[test]
    fn values_determine_symbols() {
        let learned = |text: &str, value: u64| {
            let mut known = sizes(&[("one", 1)]);
            learn(text, value, &mut known);
            known.remove("one");
            let mut all: Vec<(String, u64)> = known.into_iter().collect();
            all.sort();
            all.pop().map(|a| a.1)
        };
        for (text, value, n) in [
            ("past + 1", 6, Some(5)),
            ("past + one", 6, Some(5)),
            ("past + 1", 1, Some(0)),
            ("past + 1", 0, None),
            ("2*n", 8, Some(4)),
            ("2*n", 7, None),
            ("floor(h/2)", 112, Some(224)),
            ("(h + 3)//4", 2, Some(5)),
            ("n", 7, Some(7)),
            ("a + b", 7, None),
            ("10 - n", 3, None),
            ("n", u64::MAX, Some(u64::MAX)),
            ("n + 1", u64::MAX, None),
        ] {
            assert_eq!(learned(text, value), n, "{text} = {value}");
        }
    }
}
