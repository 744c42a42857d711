//! Predictions by operation string, in bounded memory.

use super::Prediction;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a prediction takes beside its numbers: handles, map entries.
const OVERHEAD: usize = 256;

/// Predictions of the strings seen last. The lock guards the maps and is held
/// only while they are read or written, never while a model runs.
#[derive(Debug)]
pub(super) struct Cache {
    generations: Mutex<Generations>,
}

/// Entries come to the young generation, and move back to it when they are
/// asked for. When it is full it becomes the old one, whose entries are dropped.
#[derive(Debug)]
struct Generations {
    young: HashMap<Arc<str>, Arc<Prediction>>,
    old: HashMap<Arc<str>, Arc<Prediction>>,
    /// Memory of the young generation.
    bytes: usize,
    /// Memory at which it becomes the old one.
    limit: usize,
}

impl Cache {
    /// A cache of so many bytes, about; 0 keeps nothing.
    pub fn new(bytes: usize) -> Self {
        let (young, old, limit) = (HashMap::new(), HashMap::new(), bytes / 2);
        Self { generations: Mutex::new(Generations { young, old, bytes: 0, limit }) }
    }

    /// The predictions that are known, one place a string.
    pub fn get(&self, strings: &[&str]) -> Vec<Option<Arc<Prediction>>> {
        let mut generations = self.lock();
        strings.iter().map(|s| generations.get(s)).collect()
    }

    /// Keeps predictions.
    pub fn put<'s>(&self, known: impl Iterator<Item = (&'s str, Arc<Prediction>)>) {
        let mut generations = self.lock();
        if generations.limit == 0 {
            return;
        }
        for (string, prediction) in known {
            generations.put(string.into(), prediction);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn get(&mut self, string: &str) -> Option<Arc<Prediction>> {
        if let Some(prediction) = self.young.get(string) {
            return Some(Arc::clone(prediction));
        }
        let (string, prediction) = self.old.remove_entry(string)?;
        self.put(string, Arc::clone(&prediction));
        Some(prediction)
    }

    fn put(&mut self, string: Arc<str>, prediction: Arc<Prediction>) {
        self.bytes += bytes(&string, &prediction);
        self.young.insert(string, prediction);
        if self.bytes > self.limit {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}

fn bytes(string: &str, prediction: &Prediction) -> usize {
    let numbers = size_of_val(prediction.metrics.as_slice());
    let intervals = size_of_val(prediction.intervals.as_slice());
    OVERHEAD + string.len() + numbers + intervals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(value: f64) -> Arc<Prediction> {
        Arc::new(Prediction {
            metrics: vec![value],
            intervals: vec![None],
            in_domain: None,
            flagged: None,
            tokens: 1,
            windows: 1,
        })
    }

    #[test]
    fn what_is_asked_for_stays_and_memory_is_bounded() {
        let cache = Cache::new(20 * (OVERHEAD + 40));
        let names: Vec<String> = (0..1000).map(|i| format!("{i:03}")).collect();
        cache.put([("asked", prediction(-1.0))].into_iter());
        for (i, name) in names.iter().enumerate() {
            cache.put([(name.as_str(), prediction(i as f64))].into_iter());
            assert_eq!(cache.get(&["asked"]), [Some(prediction(-1.0))], "{i}");
        }
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() < 30);
        assert!(generations.young.len() + generations.old.len() > 5);
        drop(generations);
        let last: Vec<_> = cache.get(&["999", "000"]);
        assert_eq!(last, [Some(prediction(999.0)), None]);
    }

    #[test]
    fn a_cache_of_no_bytes_keeps_nothing() {
        let cache = Cache::new(0);
        cache.put([("a", prediction(1.0))].into_iter());
        assert_eq!(cache.get(&["a"]), [None]);
    }
}
