//! Subset of a search space: listed architectures alone.

use super::space::SearchSpace;
use crate::Rng;
use crate::error::{Error, Result};
use nneval_files::sha256;
use nneval_graph::model::Model;
use rand::RngExt;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Draws until one is inside, at most.
const TRIES: usize = 200;

/// A space cut down to a list of its architectures.
#[derive(Debug)]
pub struct Subset<'a, S: SearchSpace> {
    space: &'a S,
    keys: Vec<String>,
    members: HashSet<String>,
    /// Place of an architecture of each class.
    classes: HashMap<String, usize>,
    archs: Vec<S::Arch>,
    first: S::Arch,
}

impl<'a, S: SearchSpace> Subset<'a, S> {
    /// The architectures of `space` that `keys` name.
    ///
    /// # Errors
    /// [`Error::Architecture`] for a key that names none, [`Error::Space`]
    /// where there are no keys.
    pub fn new(space: &'a S, keys: Vec<String>) -> Result<Self> {
        let mut members = HashSet::new();
        let keys: Vec<String> = keys.into_iter().filter(|k| members.insert(k.clone())).collect();
        let archs = keys.iter().map(|k| space.parse(k)).collect::<Result<Vec<_>>>()?;
        let empty = || Error::Space("a list of architectures is empty".into());
        let first = archs.first().cloned().ok_or_else(empty)?;
        let places = archs.iter().enumerate();
        let classes = places.map(|(at, arch)| (space.class(arch), at)).collect();
        Ok(Self { space, keys, members, classes, archs, first })
    }

    /// What `draw` gives, or a member of its class, drawn again while it is outside; at
    /// last a random member.
    fn inside(&self, rng: &mut Rng, mut draw: impl FnMut(&mut Rng) -> S::Arch) -> S::Arch {
        for _ in 0..TRIES {
            let arch = draw(rng);
            if self.members.contains(&self.space.key(&arch)) {
                return arch;
            }
            let place = self.classes.get(&self.space.class(&arch));
            if let Some(member) = place.and_then(|at| self.archs.get(*at)) {
                return member.clone();
            }
        }
        self.sample(rng)
    }
}

impl<S: SearchSpace> SearchSpace for Subset<'_, S> {
    type Arch = S::Arch;

    fn name(&self) -> String {
        let sum = sha256(self.keys.join("\n").as_bytes());
        let (n, sum) = (self.keys.len(), sum.get(..12).unwrap_or_default());
        format!("{}, {n} of its architectures, {sum}", self.space.name())
    }

    fn key(&self, arch: &S::Arch) -> String {
        self.space.key(arch)
    }

    fn parse(&self, key: &str) -> Result<S::Arch> {
        if !self.members.contains(key) {
            let reason = "is not on the list searched".to_owned();
            return Err(Error::Architecture { arch: key.to_owned(), reason });
        }
        self.space.parse(key)
    }

    fn size(&self) -> Option<usize> {
        Some(self.archs.len())
    }

    fn nth(&self, index: usize) -> Option<S::Arch> {
        self.archs.get(index).cloned()
    }

    fn sample(&self, rng: &mut Rng) -> S::Arch {
        self.nth(rng.random_range(0..self.archs.len().max(1))).unwrap_or_else(|| self.first.clone())
    }

    fn mutate(&self, arch: &S::Arch, rng: &mut Rng) -> S::Arch {
        self.inside(rng, |rng| self.space.mutate(arch, rng))
    }

    fn crossover(&self, a: &S::Arch, b: &S::Arch, rng: &mut Rng) -> S::Arch {
        self.inside(rng, |rng| self.space.crossover(a, b, rng))
    }

    fn onnx(&self, arch: &S::Arch) -> Result<Vec<u8>> {
        self.space.onnx(arch)
    }

    fn model(&self, arch: &S::Arch) -> Result<Model> {
        self.space.model(arch)
    }

    fn file(&self, arch: &S::Arch) -> Option<PathBuf> {
        self.space.file(arch)
    }

    fn file_stem(&self, arch: &S::Arch) -> String {
        self.space.file_stem(arch)
    }
}
