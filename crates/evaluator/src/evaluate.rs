//! Evaluation of networks: files, operation strings, models; one or many.
//!
//! Networks of equal operation strings are encoded once.

use super::design_model::DesignModel;
use super::encoding::Encoding;
use super::evaluator::Evaluator;
use super::manifest::Metric;
use super::network::Network;
use super::ood::OodSample;
use super::prediction::{Estimate, Prediction};
use super::tokenized::TokenizedNetwork;
use crate::error::{Error, Result};
use nneval_graph::shape::Bindings;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// What cost models and design models say of a network.
struct Scaling {
    /// For each metric the factor of its prediction.
    scales: Vec<f64>,
    /// Whether a design model does not know networks like it.
    outside: bool,
}

type Predicted = Result<Arc<Prediction>>;

impl Evaluator {
    /// Predicts for an ONNX file.
    ///
    /// # Errors
    /// [`Error::Graph`] where the file cannot be read or is no valid model, or
    /// [`Error::Runtime`].
    pub fn evaluate_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        self.evaluate_network(&self.network_of_file(path.as_ref())?)
    }

    /// Predicts for ONNX files; a bad file fails alone.
    pub fn evaluate_files<P: AsRef<Path> + Sync>(&self, paths: &[P]) -> Vec<Result<Prediction>> {
        self.evaluate_each(paths, |p| self.network_of_file(p.as_ref()))
    }

    /// Predicts for an operation string, which is parsed first.
    ///
    /// # Errors
    /// [`Error::Graph`] where the string does not follow the grammar, [`Error::NeedsModel`],
    /// [`Error::Tokenizer`] or [`Error::Runtime`].
    pub fn evaluate_string(&self, string: &str) -> Result<Prediction> {
        self.evaluate_network(&Network::from_untrusted_string(string, &self.needs)?)
    }

    /// Predicts for operation strings, as [`Evaluator::evaluate_string`]; a bad one fails alone.
    pub fn evaluate_strings<S: AsRef<str> + Sync>(&self, strings: &[S]) -> Vec<Result<Prediction>> {
        self.evaluate_each(strings, |s| Network::from_untrusted_string(s.as_ref(), &self.needs))
    }

    /// Predicts for a network.
    ///
    /// # Errors
    /// [`Error::NeedsModel`], [`Error::Tokenizer`] or [`Error::Runtime`].
    pub fn evaluate_network(&self, network: &Network) -> Result<Prediction> {
        let mut only = self.evaluate_read(vec![Ok(network.clone())]);
        only.pop().unwrap_or_else(|| Err(none()))
    }

    /// Predicts for networks.
    pub fn evaluate_networks(&self, networks: &[Network]) -> Vec<Result<Prediction>> {
        self.evaluate_read(networks.iter().cloned().map(Ok).collect())
    }

    /// Predicts for items of any kind, `network` reading each; an item that
    /// cannot be read fails alone.
    pub fn evaluate_each<T: Sync>(
        &self,
        items: &[T],
        network: impl Fn(&T) -> Result<Network> + Sync,
    ) -> Vec<Result<Prediction>> {
        self.evaluate_read(items.par_iter().map(&network).collect())
    }

    /// The network in a model file, as this evaluator reads it: graph, string and
    /// costs on one budget of its limits.
    ///
    /// # Errors
    /// As [`Network::of_file`].
    pub fn network_of_file(&self, path: &Path) -> Result<Network> {
        Network::of_file(path, &self.limits, &self.needs, &Bindings::default())
    }

    /// Predicts for networks that were read; what was not stays an error.
    pub(super) fn evaluate_read(&self, read: Vec<Result<Network>>) -> Vec<Result<Prediction>> {
        let scaled = |r: Result<Network>| {
            let network = r?.into_read_by(&self.needs);
            Ok((self.scaling(&network)?, network))
        };
        let read: Vec<Result<(Scaling, Network)>> = read.into_iter().map(scaled).collect();
        let good: Vec<&Network> = read.iter().flatten().map(|r| &r.1).collect();
        let mut predictions = self.predict(&good).into_iter();
        let join = |r: Result<(Scaling, Network)>| {
            let (Scaling { scales, outside }, _) = r?;
            let ratios = predictions.next().unwrap_or_else(|| Err(none()))?;
            let prediction = Prediction::clone(&ratios).scaled(&scales);
            let prediction = if outside { prediction.outside() } else { prediction };
            match prediction.estimates().iter().all(|e| e.value.is_finite()) {
                true => Ok(prediction),
                false => Err(self.bad_output("a prediction is not finite")),
            }
        };
        read.into_iter().map(join).collect()
    }

    /// For each metric the factor of its prediction.
    pub(super) fn scales(&self, network: &Network) -> Result<Vec<f64>> {
        Ok(self.scaling(network)?.scales)
    }

    fn scaling(&self, network: &Network) -> Result<Scaling> {
        let manifest = &self.bundle.manifest;
        let read = |d: &DesignModel| d.read_string(network.string());
        let reading = manifest.design.as_ref().map(read).transpose()?;
        let design = |m: &Metric| Some(m.design.as_ref()?.value(reading.as_ref()?));
        let scale = |m: &Metric| match (&m.cost_model, network.costs()) {
            (None, _) => Ok(design(m).unwrap_or(1.0)),
            (Some(model), Some(costs)) => Ok(model.value(costs)),
            (Some(_), None) => Err(Error::NeedsModel(manifest.name.clone())),
        };
        let scales = manifest.metrics.iter().map(scale).collect::<Result<_>>()?;
        Ok(Scaling { scales, outside: reading.is_some_and(|r| !r.inside) })
    }

    /// One prediction a network, before scales.
    fn predict(&self, networks: &[&Network]) -> Vec<Predicted> {
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(networks.len());
        let mut distinct: Vec<&Network> = Vec::new();
        for network in networks {
            places.entry(network.string()).or_insert_with(|| {
                distinct.push(network);
                distinct.len() - 1
            });
        }
        let strings: Vec<&str> = distinct.iter().map(|n| n.string()).collect();
        let known = self.cache.get(&strings);
        let unknown = distinct.iter().zip(&known).filter(|(_, known)| known.is_none());
        let unknown: Vec<&Network> = unknown.map(|(n, _)| *n).collect();
        let mut fresh = self.fresh(&unknown).into_iter();
        let all: Vec<Predicted> = known
            .into_iter()
            .map(|k| k.map_or_else(|| fresh.next().unwrap_or_else(|| Err(none())), Ok))
            .collect();
        let one = |n: &&Network| {
            let found = places.get(n.string()).and_then(|&i| all.get(i));
            found.cloned().unwrap_or_else(|| Err(none()))
        };
        networks.iter().map(one).collect()
    }

    /// Predicts for networks of distinct strings, and keeps what comes out.
    fn fresh(&self, networks: &[&Network]) -> Vec<Predicted> {
        let tokenized: Vec<Result<TokenizedNetwork>> = {
            let tokenize = |n: &&Network| self.bundle.tokenize(n, &self.needs.reductions);
            networks.par_iter().map(tokenize).collect()
        };
        let good: Vec<&TokenizedNetwork> = tokenized.iter().flatten().collect();
        let outputs = self.bundle.manifest.outputs();
        let encoded = match self.encode_tokenized(&good, outputs) {
            Ok(encoded) => encoded,
            Err(e) => return tokenized.into_iter().map(|t| t.and(Err(e.clone()))).collect(),
        };
        let predictions: Vec<Predicted> =
            encoded.par_iter().map(|e| self.prediction(e).map(Arc::new)).collect();
        let read = networks.iter().zip(&tokenized).filter(|(_, t)| t.is_ok());
        let kept =
            read.zip(&predictions).filter_map(|((n, _), p)| Some((n.string(), p.as_ref().ok()?)));
        self.cache.put(kept.map(|(string, p)| (string, Arc::clone(p))));
        let mut predictions = predictions.into_iter();
        let join = |t: Result<_>| t.and_then(|_| predictions.next().unwrap_or_else(|| Err(none())));
        tokenized.into_iter().map(join).collect()
    }

    fn prediction(&self, encoding: &Encoding) -> Result<Prediction> {
        self.check(encoding)?;
        let manifest = &self.bundle.manifest;
        let sample = OodSample { embedding: &encoding.embedding, tokens: &encoding.tokens };
        let in_domain = manifest.domain.as_ref().map(|d| d.score(&sample));
        let flagged = manifest.domain.as_ref().zip(in_domain).map(|(d, p)| d.flags(p));
        let estimate = |(i, m): (usize, &Metric)| {
            let output = encoding.outputs.get(i).copied().unwrap_or(f64::NAN);
            let interval = m.interval(output).filter(|_| flagged != Some(true));
            Estimate { value: m.value(output), interval }
        };
        Ok(Prediction {
            names: Arc::clone(&self.names),
            estimates: manifest.metrics.iter().enumerate().map(estimate).collect(),
            in_domain,
            flagged,
            tokens: encoding.tokens.len(),
            windows: encoding.windows,
        })
    }

    /// Refuses outputs that are no numbers, or not one a metric.
    fn check(&self, encoding: &Encoding) -> Result<()> {
        let manifest = &self.bundle.manifest;
        let finite = |values: &[f64]| values.iter().all(|x| x.is_finite());
        let reason = match &manifest.domain {
            _ if encoding.outputs.len() != manifest.metrics.len() => {
                "its model's outputs are not one a metric"
            }
            _ if !finite(&encoding.outputs) => "its model's outputs are not finite",
            Some(domain) if encoding.embedding.len() != domain.width() => {
                "its model's embedding is of another width than its in-domain statistics"
            }
            Some(_) if !finite(&encoding.embedding) => "its model's embedding is not finite",
            _ => return Ok(()),
        };
        Err(self.bad_output(reason))
    }

    fn bad_output(&self, reason: &str) -> Error {
        let evaluator = self.bundle.manifest.name.clone();
        Error::Output { evaluator, reason: reason.to_owned() }
    }
}

/// Each network has one prediction.
fn none() -> Error {
    Error::internal("a network has no prediction")
}
