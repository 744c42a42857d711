//! A loaded evaluator: bundle, encoder, predictions that are kept.

use super::bundle::Bundle;
use super::cache::Cache;
use super::encoder::Encoder;
use super::manifest::Manifest;
use super::network::{Needs, Network};
use super::options::Options;
use crate::error::{Error, Result};
use crate::tokenizer::END;
use nneval_graph::model::{Limits, Model};
use nneval_runtime::{Placement, Provider, Runtime};
use std::path::Path;
use std::sync::Arc;

/// A loaded evaluator.
///
/// ```no_run
/// use nneval_evaluator::Evaluator;
/// let evaluator = Evaluator::builder().threads(2).load("nats-tss")?;
/// let prediction = evaluator.evaluate_string("|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32")?;
/// for (metric, estimate) in prediction.iter() {
///     println!("{metric} {} {:?}", estimate.value, estimate.interval);
/// }
/// # Ok::<(), nneval_evaluator::Error>(())
/// ```
///
/// Threads may share it: calls at the same time use different sessions. Predictions of the latest
/// operation strings are kept ([`Options::cache_bytes`]).
#[derive(Debug)]
pub struct Evaluator {
    pub(super) bundle: Bundle,
    pub(super) encoder: Encoder,
    pub(super) cache: Cache,
    pub(super) names: Arc<[String]>,
    pub(super) needs: Needs,
    pub(super) limits: Limits,
    provider: Provider,
}

impl Evaluator {
    /// Loads the bundle in `dir` for a runtime that is loaded already.
    ///
    /// # Errors
    /// [`Error::Bundle`](crate::Error::Bundle) or [`Error::Runtime`](crate::Error::Runtime).
    pub fn load(dir: &Path, runtime: &Runtime, options: Options) -> Result<Self> {
        let at = |e: Error| match e {
            Error::Bundle { reason, .. } => Error::Bundle { path: dir.to_owned(), reason },
            other => other,
        };
        Self::from_bundle(Bundle::open(dir)?, runtime, options).map_err(at)
    }

    /// Makes an evaluator of a bundle in memory.
    ///
    /// # Errors
    /// [`Error::Runtime`](crate::Error::Runtime); [`Error::Bundle`](crate::Error::Bundle) by its
    /// name where the model's outputs are of other widths than its description says.
    pub fn from_bundle(bundle: Bundle, runtime: &Runtime, options: Options) -> Result<Self> {
        let encoder = Encoder::new(runtime, &bundle.model, options, bundle.manifest.window)?;
        check_widths(&encoder, &bundle.manifest)?;
        let names = bundle.manifest.metrics.iter().map(|m| m.spec.name.clone()).collect();
        let (cache, limits) = (Cache::new(options.cache_bytes), Limits::default());
        let needs = Needs::of(&bundle.manifest);
        Ok(Self { bundle, encoder, cache, names, needs, limits, provider: options.provider })
    }

    /// The limits of the ONNX reader.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same with other limits of the ONNX reader.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What the evaluator predicts.
    pub fn manifest(&self) -> &Manifest {
        &self.bundle.manifest
    }

    /// The execution provider that is used.
    pub fn provider(&self) -> Provider {
        self.provider
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
        Network::of_model(model, &self.needs)
    }

    /// What it reads of a network beside its operation string.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Whether there is a metric with a [`CostModel`](crate::CostModel), for which a string is
    /// not enough.
    pub fn needs_costs(&self) -> bool {
        self.needs.costs
    }
}

/// Runs the model once, on the shortest sequence there is: one output a metric, an embedding as
/// wide as the in-domain statistics.
fn check_widths(encoder: &Encoder, manifest: &Manifest) -> Result<()> {
    let widths = encoder.run(&[[END]], manifest.outputs())?;
    let mut widths = widths.iter().map(|array| array.ncols());
    let reason = match (widths.next(), widths.next(), &manifest.domain) {
        (Some(n), ..) if n != manifest.metrics.len() => {
            format!("its model has {n} outputs for {} metrics", manifest.metrics.len())
        }
        (_, Some(n), Some(domain)) if n != domain.width() => {
            format!("its in-domain statistics are of width {}, its encoder of {n}", domain.width())
        }
        _ => return Ok(()),
    };
    Err(Error::Bundle { path: manifest.name.clone().into(), reason })
}

const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Evaluator>();
};
