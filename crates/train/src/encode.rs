//! Encoding of many networks by an evaluator, part by part; no network is kept.

use crate::error::{Error, Result};
use crate::parts::parts;
use crate::progress::{Observer, Progress};
use crate::source::NetworkSource;
use nneval_evaluator::{Encoding, Evaluator, Network};
use nneval_graph::model::{Limits, Model};
use nneval_tables::labels::LabelTable;
use rayon::prelude::*;
use std::path::PathBuf;

/// Outputs and embeddings of the networks of `rows`, in their order.
///
/// # Errors
/// As [`NetworkSource::read_row`] and [`Evaluator::encode`].
pub fn encode_rows(
    evaluator: &Evaluator,
    source: &NetworkSource,
    table: &LabelTable,
    rows: &[usize],
    observer: Observer,
) -> Result<Vec<Encoding>> {
    let needs = evaluator.needs();
    parts(rows, observer, |part, _| {
        let read = |&row: &usize| Ok(source.read_row(table, row, needs.costs)?.network(needs));
        let networks = part.par_iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(evaluator.encode(&networks)?)
    })
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
    let needs = evaluator.needs();
    let both = parts(keys, observer, |part, observer| {
        let read = |key: &String| Ok(source.read_key(key, needs.costs)?.network(needs));
        let (at, networks) = readable(part.par_iter().map(read).collect(), observer);
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

#[cfg(test)]
mod tests {
    use super::*;

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
