//! Enumeration, sampling, mutation and crossover of architectures.

use crate::arch::Arch;
use crate::digits::Digits;
use crate::mobile::accel::AccelArch;
use crate::mobile::fbnet::FbnetArch;
use crate::mobile::nasbench_macro::MacroArch;
use crate::mobile::ofa::OfaArch;
use crate::nasbench101::{Cell101, every_cell};
use crate::nats::{SssArch, TssArch};
use crate::space::Space;
use crate::transnas::{TransMacroArch, TransMicroArch, every_skeleton};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;

/// Does something with the type of a space that is a choice at each place; `$other`
/// for the spaces that are not.
macro_rules! on_digits {
    ($space:expr, $T:ident, $Variant:ident => $do:expr, _ => $other:expr) => {
        match $space {
            Space::NatsTss => on_digits!(@ TssArch, Tss, $T, $Variant, $do),
            Space::NatsSss => on_digits!(@ SssArch, Sss, $T, $Variant, $do),
            Space::TransNasMicro => on_digits!(@ TransMicroArch, TransMicro, $T, $Variant, $do),
            Space::NasBenchMacro => on_digits!(@ MacroArch, NasBenchMacro, $T, $Variant, $do),
            Space::AccelNasBench => on_digits!(@ AccelArch, Accel, $T, $Variant, $do),
            Space::Ofa => on_digits!(@ OfaArch, Ofa, $T, $Variant, $do),
            Space::Fbnet => on_digits!(@ FbnetArch, Fbnet, $T, $Variant, $do),
            Space::NasBench101 | Space::TransNasMacro => $other,
        }
    };
    (@ $Type:ident, $Case:ident, $T:ident, $Variant:ident, $do:expr) => {{
        type $T = $Type;
        #[allow(unused_imports, reason = "some uses need the type alone")]
        use Arch::$Case as $Variant;
        $do
    }};
}

impl Space {
    /// Number of architectures, where they can be counted off.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::NasBench101 => Some(Cell101::COUNT),
            Self::TransNasMacro => Some(TransMacroArch::COUNT),
            _ => on_digits!(self, T, V => T::count(), _ => None),
        }
    }

    /// The architecture at a position below [`Space::size`].
    pub fn nth(self, index: usize) -> Option<Arch> {
        if self.size().is_none_or(|n| index >= n) {
            return None;
        }
        match self {
            Self::NasBench101 => every_cell().get(index).copied().map(Arch::NasBench101),
            Self::TransNasMacro => every_skeleton().get(index).copied().map(Arch::TransMacro),
            _ => on_digits!(self, T, V => Some(V(T::nth(index))), _ => None),
        }
    }

    /// Every architecture, in enumeration order; none of a space that is too large to
    /// count off ([`Space::size`]).
    pub fn all(self) -> Box<dyn Iterator<Item = Arch>> {
        Box::new((0..self.size().unwrap_or(0)).filter_map(move |at| self.nth(at)))
    }

    /// A random architecture.
    pub fn sample(self, rng: &mut impl Rng) -> Arch {
        let counted = self.size().and_then(|n| self.nth(rng.random_range(0..n.max(1))));
        counted.unwrap_or_else(|| self.drawn(rng))
    }

    /// A random choice at each place.
    fn drawn(self, rng: &mut impl Rng) -> Arch {
        on_digits!(self, T, V => {
            let draw = |radix: usize| rng.random_range(0..radix.max(1));
            V(T::of_digits(&T::radices().into_iter().map(draw).collect::<Vec<_>>()))
        }, _ => Arch::Tss(TssArch::nth(0)))
    }

    /// `count` random architectures, no two equal, in the order of the draw; fewer
    /// where the space has fewer. A larger sample begins with a smaller one.
    pub fn distinct(self, count: usize, seed: u64) -> Vec<Arch> {
        let count = count.min(self.size().unwrap_or(usize::MAX));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut seen, mut all) = (HashSet::new(), Vec::new());
        while all.len() < count {
            let arch = self.sample(&mut rng);
            if seen.insert(arch) {
                all.push(arch);
            }
        }
        all
    }

    /// Architectures that stand for the space: all where there are at most `most`,
    /// else a sample of so many.
    pub fn representatives(self, most: usize) -> Vec<Arch> {
        match self.size() {
            Some(n) if n <= most => self.all().collect(),
            _ => self.distinct(most, 0),
        }
    }
}

impl Arch {
    /// A neighbour: another choice at one place, an edge or a vertex of a cell more,
    /// less or changed, a module of a skeleton more, less or changed.
    #[must_use]
    pub fn mutate(&self, rng: &mut impl Rng) -> Self {
        match self {
            Self::NasBench101(cell) => Self::NasBench101(cell.mutate(rng)),
            Self::TransMacro(skeleton) => Self::TransMacro(skeleton.mutate(rng)),
            _ => self.with_digits(|digits, radices| {
                let place = rng.random_range(0..digits.len().max(1));
                let radix = radices.get(place).copied().unwrap_or(1);
                let step = if radix > 1 { rng.random_range(1..radix) } else { 0 };
                if let Some(digit) = digits.get_mut(place) {
                    *digit = (*digit + step) % radix;
                }
            }),
        }
    }

    /// An architecture that has each place, edge, vertex or module from either of two
    /// of one space; of two spaces this one.
    #[must_use]
    pub fn crossover(&self, other: &Self, rng: &mut impl Rng) -> Self {
        match (self, other) {
            (Self::NasBench101(a), Self::NasBench101(b)) => Self::NasBench101(a.crossover(b, rng)),
            (Self::TransMacro(a), Self::TransMacro(b)) => Self::TransMacro(a.crossover(b, rng)),
            _ if self.space() != other.space() => *self,
            _ => {
                let others = other.digits();
                self.with_digits(|digits, _| {
                    for (own, other) in digits.iter_mut().zip(others) {
                        *own = if rng.random_bool(0.5) { *own } else { other };
                    }
                })
            }
        }
    }

    /// The choice at each place, the last place first; empty where the architecture is
    /// not one.
    fn digits(&self) -> Vec<usize> {
        let mut digits = match self {
            Self::Tss(a) => a.digits(),
            Self::Sss(a) => a.digits(),
            Self::TransMicro(a) => a.digits(),
            Self::NasBenchMacro(a) => a.digits(),
            Self::Accel(a) => a.digits(),
            Self::Ofa(a) => a.digits(),
            Self::Fbnet(a) => a.digits(),
            Self::NasBench101(_) | Self::TransMacro(_) => Vec::new(),
        };
        digits.reverse();
        digits
    }

    /// This architecture with choices changed by `change`, which gets them and their
    /// radices, the last place first.
    fn with_digits(&self, change: impl FnOnce(&mut [usize], &[usize])) -> Self {
        let mut digits = self.digits();
        on_digits!(self.space(), T, V => {
            let mut radices = T::radices();
            radices.reverse();
            change(&mut digits, &radices);
            digits.reverse();
            V(T::of_digits(&digits))
        }, _ => *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spaces() -> impl Iterator<Item = Space> {
        Space::NAMES.into_iter().map(|name| name.parse().unwrap())
    }

    #[test]
    fn sizes_are_the_published_ones() {
        let size = |name: &str| name.parse::<Space>().unwrap().size();
        assert_eq!(size("nats-tss"), Some(15_625));
        assert_eq!(size("nats-sss"), Some(32_768));
        assert_eq!(size("nasbench101"), Some(423_624));
        assert_eq!(size("transnas-micro"), Some(4_096));
        assert_eq!(size("transnas-macro"), Some(3_256));
        assert_eq!(size("nasbench-macro"), Some(6_561));
        assert_eq!([size("accel-nasbench"), size("ofa"), size("fbnet")], [None; 3]);
    }

    #[test]
    fn enumerations_have_no_architecture_twice() {
        for space in spaces().filter(|s| s.size().is_some_and(|n| n < 50_000)) {
            let all: HashSet<Arch> = space.all().collect();
            assert_eq!(Some(all.len()), space.size(), "{space}");
            assert!(space.nth(all.len()).is_none());
        }
    }

    #[test]
    fn drawn_and_varied_architectures_print_and_parse() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for space in spaces() {
            let mut changed = 0;
            for _ in 0..100 {
                let (a, b) = (space.sample(&mut rng), space.sample(&mut rng));
                let (mutant, child) = (a.mutate(&mut rng), a.crossover(&b, &mut rng));
                changed += usize::from(mutant != a);
                for arch in [a, b, mutant, child] {
                    assert_eq!(space.parse(&arch.to_string()).unwrap(), arch, "{space}");
                    assert_eq!(arch.space(), space);
                }
                assert_eq!(a.crossover(&a, &mut rng), a, "{space}");
            }
            assert!(changed >= 99, "{space}: {changed}");
        }
    }

    #[test]
    fn a_larger_sample_begins_with_a_smaller_one() {
        for space in spaces() {
            let many = space.distinct(30, 3);
            assert_eq!(many.iter().collect::<HashSet<_>>().len(), 30, "{space}");
            assert_eq!(many[..10], space.distinct(10, 3));
            assert_ne!(many, space.distinct(30, 4));
        }
        assert_eq!(Space::TransNasMacro.distinct(9_999, 0).len(), 3_256);
    }
}
