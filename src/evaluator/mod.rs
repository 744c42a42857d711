//! Evaluators: bundles that predict metrics of networks.

mod bundle;
mod encoder;
mod manifest;
pub mod weights;

pub use bundle::Bundle;
pub use encoder::{Encoder, Rows, padded};
pub use manifest::{FORMAT, Manifest, Metric, Training, Validation};

use crate::error::Result;
use crate::graph::Limits;
use crate::opstring;
use crate::runtime::{Provider, Runtime};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A loaded evaluator. Shared freely between threads.
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
    /// Tokens of the operation string.
    pub tokens: usize,
    /// Windows the string was encoded in; more than one for strings longer
    /// than the evaluator's window.
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

    /// Predicts for ONNX files; a bad file fails alone.
    pub fn evaluate_files(&self, paths: &[PathBuf], limits: &Limits) -> Vec<Result<Prediction>> {
        let encode = |p: &PathBuf| {
            let string = opstring::of_file(p, limits)?;
            self.bundle.tokenizer.encode(&string)
        };
        let tokens: Vec<Result<Vec<u32>>> = paths.par_iter().map(encode).collect();
        self.evaluate_tokens(tokens)
    }

    /// Predicts for operation strings.
    pub fn evaluate_strings<S: AsRef<str> + Sync>(&self, strings: &[S]) -> Vec<Result<Prediction>> {
        let encode = |s: &S| self.bundle.tokenizer.encode(s.as_ref());
        self.evaluate_tokens(strings.par_iter().map(encode).collect())
    }

    fn evaluate_tokens(&self, tokens: Vec<Result<Vec<u32>>>) -> Vec<Result<Prediction>> {
        let window = self.bundle.manifest.window.max(1);
        let mut numbers: HashMap<&[u32], usize> = HashMap::new();
        let mut pieces: Vec<Vec<u32>> = Vec::new();
        for t in tokens.iter().flatten() {
            for piece in t.chunks(window) {
                numbers.entry(piece).or_insert_with(|| {
                    pieces.push(piece.to_vec());
                    pieces.len() - 1
                });
            }
        }
        let rows = match self.encoder.run(&pieces, &["metrics"]) {
            Ok(mut r) => r.pop().unwrap_or_default(),
            Err(e) => {
                let reason = e.to_string();
                let fail = |t: Result<Vec<u32>>| t.and(Err(crate::Error::Runtime(reason.clone())));
                return tokens.into_iter().map(fail).collect();
            }
        };
        let predict = |t: &Vec<u32>| {
            let parts = t.chunks(window).map(|p| {
                let row = numbers.get(p).and_then(|&i| rows.get(i));
                (p.len(), row.map_or(&[][..], Vec::as_slice))
            });
            self.prediction(t.len(), &parts.collect::<Vec<_>>())
        };
        let predictions: Vec<Option<Prediction>> =
            tokens.iter().map(|t| t.as_ref().ok().map(predict)).collect();
        let join = |(t, p): (Result<Vec<u32>>, Option<Prediction>)| {
            t.and_then(|_| p.ok_or_else(|| crate::Error::Runtime("no prediction".into())))
        };
        tokens.into_iter().zip(predictions).map(join).collect()
    }

    /// Windows are averaged by their share of the tokens; the head being
    /// linear, that is the head of the pooled states.
    fn prediction(&self, tokens: usize, parts: &[(usize, &[f32])]) -> Prediction {
        let metric = |(i, m): (usize, &Metric)| {
            let share = |(n, row): &(usize, &[f32])| {
                f64::from(row.get(i).copied().unwrap_or(f32::NAN)) * *n as f64 / tokens as f64
            };
            m.value(parts.iter().map(share).sum())
        };
        let metrics = self.bundle.manifest.metrics.iter().enumerate().map(metric).collect();
        Prediction { metrics, tokens, windows: parts.len() }
    }
}
