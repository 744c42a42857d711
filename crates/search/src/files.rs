//! Model files as a finite space.

use super::space::SearchSpace;
use crate::Rng;
use crate::error::{Error, Result};
use nneval_graph::model::{Limits, Model};
use rand::RngExt;
use std::collections::HashMap;
use std::path::PathBuf;

/// A list of ONNX files. It has no neighbourhoods: a mutation is any other file,
/// a crossover one of the parents.
#[derive(Debug, Clone)]
pub struct Files {
    paths: Vec<PathBuf>,
    numbers: HashMap<String, usize>,
    limits: Limits,
}

impl Files {
    /// The files, each once.
    ///
    /// # Errors
    /// [`Error::Space`] where there are none.
    pub fn new(paths: Vec<PathBuf>) -> Result<Self> {
        let limits = Limits::default();
        let mut files = Self { paths: Vec::new(), numbers: HashMap::new(), limits };
        for path in paths {
            let key = path.display().to_string();
            if files.numbers.insert(key, files.paths.len()).is_none() {
                files.paths.push(path);
            }
        }
        match files.paths.is_empty() || files.numbers.len() != files.paths.len() {
            true => Err(Error::Space("a list of files is empty, or names one twice".into())),
            false => Ok(files),
        }
    }

    /// The same, read within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    fn path(&self, number: usize) -> PathBuf {
        self.paths.get(number).cloned().unwrap_or_default()
    }
}

impl SearchSpace for Files {
    type Arch = usize;

    fn name(&self) -> String {
        let names: Vec<String> = self.paths.iter().map(|p| p.display().to_string()).collect();
        let sum = nneval_files::sha256(names.join("\n").as_bytes());
        format!("{} files, {}", names.len(), sum.get(..12).unwrap_or_default())
    }

    fn key(&self, arch: &usize) -> String {
        self.path(*arch).display().to_string()
    }

    fn parse(&self, key: &str) -> Result<usize> {
        let unknown = || Error::Architecture {
            arch: key.to_owned(),
            reason: "is none of the files searched".into(),
        };
        self.numbers.get(key).copied().ok_or_else(unknown)
    }

    fn size(&self) -> Option<usize> {
        Some(self.paths.len())
    }

    fn nth(&self, index: usize) -> Option<usize> {
        (index < self.paths.len()).then_some(index)
    }

    fn sample(&self, rng: &mut Rng) -> usize {
        rng.random_range(0..self.paths.len().max(1))
    }

    fn mutate(&self, arch: &usize, rng: &mut Rng) -> usize {
        let n = self.paths.len().max(1);
        (arch + rng.random_range(0..n)) % n
    }

    fn crossover(&self, a: &usize, b: &usize, rng: &mut Rng) -> usize {
        if rng.random_bool(0.5) { *a } else { *b }
    }

    fn onnx(&self, arch: &usize) -> Result<Vec<u8>> {
        let path = self.path(*arch);
        std::fs::read(&path).map_err(|e| Error::io(&path, e))
    }

    fn model(&self, arch: &usize) -> Result<Model> {
        Ok(Model::open(self.path(*arch), &self.limits)?)
    }

    fn file(&self, arch: &usize) -> Option<PathBuf> {
        self.paths.get(*arch).cloned()
    }
}
