//! Reading and encoding many networks, with a bar.

use super::verbosity;
use nneval::evaluator::{Encoded, Evaluator, Network};
use nneval::labels::LabelTable;
use nneval::training::NetworkSource;
use rayon::prelude::*;

/// Networks that are read, and encoded, at once.
const CHUNK: usize = 512;

/// What `of` makes of the items, a part at a time, in order.
fn parts<T, U>(
    items: &[T],
    mut of: impl FnMut(&[T]) -> anyhow::Result<Vec<U>>,
) -> anyhow::Result<Vec<U>> {
    let bar = verbosity::bar(items.len() as u64, "networks");
    let mut all = Vec::with_capacity(items.len());
    for part in items.chunks(CHUNK) {
        all.extend(of(part)?);
        bar.inc(part.len() as u64);
    }
    bar.finish_and_clear();
    Ok(all)
}

/// Outputs and states for rows of a table.
pub fn rows(
    evaluator: &Evaluator,
    source: &NetworkSource,
    table: &LabelTable,
    rows: &[usize],
) -> anyhow::Result<Vec<Encoded>> {
    let costs = evaluator.needs_costs();
    parts(rows, |part| Ok(evaluator.encode(&source.networks(table, part, costs)?)?))
}

/// Outputs and states for the networks that keys name; one that cannot be read
/// is reported and left out.
pub fn keys(
    evaluator: &Evaluator,
    source: &NetworkSource,
    keys: &[String],
) -> anyhow::Result<(Vec<String>, Vec<Encoded>)> {
    let both = parts(keys, |part| {
        let describe = |key: &String| source.described(key, evaluator.needs_costs());
        let described: Vec<nneval::training::Result<Network>> =
            part.par_iter().map(describe).collect();
        let (mut good, mut networks) = (Vec::new(), Vec::new());
        for (key, network) in part.iter().zip(described) {
            match network {
                Ok(network) => {
                    good.push(key.clone());
                    networks.push(network);
                }
                Err(e) => super::report(e),
            }
        }
        Ok(good.into_iter().zip(evaluator.encode(&networks)?).collect())
    })?;
    Ok(both.into_iter().unzip())
}
