//! Labelled networks: a label table, and each of its networks read and spelled once.

use crate::error::Result;
use crate::network::DatasetNetwork;
use crate::parts::parts;
use crate::progress::Observer;
use crate::source::NetworkSource;
use nneval_evaluator::{Encoding, Evaluator, Network};
use nneval_tables::labels::LabelTable;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// A label table and the networks that its keys name. Networks are read when they are first
/// needed and kept; slices of the dataset borrow them.
#[derive(Debug)]
pub struct Dataset {
    table: LabelTable,
    source: NetworkSource,
    networks: HashMap<String, DatasetNetwork>,
}

impl Dataset {
    /// A dataset of which no network has been read.
    pub fn new(table: LabelTable, source: NetworkSource) -> Self {
        Self { table, source, networks: HashMap::new() }
    }

    /// The labels.
    pub fn table(&self) -> &LabelTable {
        &self.table
    }

    /// Where the networks are.
    pub fn source(&self) -> &NetworkSource {
        &self.source
    }

    /// Classes of `rows`.
    pub fn classes(&self, rows: &[usize]) -> Vec<u64> {
        rows.iter().filter_map(|&r| self.table.class(r)).collect()
    }

    /// Labels of a metric at `rows`.
    ///
    /// # Errors
    /// As [`LabelTable::gather`].
    pub fn labels(&self, metric: &str, rows: &[usize]) -> Result<Vec<Option<f64>>> {
        Ok(self.table.gather(metric, rows)?)
    }

    /// Reads those networks of `rows` that have not been read, with static costs where `costs`
    /// says so.
    ///
    /// # Errors
    /// As [`NetworkSource::read_row`].
    pub fn read(&mut self, rows: &[usize], costs: bool, observer: Observer) -> Result<()> {
        let missing: Vec<usize> = rows.iter().copied().filter(|&r| self.lacks(r, costs)).collect();
        let read = |&row: &usize| {
            let key = self.table.key(row).unwrap_or_default().to_owned();
            Ok((key, self.source.read_row(&self.table, row, costs)?))
        };
        let read = parts(&missing, observer, |part, _| part.par_iter().map(read).collect())?;
        self.networks.extend(read);
        Ok(())
    }

    fn lacks(&self, row: usize, costs: bool) -> bool {
        let known = self.table.key(row).and_then(|key| self.networks.get(key));
        known.is_none_or(|n| costs && n.costs.is_none())
    }

    /// Keys of the networks of the space or folder that are none of `rows`, all of which are
    /// read.
    ///
    /// # Errors
    /// As [`NetworkSource::keys`] and [`NetworkSource::read_key`].
    pub fn read_rest(&mut self, rows: &[usize], observer: Observer) -> Result<Vec<String>> {
        let labelled: HashSet<&str> = rows.iter().filter_map(|&r| self.table.key(r)).collect();
        let mut keys = self.source.keys()?;
        keys.retain(|k| !labelled.contains(k.as_str()));
        let missing: Vec<String> =
            keys.iter().filter(|k| !self.networks.contains_key(*k)).cloned().collect();
        let read = |key: &String| Ok((key.clone(), self.source.read_key(key, false)?));
        let read = parts(&missing, observer, |part, _| part.par_iter().map(read).collect())?;
        self.networks.extend(read);
        Ok(keys)
    }

    /// The networks of `rows`; those that have not been read are left out.
    pub fn slice(&self, rows: &[usize]) -> Vec<&DatasetNetwork> {
        self.named(rows.iter().filter_map(|&r| self.table.key(r)))
    }

    /// The networks that `keys` name; those that have not been read are left out.
    pub fn named<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<&DatasetNetwork> {
        keys.filter_map(|key| self.networks.get(key)).collect()
    }

    /// Outputs and embeddings of the networks of `rows`.
    ///
    /// # Errors
    /// As [`Dataset::read`] and [`Evaluator::encode`].
    pub fn encode(
        &mut self,
        evaluator: &Evaluator,
        rows: &[usize],
        observer: Observer,
    ) -> Result<Vec<Encoding>> {
        let needs = evaluator.needs();
        self.read(rows, needs.costs, observer)?;
        parts(rows, observer, |part, _| {
            let networks: Vec<Network> =
                self.slice(part).par_iter().map(|n| n.network(needs)).collect();
            Ok(evaluator.encode(&networks)?)
        })
    }
}
