//! Einsum: a product of tensors summed over the indices that the result lacks.

use super::flops::{self, Site, Work, elements};
use super::known::Known;
use super::op::{Op, Outputs, broadcast, one};
use crate::symbolic::SymExpr;
use std::collections::BTreeMap;

/// The indices of one operand or of the result: letters, and where `...` stands.
struct Term {
    before: Vec<char>,
    after: Vec<char>,
    ellipsis: bool,
}

impl Term {
    /// A term without spaces; `None` where it holds more than letters and one `...`.
    fn read(text: &str) -> Option<Self> {
        let (before, after, ellipsis) = match text.split_once("...") {
            Some((a, b)) => (a, b, true),
            None => (text, "", false),
        };
        let letters = |s: &str| -> Option<Vec<char>> {
            s.chars().map(|c| c.is_ascii_alphabetic().then_some(c)).collect()
        };
        Some(Self { before: letters(before)?, after: letters(after)?, ellipsis })
    }
}

/// An equation with the sizes of its operands, after broadcasting.
struct Indices {
    operands: usize,
    /// Size of each letter, and how often it stands in the operands.
    sizes: BTreeMap<char, (SymExpr, usize)>,
    /// Sizes of the dimensions that `...` stands for.
    dots: Vec<SymExpr>,
    /// The result as written.
    result: Option<Term>,
}

fn indices(s: &impl Known) -> Option<Indices> {
    let equation: String =
        s.node().string("equation")?.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((l, r)) => (l, Some(Term::read(r)?)),
        None => (equation.as_str(), None),
    };
    let mut all = Indices { operands: 0, sizes: BTreeMap::new(), dots: Vec::new(), result: right };
    for (i, term) in left.split(',').enumerate() {
        all.operand(&Term::read(term)?, &s.input(i)?)?;
    }
    Some(all)
}

impl Indices {
    fn operand(&mut self, term: &Term, dims: &[SymExpr]) -> Option<()> {
        self.operands = self.operands.checked_add(1)?;
        let dotted = dims.len().checked_sub(term.before.len())?.checked_sub(term.after.len())?;
        if dotted > 0 && !term.ellipsis {
            return None;
        }
        let (before, rest) = dims.split_at_checked(term.before.len())?;
        let (dots, after) = rest.split_at_checked(dotted)?;
        self.dots = broadcast(&self.dots, dots)?;
        let named = term.before.iter().zip(before).chain(term.after.iter().zip(after));
        for (&letter, d) in named {
            let slot = self.sizes.entry(letter).or_insert((SymExpr::ONE, 0));
            *slot = (slot.0.broadcast(d)?, slot.1.checked_add(1)?);
        }
        Some(())
    }

    /// Sizes of the result: as written, else `...` and the letters that stand
    /// once, in alphabetical order.
    fn result(&self) -> Option<Vec<SymExpr>> {
        let Some(r) = &self.result else {
            let once = self.sizes.values().filter(|s| s.1 == 1).map(|s| s.0.clone());
            return Some(self.dots.iter().cloned().chain(once).collect());
        };
        let sizes = |letters: &[char]| -> Option<Vec<SymExpr>> {
            letters.iter().map(|c| self.sizes.get(c).map(|s| s.0.clone())).collect()
        };
        let dots = if r.ellipsis { self.dots.clone() } else { Vec::new() };
        Some([sizes(&r.before)?, dots, sizes(&r.after)?].concat())
    }

    /// Product of the sizes of all indices.
    fn points(&self) -> Option<SymExpr> {
        let letters = self.sizes.values().map(|s| s.0.clone());
        elements(&letters.chain(self.dots.iter().cloned()).collect::<Vec<_>>())
    }
}

/// Einsum-12.
pub fn einsum(op: &mut Op) -> Option<Outputs> {
    one(indices(op)?.result()?)
}

/// One multiplication for each point of the index space; sums alone of one
/// operand, and nothing where that is only rearranged.
pub fn einsum_work(site: &Site) -> Option<Work> {
    let all = indices(site)?;
    let points = all.points()?;
    match all.operands {
        1 if elements(&all.result()?)? == points => flops::none(site),
        1 => flops::flops(points),
        _ => flops::macs(points),
    }
}
