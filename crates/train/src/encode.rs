//! Encoding of many networks by an evaluator, part by part; no network is kept.

use crate::error::{Error, Result};
use crate::progress::{Observer, Progress};
use crate::source::NetworkSource;
use nneval_evaluator::{Encoding, Evaluator, Network};
use nneval_graph::model::{Limits, Model};
use nneval_tables::labels::LabelTable;
use rayon::prelude::*;
use std::path::PathBuf;

/// Networks that are read, and encoded, at once.
const CHUNK: usize = 512;

/// Outputs and embeddings of the networks of `rows`, in their order.
///
/// # Errors
/// As [`NetworkSource::networks`] and [`Evaluator::encode`].
pub fn encode_rows(
    evaluator: &Evaluator,
    source: &NetworkSource,
    table: &LabelTable,
    rows: &[usize],
    observer: Observer,
) -> Result<Vec<Encoding>> {
    let costs = evaluator.needs_costs();
    parts(rows, observer, |part, _| Ok(evaluator.encode(&source.networks(table, part, costs)?)?))
}

/// The keys whose networks can be read, with outputs and embeddings of these. The observer is
/// told of the others ([`Progress::Unreadable`]).
///
/// # Errors
/// As [`Evaluator::encode`].
pub fn encode_keys(
    evaluator: &Evaluator,
    source: &NetworkSource,
    keys: &[String],
    observer: Observer,
) -> Result<(Vec<String>, Vec<Encoding>)> {
    let costs = evaluator.needs_costs();
    let both = parts(keys, observer, |part, observer| {
        let described = part.par_iter().map(|key| source.described(key, costs)).collect();
        let (at, networks) = readable(described, observer);
        let good = at.into_iter().filter_map(|i| part.get(i).cloned());
        Ok(good.zip(evaluator.encode(&networks)?).collect())
    })?;
    Ok(both.into_iter().unzip())
}

/// Outputs and embeddings of the model files that can be read. The observer is told of the
/// others ([`Progress::Unreadable`]).
///
/// # Errors
/// As [`Evaluator::encode`].
pub fn encode_files(
    evaluator: &Evaluator,
    files: &[PathBuf],
    limits: &Limits,
    observer: Observer,
) -> Result<Vec<Encoding>> {
    parts(files, observer, |part, observer| {
        let described = |file: &PathBuf| Ok(evaluator.network(&Model::open(file, limits)?)?);
        let (_, networks) = readable(part.par_iter().map(described).collect(), observer);
        Ok(evaluator.encode(&networks)?)
    })
}

/// Those that were read, with their positions; the observer is told of the others.
fn readable(read: Vec<Result<Network>>, observer: Observer) -> (Vec<usize>, Vec<Network>) {
    let mut tell = |e: Error| observer(&Progress::Unreadable(&e));
    let good = read.into_iter().enumerate();
    good.filter_map(|(i, network)| Some((i, network.map_err(&mut tell).ok()?))).unzip()
}

/// What `of` makes of the items, a part at a time, in order.
fn parts<T, U>(
    items: &[T],
    observer: Observer,
    mut of: impl FnMut(&[T], Observer) -> Result<Vec<U>>,
) -> Result<Vec<U>> {
    let mut all = Vec::with_capacity(items.len());
    let mut done = 0;
    for part in items.chunks(CHUNK) {
        all.extend(of(part, observer)?);
        done += part.len();
        observer(&Progress::Networks { done, total: items.len() });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_the_order_and_tell_how_many_are_done() {
        let items: Vec<usize> = (0..CHUNK * 2 + 1).collect();
        let mut told = Vec::new();
        let observer = &mut |p: &Progress| {
            let Progress::Networks { done, total } = p else { panic!("{p:?}") };
            told.push((*done, *total));
        };
        let same = parts(&items, observer, |part, _| Ok(part.to_vec())).unwrap();
        assert_eq!(same, items);
        assert_eq!(told, [(512, 1025), (1024, 1025), (1025, 1025)]);
    }

    #[test]
    fn networks_that_cannot_be_read_are_told_and_left_out() {
        let network = |s: &str| Ok(Network::from_string(s));
        let refused = Err(Error::Data("unreadable".into()));
        let mut told = Vec::new();
        let observer = &mut |p: &Progress| {
            let Progress::Unreadable(e) = p else { panic!("{p:?}") };
            told.push(e.to_string());
        };
        let (at, networks) = readable(vec![network("a"), refused, network("b")], observer);
        assert_eq!((at, networks.len()), (vec![0, 2], 2));
        assert_eq!(told, ["training: unreadable"]);
    }
}
