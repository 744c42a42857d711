//! Evaluators: bundles that predict metrics of networks.

pub mod adapt;
mod batches;
mod bundle;
mod calibrate;
mod conformal;
mod domain;
mod encoder;
mod formula;
mod interval;
mod manifest;
mod network;
mod packed;
mod pool;
mod reliability;
pub mod weights;

pub use batches::{bucket, padded};
pub use bundle::Bundle;
pub use calibrate::{CalibrationData, calibrate};
pub use domain::{Domain, Seen};
pub use encoder::{Encoder, Rows};
pub use formula::Formula;
pub use interval::{Calibrated, Interval, LEVEL};
pub use manifest::{FORMAT, Manifest, Metric, Training, Validation};
pub use network::Network;
pub use reliability::{Coverage, Reliability, reliability};

use crate::error::{Error, Result};
use crate::graph::{Limits, Model};
use crate::runtime::{Provider, Runtime};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A loaded evaluator. Shared freely between threads: calls at the same time use
/// different sessions.
#[derive(Debug)]
pub struct Evaluator {
    bundle: Bundle,
    encoder: Encoder,
}

/// Predicted metrics of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// One value for each metric of the evaluator, in its unit.
    pub metrics: Vec<f64>,
    /// For each metric the ends of its interval ([`LEVEL`]), in its unit; `None`
    /// where the evaluator has no calibration for it.
    pub intervals: Vec<Option<[f64; 2]>>,
    /// In-domain score, 0 to 1: the share of networks like those trained on
    /// that lie at least as far out. `None` where the evaluator has no statistics.
    pub in_domain: Option<f64>,
    /// Whether the network is outside what the evaluator has seen; calibrated
    /// to say so of one in a hundred networks that are not.
    pub flagged: Option<bool>,
    /// Tokens of the operation string.
    pub tokens: usize,
    /// Windows the string was encoded in; more than one for strings longer
    /// than the evaluator's window.
    pub windows: usize,
}

/// What the model gives for one network. Windows are averaged by their share
/// of the tokens; the head being linear, outputs are those of the pooled state.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// Model outputs, one for each metric, before the inverse transform.
    pub outputs: Vec<f64>,
    /// For each metric what its value is a multiple of: 1, or what its
    /// [`Formula`] gives, in its unit.
    pub scales: Vec<f64>,
    /// Pooled state, \[d\].
    pub pooled: Vec<f64>,
    /// Tokens of the whole string.
    pub tokens: Vec<u32>,
    /// Windows the string was encoded in.
    pub windows: usize,
}

/// How an evaluator is loaded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Execution provider.
    pub provider: Provider,
    /// CPU threads; 0: all cores.
    pub threads: usize,
}

impl Evaluator {
    /// Loads the bundle in `dir`.
    ///
    /// # Errors
    /// [`crate::Error::Bundle`] or [`crate::Error::Runtime`].
    pub fn load(dir: &Path, runtime: &Runtime, options: Options) -> Result<Self> {
        Self::from_bundle(Bundle::open(dir)?, runtime, options)
    }

    /// Makes an evaluator of a bundle in memory.
    ///
    /// # Errors
    /// [`crate::Error::Runtime`].
    pub fn from_bundle(bundle: Bundle, runtime: &Runtime, options: Options) -> Result<Self> {
        let encoder = Encoder::new(runtime, &bundle.model, options.provider, options.threads)?;
        Ok(Self { bundle, encoder })
    }

    /// What the evaluator predicts.
    pub fn manifest(&self) -> &Manifest {
        &self.bundle.manifest
    }

    /// What the evaluator was loaded from.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Predicts for ONNX files; a bad file fails alone.
    pub fn evaluate_files(&self, paths: &[PathBuf], limits: &Limits) -> Vec<Result<Prediction>> {
        self.evaluate_each(paths, |p| self.network(&Model::open(p, limits)?))
    }

    /// `model` as this evaluator reads it.
    ///
    /// # Errors
    /// As [`Network::of_model`].
    pub fn network(&self, model: &Model) -> Result<Network> {
        Network::of_model(model, self.needs_costs())
    }

    /// Whether there is a metric with a [`Formula`], for which a string is not
    /// enough.
    pub fn needs_costs(&self) -> bool {
        self.bundle.manifest.metrics.iter().any(|m| m.formula.is_some())
    }

    /// Predicts for networks.
    pub fn evaluate_networks(&self, networks: &[Network]) -> Vec<Result<Prediction>> {
        self.evaluate_tokens(networks.par_iter().map(|n| self.read(n)).collect())
    }

    /// Predicts for operation strings.
    pub fn evaluate_strings<S: AsRef<str> + Sync>(&self, strings: &[S]) -> Vec<Result<Prediction>> {
        let read = |s: &S| self.read(&Network::of_string(s.as_ref()));
        self.evaluate_tokens(strings.par_iter().map(read).collect())
    }

    /// Predicts for items of any kind, `network` reading each; an item that
    /// cannot be read fails alone.
    pub fn evaluate_each<T: Sync>(
        &self,
        items: &[T],
        network: impl Fn(&T) -> Result<Network> + Sync,
    ) -> Vec<Result<Prediction>> {
        self.evaluate_tokens(items.par_iter().map(|item| self.read(&network(item)?)).collect())
    }

    /// Model outputs and pooled states for networks.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] of the first bad string, [`Error::NeedsModel`], or
    /// [`Error::Runtime`].
    pub fn encode(&self, networks: &[Network]) -> Result<Vec<Encoded>> {
        let read = networks.par_iter().map(|n| self.read(n)).collect::<Result<Vec<_>>>()?;
        let (tokens, scales): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let mut encoded = self.encode_tokens(&tokens, &["metrics", "pooled"])?;
        encoded.iter_mut().zip(scales).for_each(|(e, s)| e.scales = s);
        Ok(encoded)
    }

    /// Tokens, and [`Encoded::scales`].
    fn read(&self, network: &Network) -> Result<(Vec<u32>, Vec<f64>)> {
        let manifest = &self.bundle.manifest;
        let scale = |m: &Metric| match (&m.formula, &network.costs) {
            (None, _) => Ok(1.0),
            (Some(formula), Some(costs)) => Ok(formula.value(costs)),
            (Some(_), None) => Err(Error::NeedsModel(manifest.name.clone())),
        };
        let scales = manifest.metrics.iter().map(scale).collect::<Result<_>>()?;
        Ok((self.bundle.tokenizer.encode(&network.string)?, scales))
    }

    fn evaluate_tokens(&self, read: Vec<Result<(Vec<u32>, Vec<f64>)>>) -> Vec<Result<Prediction>> {
        let good: Vec<Vec<u32>> = read.iter().flatten().map(|r| r.0.clone()).collect();
        let outputs: &[&str] = match self.bundle.manifest.domain {
            Some(_) => &["metrics", "pooled"],
            None => &["metrics"],
        };
        let encoded = match self.encode_tokens(&good, outputs) {
            Ok(encoded) => encoded,
            Err(e) => {
                let reason = e.to_string();
                let fail = |r: Result<_>| r.and(Err(Error::Runtime(reason.clone())));
                return read.into_iter().map(fail).collect();
            }
        };
        let mut encoded = encoded.into_iter();
        let missing = || Error::Runtime("no prediction".into());
        let join = |r: Result<(Vec<u32>, Vec<f64>)>| {
            let (_, scales) = r?;
            let encoded = encoded.next().ok_or_else(missing)?;
            Ok(self.prediction(&Encoded { scales, ..encoded }))
        };
        read.into_iter().map(join).collect()
    }

    /// One entry a sequence; equal pieces run through the model once. `pooled`
    /// stays empty where it is not among `outputs`.
    fn encode_tokens(&self, tokens: &[Vec<u32>], outputs: &[&str]) -> Result<Vec<Encoded>> {
        let window = self.bundle.manifest.window.max(1);
        let mut numbers: HashMap<&[u32], usize> = HashMap::new();
        let mut pieces: Vec<Vec<u32>> = Vec::new();
        for piece in tokens.iter().flat_map(|t| t.chunks(window)) {
            numbers.entry(piece).or_insert_with(|| {
                pieces.push(piece.to_vec());
                pieces.len() - 1
            });
        }
        let mut rows = self.encoder.run(&pieces, outputs)?.into_iter();
        let (metrics, pooled) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
        let one = |t: &Vec<u32>| {
            let mean = |rows: &Rows| {
                let parts = t.chunks(window).filter_map(|p| {
                    Some((p.len() as f64 / t.len() as f64, rows.get(*numbers.get(p)?)?.as_slice()))
                });
                weighted_mean(parts)
            };
            let windows = t.chunks(window).count();
            let (outputs, pooled) = (mean(&metrics), mean(&pooled));
            Encoded { outputs, scales: Vec::new(), pooled, tokens: t.clone(), windows }
        };
        Ok(tokens.iter().map(one).collect())
    }

    fn prediction(&self, encoded: &Encoded) -> Prediction {
        let manifest = &self.bundle.manifest;
        let at = |of: &[f64], i: usize| of.get(i).copied().unwrap_or(f64::NAN);
        let output = |i: usize| at(&encoded.outputs, i);
        let scale = |i: usize| at(&encoded.scales, i);
        let metrics = || manifest.metrics.iter().enumerate();
        let seen = Seen { pooled: &encoded.pooled, tokens: &encoded.tokens };
        let in_domain = manifest.domain.as_ref().map(|d| d.score(&seen));
        Prediction {
            metrics: metrics().map(|(i, m)| scale(i) * m.value(output(i))).collect(),
            intervals: metrics()
                .map(|(i, m)| Some(m.interval(output(i))?.map(|end| scale(i) * end)))
                .collect(),
            in_domain,
            flagged: manifest.domain.as_ref().zip(in_domain).map(|(d, p)| d.flags(p)),
            tokens: encoded.tokens.len(),
            windows: encoded.windows,
        }
    }
}

const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Evaluator>();
};

fn weighted_mean<'a>(parts: impl Iterator<Item = (f64, &'a [f32])>) -> Vec<f64> {
    let mut mean: Vec<f64> = Vec::new();
    for (share, row) in parts {
        mean.resize(row.len().max(mean.len()), 0.0);
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += share * f64::from(*x));
    }
    mean
}
