//! Sample of the networks that known metrics are compared over.

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Networks that known metrics are compared over, at most; suggestions are chosen among as
/// many.
const COMPARED: usize = 1000;

/// Some of the keys in their order, drawn with `seed`: 1,000, or all where there are fewer.
pub fn sample_keys(keys: &[String], seed: u64) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let all: Vec<usize> = (0..keys.len()).collect();
    let mut drawn: Vec<usize> = all.sample(&mut rng, COMPARED).copied().collect();
    drawn.sort_unstable();
    drawn.into_iter().filter_map(|i| keys.get(i).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_the_order_and_depends_on_the_seed() {
        let keys: Vec<String> = (0..3000).map(|i| format!("{i:04}")).collect();
        let sample = sample_keys(&keys, 1);
        assert!(sample.len() == COMPARED && sample.is_sorted());
        assert_eq!(sample, sample_keys(&keys, 1));
        assert_ne!(sample, sample_keys(&keys, 2));
        assert_eq!(sample_keys(&keys[..9], 1), keys[..9]);
    }
}
