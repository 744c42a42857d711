//! Batches of token sequences: buckets of length, a budget of padded tokens.

use crate::tokenizer::PAD;
use ndarray::Array2;

/// Padded lengths are multiples of this.
const STEP: usize = 8;

/// How much one batch may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Padded tokens, unless a single sequence is longer.
    pub tokens: usize,
    /// Sequences.
    pub rows: usize,
    /// Scores of attention of one head: padded tokens squared, of all sequences.
    pub scores: usize,
}

impl Budget {
    /// For a session of one CPU thread: what stays in its caches.
    pub const CPU: Self = Self { tokens: 4096, rows: 64, scores: 1 << 19 };
    /// For a GPU, which larger batches keep busy.
    pub const GPU: Self = Self { tokens: 32_768, rows: 512, scores: usize::MAX };

    /// Sequences of a padded length in one batch, at most.
    pub fn most_rows(self, width: usize) -> usize {
        let width = width.max(1);
        let most = (self.tokens / width).min(self.scores / width.saturating_mul(width));
        most.clamp(1, self.rows.max(1))
    }
}

/// The padded length of a sequence of `length` tokens: a function of that length
/// alone. Sequences of one batch have the same, so that what a sequence is
/// computed with does not depend on its batch mates.
pub fn bucket(length: usize) -> usize {
    length.max(1).div_ceil(STEP).saturating_mul(STEP)
}

/// Sequences of one bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// Padded length.
    pub width: usize,
    /// Indices of the sequences.
    pub rows: Vec<usize>,
}

/// Batches of all sequences, by falling cost: the last ones to be taken are
/// short, so that workers end together.
pub(super) fn batches<S: AsRef<[u32]>>(sequences: &[S], budget: Budget) -> Vec<Batch> {
    let width = |i: usize| sequences.get(i).map_or(0, |s| bucket(s.as_ref().len()));
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(width(i)), i));
    let mut batches: Vec<Batch> = Vec::new();
    for i in order {
        let width = width(i);
        match batches.last_mut() {
            Some(b) if b.width == width && b.rows.len() < budget.most_rows(width) => b.rows.push(i),
            _ => batches.push(Batch { width, rows: vec![i] }),
        }
    }
    batches
}

/// Token sequences of one batch, padded to one length: the inputs of an encoder.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TokenBatch {
    /// `input_ids`, \[sequences, length\].
    pub ids: Array2<i64>,
    /// `attention_mask`, \[sequences, length\]: 1 for tokens, 0 for padding.
    pub mask: Array2<i64>,
}

/// Sequences padded to `width` or to the longest, whichever is more.
pub fn padded(sequences: &[&[u32]], width: usize) -> TokenBatch {
    let width = sequences.iter().map(|s| s.len()).max().unwrap_or(0).max(width).max(1);
    let shape = (sequences.len(), width);
    let mut ids = Array2::from_elem(shape, i64::from(PAD));
    let mut mask = Array2::zeros(shape);
    for ((sequence, mut ids), mut mask) in
        sequences.iter().zip(ids.outer_iter_mut()).zip(mask.outer_iter_mut())
    {
        ids.iter_mut().zip(*sequence).for_each(|(id, token)| *id = i64::from(*token));
        mask.iter_mut().zip(*sequence).for_each(|(known, _)| *known = 1);
    }
    TokenBatch { ids, mask }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padding_goes_to_the_width_or_the_longest() {
        let pad = i64::from(PAD);
        let wide = padded(&[&[7, 8], &[9]], 3);
        assert_eq!(wide.ids, ndarray::array![[7, 8, pad], [9, pad, pad]]);
        assert_eq!(padded(&[&[7, 8], &[9]], 0).mask, ndarray::array![[1, 1], [1, 0]]);
        assert_eq!(padded(&[], 0).ids.dim(), (0, 1));
    }

    proptest! {
        #[test]
        fn batches_cover_all_within_the_budget(lengths in prop::collection::vec(0usize..600, 0..300)) {
            let sequences: Vec<Vec<u32>> = lengths.iter().map(|&n| vec![5; n]).collect();
            let budget = Budget { tokens: 4096, rows: 64, scores: usize::MAX };
            let batches = batches(&sequences, budget);
            let mut seen: Vec<usize> = batches.iter().flat_map(|b| b.rows.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..sequences.len()).collect::<Vec<_>>());
            for b in &batches {
                prop_assert!(b.rows.len() <= budget.rows);
                prop_assert!(b.rows.len() == 1 || b.rows.len() * b.width <= budget.tokens);
                prop_assert!(b.rows.iter().all(|&i| bucket(lengths[i]) == b.width));
            }
        }
    }
}
