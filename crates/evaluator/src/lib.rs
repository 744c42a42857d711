//! Evaluators: bundles that predict metrics of networks.

mod batches;
mod bundle;
mod cache;
mod calibrate;
mod conformal;
mod coverage;
mod domain;
mod encoder;
pub mod error;
mod formula;
mod interval;
mod manifest;
mod network;
mod packed;
mod pool;
mod predict;
mod reading;
mod reliability;
mod stream;
pub mod tokenizer;
pub mod weights;

pub use batches::{bucket, padded};
pub use bundle::Bundle;
pub use calibrate::{CalibrationData, calibrate, calibrated};
pub use coverage::{CoveragePoint, coverage_curve};
pub use domain::{Domain, Seen};
pub use encoder::{Encoder, Rows};
pub use error::{Error, Result};
pub use formula::Formula;
pub use interval::{Calibrated, Interval, LEVEL};
pub use manifest::{FORMAT, Manifest, Metric, Training, Validation, views};
pub use network::Network;
pub use reliability::{Coverage, Reliability, reliability};

use cache::Cache;
use nneval_graph::model::Model;
use nneval_runtime::{Placement, Provider, Runtime};
use std::path::Path;

/// A loaded evaluator.
///
/// ```no_run
/// use nneval_evaluator::{Evaluator, Options};
/// use nneval_runtime::{self, Runtime};
/// # fn main() -> nneval_evaluator::Result<()> {
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
/// different sessions. Predictions of the strings seen last are kept
/// ([`Options::cache_bytes`]).
#[derive(Debug)]
pub struct Evaluator {
    bundle: Bundle,
    encoder: Encoder,
    cache: Cache,
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
    /// Model outputs, one for each metric, before the inverse transform; each from the
    /// metric's view of the network.
    pub outputs: Vec<f64>,
    /// The outputs from the whole network, whatever the metrics' views: those of
    /// `pooled`.
    pub whole: Vec<f64>,
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

impl Encoded {
    /// The prediction of `metric`, the evaluator's at `index`, in its unit.
    pub fn value(&self, index: usize, metric: &Metric) -> Option<f64> {
        Some(self.scales.get(index)? * metric.value(*self.outputs.get(index)?))
    }

    /// The interval around it; `None` where the evaluator was not calibrated.
    pub fn interval(&self, index: usize, metric: &Metric) -> Option<[f64; 2]> {
        let scale = self.scales.get(index)?;
        Some(metric.interval(*self.outputs.get(index)?)?.map(|end| scale * end))
    }
}

/// How an evaluator is loaded.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Execution provider.
    pub provider: Provider,
    /// CPU threads; 0: all cores.
    pub threads: usize,
    /// Lets TensorRT compute in half precision; other providers never do.
    pub fp16: bool,
    /// Memory in bytes, about, for predictions that are kept by operation string,
    /// so that what is evaluated again is not encoded again; 0 keeps none.
    pub cache_bytes: usize,
}

impl Default for Options {
    /// The CPU, all cores, 64 MB of predictions.
    fn default() -> Self {
        Self { provider: Provider::Cpu, threads: 0, fp16: false, cache_bytes: 64_000_000 }
    }
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
        let encoder = Encoder::new(runtime, &bundle.model, options, bundle.manifest.window)?;
        Ok(Self { bundle, encoder, cache: Cache::new(options.cache_bytes) })
    }

    /// What the evaluator predicts.
    pub fn manifest(&self) -> &Manifest {
        &self.bundle.manifest
    }

    /// The share of the model's nodes that the provider took; `None` for the CPU,
    /// which takes all.
    pub fn placement(&self) -> Option<&Placement> {
        self.encoder.placement()
    }

    /// What the evaluator was loaded from.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
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
}

const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Evaluator>();
};
