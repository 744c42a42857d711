//! Trait of a search space.

use crate::Rng;
use crate::error::Result;
use nneval_files::sha256;
use nneval_graph::model::{Limits, Model};
use std::path::{Path, PathBuf};

/// A space of architectures. `examples/own_space.rs` adds one in one file.
///
/// Whatever is random must come from the generator that is handed over, so that
/// a search is a function of its seed.
pub trait SearchSpace: Sync {
    /// One architecture.
    type Arch: Clone + Send + Sync;

    /// Name of the space; a resumed search must have the same.
    fn name(&self) -> String;

    /// The text that names an architecture; different for different ones.
    fn key(&self, arch: &Self::Arch) -> String;

    /// A text that architectures of the same network share; else the key.
    fn class(&self, arch: &Self::Arch) -> String {
        self.key(arch)
    }

    /// The architecture that a text names.
    ///
    /// # Errors
    /// [`crate::Error::Architecture`] where it names none.
    fn parse(&self, key: &str) -> Result<Self::Arch>;

    /// Number of architectures, where they can be counted off by
    /// [`SearchSpace::nth`].
    fn size(&self) -> Option<usize> {
        None
    }

    /// The architecture at a position below [`SearchSpace::size`].
    fn nth(&self, index: usize) -> Option<Self::Arch> {
        let _ = index;
        None
    }

    /// A random architecture.
    fn sample(&self, rng: &mut Rng) -> Self::Arch;

    /// A neighbour of an architecture.
    fn mutate(&self, arch: &Self::Arch, rng: &mut Rng) -> Self::Arch;

    /// An architecture with something of both.
    fn crossover(&self, a: &Self::Arch, b: &Self::Arch, rng: &mut Rng) -> Self::Arch;

    /// The network as ONNX bytes; weights may be left out.
    ///
    /// # Errors
    /// Why there is no such network.
    fn onnx(&self, arch: &Self::Arch) -> Result<Vec<u8>>;

    /// The network's graph.
    ///
    /// # Errors
    /// As [`SearchSpace::onnx`] and [`Model::from_bytes`].
    fn model(&self, arch: &Self::Arch) -> Result<Model> {
        let bytes = self.onnx(arch)?;
        Ok(Model::from_bytes(bytes.into(), Path::new(&self.key(arch)), &Limits::default())?)
    }

    /// The file that the network is, where it is one already.
    fn file(&self, arch: &Self::Arch) -> Option<PathBuf> {
        let _ = arch;
        None
    }

    /// A file name for the network, without its ending; different for different
    /// architectures.
    fn file_stem(&self, arch: &Self::Arch) -> String {
        let key = self.key(arch);
        let safe = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '-' };
        let start: String = key.chars().take(60).map(safe).collect();
        let sum = sha256(key.as_bytes());
        format!("{start}-{}", sum.get(..8).unwrap_or_default())
    }
}
