//! Training graphs: the folder that `tools/make_graphs.py` writes.

use crate::error::{Error, Result};
use nneval_evaluator::shipped::Shipped;
use nneval_evaluator::weights::Parameter;
use nneval_files::sha256;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `graph.json`: the shape of an encoder and the layout of its parameters in
/// one flat vector.
#[derive(Debug, Clone, Deserialize)]
pub struct GraphInfo {
    /// Layout version of the folder.
    pub version: u32,
    /// Name of the size.
    pub name: String,
    /// Tokens that the embedding has rows for.
    pub vocab: usize,
    /// Width of the encoder.
    pub d: usize,
    /// Number of layers.
    pub layers: usize,
    /// Columns of the head.
    pub max_metrics: usize,
    /// Length of the flat parameter vector.
    pub n_params: usize,
    /// Parameters, in the order of the flat vector.
    pub params: Vec<ParamInfo>,
    /// Names of the head's parameters.
    pub head: Head,
    /// SHA-256 of the graphs.
    pub sha256: BTreeMap<String, String>,
}

/// One parameter's place in the flat vector.
#[derive(Debug, Clone, Deserialize)]
pub struct ParamInfo {
    /// Name in the graphs.
    pub name: String,
    /// Dimensions.
    pub shape: Vec<usize>,
    /// First element in the flat vector.
    pub offset: usize,
    /// Initial values.
    pub init: Init,
}

/// Distribution of initial values.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Init {
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// All ones.
    Ones,
    /// All zeros.
    Zeros,
}

/// Names of the head's parameters.
#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    /// Weight, [d, metrics].
    pub weight: String,
    /// Bias, \[metrics\].
    pub bias: String,
}

/// A folder of training graphs, loaded.
#[derive(Debug, Clone)]
pub struct TrainingGraphs {
    /// Layout of the parameters.
    pub info: GraphInfo,
    /// One training step, as ONNX bytes.
    pub train: Vec<u8>,
    /// The encoder with its parameters as inputs, as ONNX bytes.
    pub encoder: Vec<u8>,
}

impl TrainingGraphs {
    /// The training graphs that `name` means: an entry of `graphs/` in a shipped folder, or a
    /// folder.
    ///
    /// # Errors
    /// [`Error::Start`] where there is no such folder, or as [`TrainingGraphs::open`].
    pub fn find(shipped: &Shipped, name: &str) -> Result<Self> {
        let missing =
            || Error::Start(format!("encoder {name}: no such folder, and not in models/graphs"));
        let found = shipped.find(&format!("graphs/{name}")).or_else(|| shipped.find(name));
        Self::open(&found.ok_or_else(missing)?)
    }

    /// Reads `graph.json`, `train.onnx` and `encoder.onnx` from `dir`.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Graphs`] where they do not belong together.
    pub fn open(dir: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|e| Error::io(&path, e))
        };
        let bad = |reason: String| Error::Graphs { path: dir.to_owned(), reason };
        let info: GraphInfo = serde_json::from_slice(&read("graph.json")?)
            .map_err(|e| bad(format!("graph.json: {e}")))?;
        if info.version != 1 {
            return Err(bad(format!("graph.json has version {}; 1 is known", info.version)));
        }
        let checked = |name: &str| {
            let bytes = read(name)?;
            match info.sha256.get(name) {
                Some(sum) if *sum == sha256(&bytes) => Ok(bytes),
                _ => Err(bad(format!("{name} is not the graph that graph.json describes"))),
            }
        };
        let (train, encoder) = (checked("train.onnx")?, checked("encoder.onnx")?);
        info.check().map_err(bad)?;
        Ok(Self { info, train, encoder })
    }
}

impl GraphInfo {
    fn check(&self) -> Result<(), String> {
        let mut end = 0;
        for p in &self.params {
            if p.offset != end {
                return Err(format!("graph.json: {} does not follow the one before it", p.name));
            }
            end += p.shape.iter().product::<usize>();
        }
        match end == self.n_params {
            true => Ok(()),
            false => Err(format!("graph.json: parameters make {end}, not {}", self.n_params)),
        }
    }

    /// Initial parameters, drawn with `seed`.
    pub fn initial(&self, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut flat = Vec::with_capacity(self.n_params);
        for p in &self.params {
            let n: usize = p.shape.iter().product();
            match p.init {
                Init::Normal { std } => {
                    flat.extend((0..n).map(|_| (normal(&mut rng) * std) as f32));
                }
                Init::Ones => flat.extend(std::iter::repeat_n(1.0, n)),
                Init::Zeros => flat.extend(std::iter::repeat_n(0.0, n)),
            }
        }
        flat
    }

    /// The parameters in `flat` by name, the head cut to its first `metrics`
    /// columns.
    pub fn parameters(&self, flat: &[f32], metrics: usize) -> Vec<Parameter> {
        self.params.iter().map(|p| self.parameter(p, flat, metrics)).collect()
    }

    /// As [`GraphInfo::parameters`] for metrics that were trained on targets
    /// times `scales`, the scales taken out of the head again.
    pub fn scaled_parameters(&self, flat: &[f32], scales: &[f32]) -> Vec<Parameter> {
        let mut all = self.parameters(flat, scales.len());
        for p in &mut all {
            if p.name == self.head.weight || p.name == self.head.bias {
                let rows = p.values.chunks_mut(scales.len().max(1));
                rows.for_each(|r| r.iter_mut().zip(scales).for_each(|(v, s)| *v /= s));
            }
        }
        all
    }

    fn parameter(&self, p: &ParamInfo, flat: &[f32], metrics: usize) -> Parameter {
        let n: usize = p.shape.iter().product();
        let all = flat.get(p.offset..p.offset + n).unwrap_or_default();
        if p.name != self.head.weight && p.name != self.head.bias {
            return Parameter { name: p.name.clone(), dims: p.shape.clone(), values: all.to_vec() };
        }
        let mut dims = p.shape.clone();
        let columns = dims.last_mut().map_or(1, |d| std::mem::replace(d, metrics)).max(1);
        let values = all.chunks(columns).flat_map(|r| r.iter().take(metrics)).copied().collect();
        Parameter { name: p.name.clone(), dims, values }
    }
}

/// A standard normal number by the Box-Muller transform.
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
