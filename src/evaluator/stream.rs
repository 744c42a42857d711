//! Predictions for items of any number, in constant memory.

use super::{Evaluator, Prediction, Spelled};
use crate::error::Result;
use rayon::prelude::*;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Items that are read, and encoded, together.
const CHUNK: usize = 2048;

/// Chunks that wait to be encoded, at most.
const WAITING: usize = 1;

type Chunk<T> = (Vec<T>, Vec<Result<Spelled>>);

impl Evaluator {
    /// Predicts for the items in their order, which are taken as they are needed:
    /// while some are encoded, `spell` makes the operation strings of the next
    /// ones. `sink` is given items with their predictions, some thousand at a time;
    /// where it fails, nothing more is taken. An item without a string fails alone.
    ///
    /// # Errors
    /// That of `sink`.
    pub fn evaluate_stream<T: Send + Sync, E>(
        &self,
        items: impl Iterator<Item = T> + Send,
        spell: impl Fn(&T) -> Result<Spelled> + Send + Sync,
        mut sink: impl FnMut(Vec<T>, Vec<Result<Prediction>>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sender, receiver) = sync_channel::<Chunk<T>>(WAITING);
        std::thread::scope(|scope| {
            scope.spawn(move || read(items, spell, &sender));
            // Owned here, so that the reader ends once this does.
            let receiver: Receiver<Chunk<T>> = receiver;
            for (items, spelled) in &receiver {
                sink(items, self.evaluate_spelled(spelled))?;
            }
            Ok(())
        })
    }
}

/// Sends chunks until there are no items, or nobody wants them.
fn read<T: Send + Sync>(
    mut items: impl Iterator<Item = T>,
    spell: impl Fn(&T) -> Result<Spelled> + Sync,
    to: &SyncSender<Chunk<T>>,
) {
    loop {
        let chunk: Vec<T> = items.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return;
        }
        let spelled = chunk.par_iter().map(&spell).collect();
        if to.send((chunk, spelled)).is_err() {
            return;
        }
    }
}
