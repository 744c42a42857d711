//! Search operators of NATS-Bench's spaces: a fixed number of positions, each
//! with a fixed number of choices.

use super::space::SearchSpace;
use crate::Rng;
use crate::error::Result;
use nneval_spaces::{Arch, ModelOptions, Space, SssArch, TssArch, to_bytes};
use rand::RngExt;

/// A space of NATS-Bench. A mutation changes one edge (TSS) or one width (SSS),
/// as Dong et al. (2021) do; a crossover takes each from either parent.
#[derive(Debug, Clone)]
pub struct Nats {
    space: Space,
    options: ModelOptions,
}

impl Nats {
    /// The space, its networks built with `options`.
    pub fn new(space: Space, options: ModelOptions) -> Self {
        Self { space, options }
    }

    /// Number of places, and of choices at each.
    fn shape(&self) -> (usize, usize) {
        match self.space {
            Space::NatsTss => (6, 5),
            Space::NatsSss => (5, 8),
        }
    }

    fn at(&self, index: usize) -> Arch {
        match self.space {
            Space::NatsTss => Arch::Tss(TssArch::nth(index)),
            Space::NatsSss => Arch::Sss(SssArch::nth(index)),
        }
    }

    /// The choice at each place, the last place first.
    fn choices(&self, arch: &Arch) -> Vec<usize> {
        let (places, choices) = self.shape();
        let mut rest = match arch {
            Arch::Tss(a) => a.index(),
            Arch::Sss(a) => a.index(),
        };
        let mut next = || {
            let choice = rest % choices;
            rest /= choices;
            choice
        };
        (0..places).map(|_| next()).collect()
    }

    fn of(&self, choices: &[usize]) -> Arch {
        let (_, base) = self.shape();
        self.at(choices.iter().rev().fold(0, |index, choice| index * base + choice))
    }
}

impl SearchSpace for Nats {
    type Arch = Arch;

    fn name(&self) -> String {
        format!("{} {}", self.space, self.options.dataset)
    }

    fn key(&self, arch: &Arch) -> String {
        arch.to_string()
    }

    fn parse(&self, key: &str) -> Result<Arch> {
        Ok(self.space.parse(key)?)
    }

    fn size(&self) -> Option<usize> {
        Some(match self.space {
            Space::NatsTss => TssArch::COUNT,
            Space::NatsSss => SssArch::COUNT,
        })
    }

    fn nth(&self, index: usize) -> Option<Arch> {
        self.size().filter(|&n| index < n).map(|_| self.at(index))
    }

    fn sample(&self, rng: &mut Rng) -> Arch {
        self.at(rng.random_range(0..self.size().unwrap_or(1)))
    }

    fn mutate(&self, arch: &Arch, rng: &mut Rng) -> Arch {
        let (places, base) = self.shape();
        let mut choices = self.choices(arch);
        let (place, step) = (rng.random_range(0..places), rng.random_range(1..base));
        if let Some(choice) = choices.get_mut(place) {
            *choice = (*choice + step) % base;
        }
        self.of(&choices)
    }

    fn crossover(&self, a: &Arch, b: &Arch, rng: &mut Rng) -> Arch {
        let pairs = self.choices(a).into_iter().zip(self.choices(b));
        let mixed: Vec<usize> =
            pairs.map(|(x, y)| if rng.random_bool(0.5) { x } else { y }).collect();
        self.of(&mixed)
    }

    fn onnx(&self, arch: &Arch) -> Result<Vec<u8>> {
        Ok(to_bytes(&arch.model(&self.options)?)?)
    }

    fn file_stem(&self, arch: &Arch) -> String {
        arch.file_stem()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn keys_parse_back_and_neighbours_differ_in_one_place() {
        let mut rng = Rng::seed_from_u64(1);
        for space in [Space::NatsTss, Space::NatsSss] {
            let space = Nats::new(space, ModelOptions::default());
            let different = |a: &Arch, b: &Arch| {
                let pairs = space.choices(a).into_iter().zip(space.choices(b));
                pairs.filter(|(x, y)| x != y).count()
            };
            for _ in 0..200 {
                let (a, b) = (space.sample(&mut rng), space.sample(&mut rng));
                assert_eq!(space.parse(&space.key(&a)).unwrap(), a);
                assert_eq!(space.of(&space.choices(&a)), a);
                assert_eq!(different(&a, &space.mutate(&a, &mut rng)), 1);
                let child = space.crossover(&a, &b, &mut rng);
                assert!(different(&child, &a) + different(&child, &b) == different(&a, &b));
            }
            let size = space.size().unwrap();
            assert!(space.nth(size - 1).is_some() && space.nth(size).is_none());
        }
    }
}
