//! Evaluators: bundles that predict metrics of networks.

pub mod adapt;
mod batches;
mod bundle;
mod calibrate;
mod conformal;
mod domain;
mod encoder;
mod interval;
mod manifest;
mod packed;
mod pool;
mod reliability;
pub mod weights;

pub use batches::{bucket, padded};
pub use bundle::Bundle;
pub use calibrate::{CalibrationData, calibrate};
pub use domain::{Domain, Seen};
pub use encoder::{Encoder, Rows};
pub use interval::{Calibrated, Interval, LEVEL};
pub use manifest::{FORMAT, Manifest, Metric, Training, Validation};
pub use reliability::{Coverage, Reliability, reliability};

use crate::error::Result;
use crate::graph::Limits;
use crate::opstring;
use crate::runtime::{Provider, Runtime};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A loaded evaluator.
///
/// ```no_run
/// use nneval::evaluator::{Evaluator, Options};
/// use nneval::runtime::{self, Runtime};
/// # fn main() -> nneval::Result<()> {
/// let located = runtime::locate(None)?.expect("`nneval runtime --install` was run");
/// let runtime = Runtime::load(&located)?;
/// let options = Options { threads: 2, ..Options::default() };
/// let evaluator = Evaluator::load("models/nats-tss".as_ref(), &runtime, options)?;
/// for prediction in evaluator.evaluate_strings(&["|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32"]) {
///     let prediction = prediction?;
///     println!("{} {:?}", prediction.metrics[0], prediction.intervals[0]);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Shared freely between threads: calls at the same time use
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
        self.evaluate_each(paths, |p| opstring::of_file(p, limits))
    }

    /// Predicts for operation strings.
    pub fn evaluate_strings<S: AsRef<str> + Sync>(&self, strings: &[S]) -> Vec<Result<Prediction>> {
        let encode = |s: &S| self.bundle.tokens(s.as_ref());
        self.evaluate_tokens(strings.par_iter().map(encode).collect())
    }

    /// Predicts for items of any kind, `string` giving the operation string of
    /// each; an item that has none fails alone.
    pub fn evaluate_each<T: Sync>(
        &self,
        items: &[T],
        string: impl Fn(&T) -> Result<String> + Sync,
    ) -> Vec<Result<Prediction>> {
        let encode = |item: &T| self.bundle.tokens(&string(item)?);
        self.evaluate_tokens(items.par_iter().map(encode).collect())
    }

    /// Model outputs and pooled states for operation strings.
    ///
    /// # Errors
    /// [`crate::Error::Tokenizer`] of the first bad string, or
    /// [`crate::Error::Runtime`].
    pub fn encode<S: AsRef<str> + Sync>(&self, strings: &[S]) -> Result<Vec<Encoded>> {
        let encode = |s: &S| self.bundle.tokens(s.as_ref());
        let tokens = strings.par_iter().map(encode).collect::<Result<Vec<_>>>()?;
        self.encode_tokens(&tokens, &["metrics", "pooled"])
    }

    fn evaluate_tokens(&self, tokens: Vec<Result<Vec<u32>>>) -> Vec<Result<Prediction>> {
        let good: Vec<Vec<u32>> = tokens.iter().flatten().cloned().collect();
        let outputs: &[&str] = match self.bundle.manifest.domain {
            Some(_) => &["metrics", "pooled"],
            None => &["metrics"],
        };
        let encoded = match self.encode_tokens(&good, outputs) {
            Ok(encoded) => encoded,
            Err(e) => {
                let reason = e.to_string();
                let fail = |t: Result<Vec<u32>>| t.and(Err(crate::Error::Runtime(reason.clone())));
                return tokens.into_iter().map(fail).collect();
            }
        };
        let mut encoded = encoded.into_iter();
        let missing = || crate::Error::Runtime("no prediction".into());
        let join = |t: Result<Vec<u32>>| {
            t.and_then(|_| encoded.next().ok_or_else(missing).map(|e| self.prediction(&e)))
        };
        tokens.into_iter().map(join).collect()
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
            Encoded { outputs, pooled, tokens: t.clone(), windows }
        };
        Ok(tokens.iter().map(one).collect())
    }

    fn prediction(&self, encoded: &Encoded) -> Prediction {
        let manifest = &self.bundle.manifest;
        let output = |i: usize| encoded.outputs.get(i).copied().unwrap_or(f64::NAN);
        let metrics = || manifest.metrics.iter().enumerate();
        let seen = Seen { pooled: &encoded.pooled, tokens: &encoded.tokens };
        let in_domain = manifest.domain.as_ref().map(|d| d.score(&seen));
        Prediction {
            metrics: metrics().map(|(i, m)| m.value(output(i))).collect(),
            intervals: metrics().map(|(i, m)| m.interval(output(i))).collect(),
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
