//! Macro-level search space of TransNAS-Bench-101: four to six modules of residual
//! blocks.

use super::{Module, network, residual};
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::error::{Error, Result};
use crate::options::Dataset;
use rand::{Rng, RngExt};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::LazyLock;

/// Modules of a skeleton.
const LENGTHS: RangeInclusive<usize> = 4..=6;
const MOST: usize = *LENGTHS.end();
/// Modules that double the channels.
const WIDER: RangeInclusive<usize> = 1..=3;
/// Modules that halve the size.
const SMALLER: RangeInclusive<usize> = 1..=4;
/// Draws of a change before the skeleton is left as it is.
const DRAWS: usize = 200;

/// A skeleton, written as a digit for each module: 1 plain, 2 doubles the channels, 3
/// halves the size, 4 both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransMacroArch {
    len: u8,
    /// Those beyond the length are plain.
    modules: [Module; MOST],
}

impl TransMacroArch {
    /// Number of skeletons.
    pub const COUNT: usize = 3_256;

    fn modules(&self) -> &[Module] {
        self.modules.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The skeleton of these modules; the error says why there is none.
    fn new(modules: &[Module]) -> Result<Self, String> {
        let count = |is: fn(Module) -> bool| modules.iter().filter(|m| is(**m)).count();
        let within = |count: usize, range: RangeInclusive<usize>, what: &str| {
            let (low, high) = (range.start(), range.end());
            match range.contains(&count) {
                true => Ok(()),
                false => Err(format!("{count} {what}, expected {low} to {high}")),
            }
        };
        within(modules.len(), LENGTHS, "modules")?;
        within(count(Module::widens), WIDER, "modules that double the channels")?;
        within(count(Module::shrinks), SMALLER, "modules that halve the size")?;
        let mut all = [Module::Plain; MOST];
        all.iter_mut().zip(modules).for_each(|(slot, module)| *slot = *module);
        Ok(Self { len: modules.len() as u8, modules: all })
    }

    /// A skeleton that differs by one module.
    pub(crate) fn mutate(&self, rng: &mut impl Rng) -> Self {
        let mut draw = || {
            let mut modules = self.modules().to_vec();
            let module = *Module::ALL.get(rng.random_range(0..Module::ALL.len()))?;
            let place = rng.random_range(0..modules.len());
            match rng.random_range(0..4) {
                0 => modules.insert(place, module),
                1 => drop(modules.remove(place)),
                _ => *modules.get_mut(place)? = module,
            }
            Self::new(&modules).ok().filter(|other| other != self)
        };
        (0..DRAWS).find_map(|_| draw()).unwrap_or(*self)
    }

    /// The length of either skeleton, and each module from either that has it.
    pub(crate) fn crossover(&self, other: &Self, rng: &mut impl Rng) -> Self {
        let mut draw = || {
            let [long, short] = if rng.random_bool(0.5) { [self, other] } else { [other, self] };
            let mixed = long.modules().iter().enumerate().map(|(at, own)| {
                let other = short.modules().get(at).unwrap_or(own);
                if rng.random_bool(0.5) { *own } else { *other }
            });
            Self::new(&mixed.collect::<Vec<_>>()).ok()
        };
        (0..DRAWS).find_map(|_| draw()).unwrap_or(*self)
    }
}

/// Every skeleton: shorter ones first, the last module varying fastest.
pub(crate) fn every_skeleton() -> &'static [TransMacroArch] {
    static ALL: LazyLock<Vec<TransMacroArch>> = LazyLock::new(|| {
        let of = |(len, index): (usize, usize)| {
            let module = |place: usize| Module::ALL.get(index >> (2 * place) & 3).copied();
            let modules: Vec<Module> = (0..len).rev().filter_map(module).collect();
            TransMacroArch::new(&modules).ok()
        };
        let codes = LENGTHS.flat_map(|len| (0..1usize << (2 * len)).map(move |i| (len, i)));
        codes.filter_map(of).collect()
    });
    &ALL
}

impl Architecture for TransMacroArch {
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        network(b, dataset, self.modules(), residual::basic)
    }
}

impl fmt::Display for TransMacroArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.modules().iter().try_for_each(|m| write!(f, "{}", *m as u8 + 1))
    }
}

impl FromStr for TransMacroArch {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let module = |digit: char| {
            let place = digit.to_digit(10).and_then(|d| d.checked_sub(1));
            let module = place.and_then(|at| Module::ALL.get(at as usize).copied());
            module.ok_or_else(|| format!("module {digit:?} is not 1, 2, 3 or 4"))
        };
        let modules: Result<Vec<Module>, String> = s.chars().map(module).collect();
        let arch = modules.and_then(|modules| Self::new(&modules));
        arch.map_err(|reason| Error::Architecture { arch: s.to_owned(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skeletons_are_as_many_as_published_and_round_trip() {
        assert_eq!(every_skeleton().len(), TransMacroArch::COUNT);
        for arch in every_skeleton() {
            assert_eq!(arch.to_string().parse::<TransMacroArch>().unwrap(), *arch);
        }
    }

    #[test]
    fn malformed_strings_are_explained() {
        let reason = |s: &str| s.parse::<TransMacroArch>().unwrap_err().to_string();
        assert!(reason("123").contains("3 modules, expected 4 to 6"));
        assert!(reason("1204").contains("'0' is not 1, 2, 3 or 4"));
        assert!(reason("1133").contains("0 modules that double"));
        assert!(reason("4444").contains("4 modules that double the channels, expected 1 to 3"));
        assert!(reason("1222").contains("0 modules that halve"));
    }
}
