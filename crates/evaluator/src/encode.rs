//! Encodings of networks: windows, reductions, equal pieces once.

use super::encoding::Encoding;
use super::evaluator::Evaluator;
use super::network::Network;
use super::tokenized::TokenizedNetwork;
use crate::error::Result;
use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;
use std::collections::HashMap;

impl Evaluator {
    /// Model outputs and embeddings of networks.
    ///
    /// # Errors
    /// [`Error::Graph`](crate::Error::Graph) or [`Error::Tokenizer`](crate::Error::Tokenizer) of
    /// the first bad string, [`Error::NeedsModel`](crate::Error::NeedsModel), or
    /// [`Error::Runtime`](crate::Error::Runtime).
    pub fn encode(&self, networks: &[Network]) -> Result<Vec<Encoding>> {
        let scales = networks.iter().map(|n| self.scales(n)).collect::<Result<Vec<_>>>()?;
        let tokenize =
            |n: &Network| self.bundle.tokenize(&n.read_by(&self.needs), &self.needs.reductions);
        let tokenized = networks.par_iter().map(tokenize).collect::<Result<Vec<_>>>()?;
        let tokenized: Vec<&TokenizedNetwork> = tokenized.iter().collect();
        let mut encoded = self.encode_tokenized(&tokenized, &["metrics", "pooled"])?;
        encoded.iter_mut().zip(scales).for_each(|(e, s)| e.scales = s);
        Ok(encoded)
    }

    /// One encoding a network, outputs of metrics with a reduction from its sequence.
    pub(super) fn encode_tokenized(
        &self,
        networks: &[&TokenizedNetwork],
        outputs: &[&str],
    ) -> Result<Vec<Encoding>> {
        let reduced =
            || networks.iter().enumerate().flat_map(|(i, n)| n.reduced.iter().map(move |r| (i, r)));
        let mut sequences: Vec<&[u32]> = networks.iter().map(|n| n.unreduced.as_slice()).collect();
        sequences.extend(reduced().map(|(_, (_, tokens))| tokens.as_slice()));
        let mut encoded = self.encode_tokens(&sequences, outputs)?;
        let of_reductions = encoded.split_off(networks.len());
        for ((i, (view, _)), reduction) in reduced().zip(of_reductions) {
            let Some(network) = encoded.get_mut(i) else { continue };
            let metrics = self.bundle.manifest.metrics.iter();
            let both = network.outputs.iter_mut().zip(reduction.outputs).zip(metrics);
            both.filter(|(_, m)| m.reduction == *view).for_each(|((output, own), _)| *output = own);
        }
        Ok(encoded)
    }

    /// One encoding a sequence; equal pieces run through the model once. The embedding stays
    /// empty where `pooled` is not among `outputs`.
    fn encode_tokens(&self, sequences: &[&[u32]], outputs: &[&str]) -> Result<Vec<Encoding>> {
        let window = self.bundle.manifest.window.max(1);
        let mut numbers: HashMap<&[u32], usize> = HashMap::new();
        let mut pieces: Vec<&[u32]> = Vec::new();
        for piece in sequences.iter().flat_map(|t| t.chunks(window)) {
            numbers.entry(piece).or_insert_with(|| {
                pieces.push(piece);
                pieces.len() - 1
            });
        }
        let mut arrays = self.encoder.run(&pieces, outputs)?.into_iter();
        let (metrics, pooled) = (arrays.next(), arrays.next());
        let one = |t: &&[u32]| {
            let mean = |rows: &Option<Array2<f32>>| {
                let parts = t.chunks(window).filter_map(|p| {
                    let (rows, at) = (rows.as_ref()?, *numbers.get(p)?);
                    let row = (at < rows.nrows()).then(|| rows.row(at))?;
                    Some((p.len() as f64 / t.len() as f64, row))
                });
                weighted_mean(parts)
            };
            let outputs = mean(&metrics);
            Encoding {
                unreduced_outputs: outputs.clone(),
                outputs,
                scales: Vec::new(),
                embedding: mean(&pooled),
                tokens: t.to_vec(),
                windows: t.chunks(window).count(),
            }
        };
        Ok(sequences.iter().map(one).collect())
    }
}

fn weighted_mean<'a>(parts: impl Iterator<Item = (f64, ArrayView1<'a, f32>)>) -> Vec<f64> {
    let mut mean: Vec<f64> = Vec::new();
    for (share, row) in parts {
        mean.resize(row.len().max(mean.len()), 0.0);
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += share * f64::from(*x));
    }
    mean
}
