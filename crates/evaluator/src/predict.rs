//! Operation strings → predictions. Equal strings are encoded once.

use super::reading::Reading;
use super::{Encoded, Evaluator, Metric, Network, Prediction, Rows, Seen};
use crate::error::{Error, Result};
use nneval_graph::model::{Limits, Model};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

type Predicted = Result<Arc<Prediction>>;

impl Evaluator {
    /// Predicts for ONNX files; a bad file fails alone.
    pub fn evaluate_files(&self, paths: &[PathBuf], limits: &Limits) -> Vec<Result<Prediction>> {
        self.evaluate_each(paths, |p| self.network(&Model::open(p, limits)?))
    }

    /// Predicts for operation strings, whose grammar is not checked but where a metric is
    /// predicted from a view.
    pub fn evaluate_strings<S: AsRef<str> + Sync>(&self, strings: &[S]) -> Vec<Result<Prediction>> {
        self.evaluate_each(strings, |s| Ok(Network::of_string(s.as_ref())))
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

    /// Predicts for what has been read; what has not been stays an error.
    pub(super) fn evaluate_read(&self, read: Vec<Result<Network>>) -> Vec<Result<Prediction>> {
        let scaled = |r: Result<Network>| r.and_then(|n| Ok((self.scales(&n)?, n)));
        let read: Vec<Result<(Vec<f64>, Network)>> = read.into_iter().map(scaled).collect();
        let good: Vec<&Network> = read.iter().flatten().map(|r| &r.1).collect();
        let strings: Vec<&str> = good.iter().map(|n| n.string.as_str()).collect();
        let check = |i: usize| good.get(i).map_or(Ok(()), |n| n.check());
        let mut predictions = self.predict(&strings, check).into_iter();
        let missing = || Error::Runtime("no prediction".into());
        let join = |r: Result<(Vec<f64>, Network)>| {
            let (scales, _) = r?;
            let ratios = predictions.next().unwrap_or_else(|| Err(missing()))?;
            Ok(times(ratios, &scales))
        };
        read.into_iter().map(join).collect()
    }

    /// For each metric what its prediction from the string is a multiple of.
    fn scales(&self, network: &Network) -> Result<Vec<f64>> {
        let manifest = &self.bundle.manifest;
        let scale = |m: &Metric| match (&m.formula, &network.costs) {
            (None, _) => Ok(1.0),
            (Some(formula), Some(costs)) => Ok(formula.value(costs)),
            (Some(_), None) => Err(Error::NeedsModel(manifest.name.clone())),
        };
        manifest.metrics.iter().map(scale).collect()
    }

    /// One prediction a string, before scales. `check` looks at the string of an index, before it
    /// is encoded, where it is not known.
    fn predict(
        &self,
        strings: &[&str],
        check: impl Fn(usize) -> Result<()> + Sync,
    ) -> Vec<Result<Prediction>> {
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(strings.len());
        let mut firsts: Vec<usize> = Vec::new();
        for (i, string) in strings.iter().enumerate() {
            places.entry(string).or_insert_with(|| {
                firsts.push(i);
                firsts.len() - 1
            });
        }
        let distinct: Vec<&str> = firsts.iter().filter_map(|&i| strings.get(i).copied()).collect();
        let known = self.cache.get(&distinct);
        let unknown: Vec<(usize, &str)> = firsts
            .iter()
            .zip(&distinct)
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|((&i, &s), _)| (i, s))
            .collect();
        let mut fresh = self.fresh(&unknown, check).into_iter();
        let none = || Err(Error::Runtime("no prediction".into()));
        let all: Vec<Predicted> = known
            .into_iter()
            .map(|k| k.map_or_else(|| fresh.next().unwrap_or_else(none), Ok))
            .collect();
        let one = |s: &&str| match places.get(s).and_then(|&i| all.get(i)) {
            Some(Ok(prediction)) => Ok(Prediction::clone(prediction)),
            Some(Err(e)) => Err(again(e)),
            None => none().map(|p: Arc<Prediction>| Prediction::clone(&p)),
        };
        strings.iter().map(one).collect()
    }

    /// Predicts for distinct strings, each with its index, and keeps what comes out.
    fn fresh(
        &self,
        strings: &[(usize, &str)],
        check: impl Fn(usize) -> Result<()> + Sync,
    ) -> Vec<Predicted> {
        let tokens = |&(i, s): &(usize, &str)| {
            check(i)?;
            self.bundle.reading(s)
        };
        let tokens: Vec<Result<Reading>> = strings.par_iter().map(tokens).collect();
        let good: Vec<&Reading> = tokens.iter().flatten().collect();
        let outputs: &[&str] = match self.bundle.manifest.domain {
            Some(_) => &["metrics", "pooled"],
            None => &["metrics"],
        };
        let encoded = match self.encode_readings(&good, outputs) {
            Ok(encoded) => encoded,
            Err(e) => return tokens.into_iter().map(|t| t.and(Err(again(&e)))).collect(),
        };
        let predictions: Vec<Arc<Prediction>> =
            encoded.par_iter().map(|e| Arc::new(self.prediction(e))).collect();
        let kept = strings.iter().zip(&tokens).filter(|(_, t)| t.is_ok()).map(|(s, _)| s.1);
        self.cache.put(kept.zip(predictions.iter().cloned()));
        let mut predictions = predictions.into_iter();
        let missing = || Error::Runtime("no prediction".into());
        let join = |t: Result<Reading>| t.and_then(|_| predictions.next().ok_or_else(missing));
        tokens.into_iter().map(join).collect()
    }

    /// Model outputs and pooled states for networks.
    ///
    /// # Errors
    /// [`Error::OpString`] or [`Error::Tokenizer`] of the first bad string, [`Error::NeedsModel`], or
    /// [`Error::Runtime`].
    pub fn encode(&self, networks: &[Network]) -> Result<Vec<Encoded>> {
        let scales = networks.iter().map(|n| self.scales(n)).collect::<Result<Vec<_>>>()?;
        let read = |n: &Network| self.bundle.reading(&n.string);
        let readings = networks.par_iter().map(read).collect::<Result<Vec<_>>>()?;
        let readings: Vec<&Reading> = readings.iter().collect();
        let mut encoded = self.encode_readings(&readings, &["metrics", "pooled"])?;
        encoded.iter_mut().zip(scales).for_each(|(e, s)| e.scales = s);
        Ok(encoded)
    }

    /// One entry a network, outputs of metrics with a view of their own from its
    /// sequence.
    fn encode_readings(&self, readings: &[&Reading], outputs: &[&str]) -> Result<Vec<Encoded>> {
        let others =
            || readings.iter().enumerate().flat_map(|(i, r)| r.others.iter().map(move |o| (i, o)));
        let mut sequences: Vec<&[u32]> = readings.iter().map(|r| r.whole.as_slice()).collect();
        sequences.extend(others().map(|(_, (_, tokens))| tokens.as_slice()));
        let mut encoded = self.encode_tokens(&sequences, outputs)?;
        let seen = encoded.split_off(readings.len());
        for ((i, (view, _)), seen) in others().zip(seen) {
            let Some(network) = encoded.get_mut(i) else { continue };
            let metrics = self.bundle.manifest.metrics.iter();
            let both = network.outputs.iter_mut().zip(seen.outputs).zip(metrics);
            both.filter(|(_, m)| m.view == *view)
                .for_each(|((output, of_view), _)| *output = of_view);
        }
        Ok(encoded)
    }

    /// One entry a sequence; equal pieces run through the model once. `pooled`
    /// stays empty where it is not among `outputs`.
    fn encode_tokens<S: AsRef<[u32]>>(
        &self,
        tokens: &[S],
        outputs: &[&str],
    ) -> Result<Vec<Encoded>> {
        let window = self.bundle.manifest.window.max(1);
        let mut numbers: HashMap<&[u32], usize> = HashMap::new();
        let mut pieces: Vec<&[u32]> = Vec::new();
        for piece in tokens.iter().flat_map(|t| t.as_ref().chunks(window)) {
            numbers.entry(piece).or_insert_with(|| {
                pieces.push(piece);
                pieces.len() - 1
            });
        }
        let mut rows = self.encoder.run(&pieces, outputs)?.into_iter();
        let (metrics, pooled) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
        let one = |t: &S| {
            let t = t.as_ref();
            let mean = |rows: &Rows| {
                let parts = t.chunks(window).filter_map(|p| {
                    Some((p.len() as f64 / t.len() as f64, rows.get(*numbers.get(p)?)?.as_slice()))
                });
                weighted_mean(parts)
            };
            let windows = t.chunks(window).count();
            let (outputs, pooled) = (mean(&metrics), mean(&pooled));
            let whole = outputs.clone();
            Encoded { outputs, whole, scales: Vec::new(), pooled, tokens: t.to_vec(), windows }
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

/// A prediction times the scales of its metrics.
fn times(mut prediction: Prediction, scales: &[f64]) -> Prediction {
    let values = prediction.metrics.iter_mut().zip(&mut prediction.intervals);
    for ((value, interval), scale) in values.zip(scales) {
        *value *= scale;
        interval.iter_mut().flatten().for_each(|end| *end *= scale);
    }
    prediction
}

/// The error once more, for an equal string.
fn again(error: &Error) -> Error {
    match error {
        Error::Tokenizer(reason) => Error::Tokenizer(reason.clone()),
        Error::Runtime(reason) => Error::Runtime(reason.clone()),
        Error::OpString { offset, reason } => {
            Error::OpString { offset: *offset, reason: reason.clone() }
        }
        other => Error::Runtime(other.to_string()),
    }
}

fn weighted_mean<'a>(parts: impl Iterator<Item = (f64, &'a [f32])>) -> Vec<f64> {
    let mut mean: Vec<f64> = Vec::new();
    for (share, row) in parts {
        mean.resize(row.len().max(mean.len()), 0.0);
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += share * f64::from(*x));
    }
    mean
}
