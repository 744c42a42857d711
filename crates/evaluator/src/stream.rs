//! Streams of predictions, in constant memory.

use super::evaluator::Evaluator;
use super::network::Network;
use super::prediction::Prediction;
use crate::error::Result;
use rayon::prelude::*;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Items that are read, and encoded, together.
const CHUNK: usize = 2048;

/// Chunks that wait to be encoded, at most.
const WAITING: usize = 1;

type Chunk<T> = (Vec<T>, Vec<Result<Network>>);

impl Evaluator {
    /// Predicts for the items in their order, which are taken as they are needed:
    /// while some are encoded, `network` reads the next ones. `sink` is given items
    /// with their predictions, some thousand at a time; where it fails, nothing more
    /// is taken. An item that cannot be read fails alone.
    ///
    /// # Errors
    /// That of `sink`.
    pub fn evaluate_stream<T: Send + Sync, E>(
        &self,
        items: impl Iterator<Item = T> + Send,
        network: impl Fn(&T) -> Result<Network> + Send + Sync,
        mut sink: impl FnMut(Vec<T>, Vec<Result<Prediction>>) -> Result<(), E>,
    ) -> Result<(), E> {
        chunks(items, network, |items, networks| sink(items, self.evaluate_read(networks)))
    }
}

/// Reads the items some thousand at a time, while `sink` works on the ones before.
pub(super) fn chunks<T: Send + Sync, E>(
    items: impl Iterator<Item = T> + Send,
    network: impl Fn(&T) -> Result<Network> + Send + Sync,
    mut sink: impl FnMut(Vec<T>, Vec<Result<Network>>) -> Result<(), E>,
) -> Result<(), E> {
    let (sender, receiver) = sync_channel::<Chunk<T>>(WAITING);
    std::thread::scope(|scope| {
        scope.spawn(move || read(items, network, &sender));
        // Owned here, so that the reader ends once this does.
        let receiver: Receiver<Chunk<T>> = receiver;
        for (items, networks) in &receiver {
            sink(items, networks)?;
        }
        Ok(())
    })
}

/// Sends chunks until there are no items, or nobody wants them.
fn read<T: Send + Sync>(
    mut items: impl Iterator<Item = T>,
    network: impl Fn(&T) -> Result<Network> + Sync,
    to: &SyncSender<Chunk<T>>,
) {
    loop {
        let chunk: Vec<T> = items.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return;
        }
        let networks = chunk.par_iter().map(&network).collect();
        if to.send((chunk, networks)).is_err() {
            return;
        }
    }
}
