//! Which rows make which batch, in which order: a function of seed and epoch.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Batches within which rows are sorted by length before they are cut.
const POOL: usize = 16;

fn rng(seed: u64, purpose: u64, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((purpose << 48) | index);
    rng
}

/// The batches of an epoch: every row once, rows of like length together.
pub fn epoch(lengths: &[usize], size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let size = size.max(1);
    let mut rng = rng(seed, 1, epoch);
    let mut rows: Vec<usize> = (0..lengths.len()).collect();
    rows.shuffle(&mut rng);
    let mut batches: Vec<Vec<usize>> = Vec::with_capacity(rows.len().div_ceil(size));
    for pool in rows.chunks_mut(size * POOL) {
        pool.sort_by_key(|&i| lengths.get(i).copied());
        batches.extend(pool.chunks(size).map(<[usize]>::to_vec));
    }
    batches.shuffle(&mut rng);
    batches
}

/// Which `k` of `count` unlabelled rows join the batch of a step: they are taken
/// in shuffled passes, so that each is met equally often.
pub fn joined(count: usize, k: usize, seed: u64, step: u64) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let first = step * k as u64;
    let mut pass = (u64::MAX, Vec::new());
    let mut rows = Vec::with_capacity(k);
    for at in first..first + k as u64 {
        let (number, place) = (at / count as u64, (at % count as u64) as usize);
        if pass.0 != number {
            let mut order: Vec<usize> = (0..count).collect();
            order.shuffle(&mut rng(seed, 4, number));
            pass = (number, order);
        }
        rows.extend(pass.1.get(place));
    }
    rows
}

/// Variational dropout (Gal & Ghahramani 2016): one factor for each row,
/// residual branch and channel, shared by all positions; 0 with probability
/// `rate`, else 1/(1−rate). A function of seed and step.
pub fn branch_mask(len: usize, rate: f32, seed: u64, step: u64) -> Vec<f32> {
    if rate <= 0.0 {
        return vec![1.0; len];
    }
    let mut rng = rng(seed, 2, step);
    let keep = 1.0 / (1.0 - rate);
    (0..len).map(|_| if rng.random::<f32>() < rate { 0.0 } else { keep }).collect()
}

/// Which of `count` spellings a row takes in an epoch.
pub fn spelling(count: usize, row: u64, seed: u64, epoch: u64) -> usize {
    match count {
        0 | 1 => 0,
        n => rng(seed, 3, (epoch << 32) | row).random_range(0..n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_once() {
        let lengths: Vec<usize> = (0..1000).map(|i| i % 7).collect();
        let mut rows: Vec<usize> = epoch(&lengths, 32, 5, 3).into_iter().flatten().collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..1000).collect::<Vec<_>>());
        assert_ne!(epoch(&lengths, 32, 5, 3), epoch(&lengths, 32, 5, 4));
    }

    #[test]
    fn a_pass_meets_every_unlabelled_row_once() {
        let mut rows: Vec<usize> = (0..5).flat_map(|step| joined(15, 3, 7, step)).collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..15).collect::<Vec<_>>());
        assert!(joined(0, 3, 7, 1).is_empty());
        assert_eq!(joined(2, 5, 7, 0).len(), 5);
    }

    #[test]
    fn dropout_keeps_the_mean() {
        let mask = branch_mask(100_000, 0.2, 1, 1);
        let mean = mask.iter().sum::<f32>() / mask.len() as f32;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert_eq!(mask, branch_mask(100_000, 0.2, 1, 1));
    }
}
