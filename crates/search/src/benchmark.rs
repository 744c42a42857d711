//! Search operators of the spaces that nneval has networks of.

use super::space::SearchSpace;
use crate::Rng;
use crate::error::Result;
use nneval_spaces::{Arch, ModelOptions, Space, to_bytes};

/// A space of `nneval_spaces`. A mutation changes one place of an architecture, as Dong
/// et al. (2021) do; a crossover takes each place from either parent. Cells of
/// NAS-Bench-101 and skeletons of TransNAS-Bench-101 also grow and shrink.
#[derive(Debug, Clone)]
pub struct Benchmark {
    space: Space,
    options: ModelOptions,
}

impl Benchmark {
    /// The space, its networks built with `options`.
    pub fn new(space: Space, options: ModelOptions) -> Self {
        Self { space, options }
    }
}

impl SearchSpace for Benchmark {
    type Arch = Arch;

    fn name(&self) -> String {
        format!("{} {}", self.space, self.options.dataset)
    }

    fn key(&self, arch: &Arch) -> String {
        arch.to_string()
    }

    fn class(&self, arch: &Arch) -> String {
        arch.class()
    }

    fn parse(&self, key: &str) -> Result<Arch> {
        Ok(self.space.parse(key)?)
    }

    fn size(&self) -> Option<usize> {
        self.space.size()
    }

    fn nth(&self, index: usize) -> Option<Arch> {
        self.space.nth(index)
    }

    fn sample(&self, rng: &mut Rng) -> Arch {
        self.space.sample(rng)
    }

    fn mutate(&self, arch: &Arch, rng: &mut Rng) -> Arch {
        arch.mutate(rng)
    }

    fn crossover(&self, a: &Arch, b: &Arch, rng: &mut Rng) -> Arch {
        a.crossover(b, rng)
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
    fn neighbours_of_places_differ_in_one() {
        let mut rng = Rng::seed_from_u64(1);
        for (space, separator) in
            [(Space::NatsTss, '|'), (Space::NatsSss, ':'), (Space::Fbnet, ' ')]
        {
            let space = Benchmark::new(space, ModelOptions::of(space));
            let different = |a: &Arch, b: &Arch| {
                let (a, b) = (space.key(a), space.key(b));
                a.split(separator).zip(b.split(separator)).filter(|(x, y)| x != y).count()
            };
            for _ in 0..200 {
                let (a, b) = (space.sample(&mut rng), space.sample(&mut rng));
                assert_eq!(space.parse(&space.key(&a)).unwrap(), a);
                assert_eq!(different(&a, &space.mutate(&a, &mut rng)), 1);
                let child = space.crossover(&a, &b, &mut rng);
                assert_eq!(different(&child, &a) + different(&child, &b), different(&a, &b));
            }
        }
    }
}
