//! Sequences into batches: buckets of length, a budget of padded tokens.

use crate::tokenizer::PAD;

/// Padded lengths are multiples of this.
const STEP: usize = 8;

/// How much one batch may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Padded tokens, unless a single sequence is longer.
    pub tokens: usize,
    /// Sequences.
    pub rows: usize,
}

impl Budget {
    /// For a session of one CPU thread: what stays in its caches.
    pub const CPU: Self = Self { tokens: 4096, rows: 64 };
    /// For a GPU, which larger batches keep busy.
    pub const GPU: Self = Self { tokens: 32_768, rows: 512 };

    /// Sequences of a padded length in one batch, at most.
    pub fn most_rows(self, width: usize) -> usize {
        (self.tokens / width.max(1)).clamp(1, self.rows.max(1))
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

/// `input_ids` and `attention_mask` of some sequences, padded to `width` or to the
/// longest, whichever is more; and that length.
pub fn padded(sequences: &[&[u32]], width: usize) -> (Vec<i64>, Vec<i64>, usize) {
    let width = sequences.iter().map(|s| s.len()).max().unwrap_or(0).max(width).max(1);
    let mut ids = Vec::with_capacity(sequences.len() * width);
    let mut mask = Vec::with_capacity(sequences.len() * width);
    for s in sequences {
        ids.extend(s.iter().map(|&t| i64::from(t)));
        mask.extend(s.iter().map(|_| 1i64));
        ids.extend((s.len()..width).map(|_| i64::from(PAD)));
        mask.extend((s.len()..width).map(|_| 0i64));
    }
    (ids, mask, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padding_goes_to_the_width_or_the_longest() {
        assert_eq!(
            padded(&[&[7, 8], &[9]], 3).0,
            [7, 8, i64::from(PAD), 9, i64::from(PAD), i64::from(PAD)]
        );
        assert_eq!(padded(&[&[7, 8], &[9]], 0).1, [1, 1, 1, 0]);
        assert_eq!(padded(&[], 0).2, 1);
    }

    proptest! {
        #[test]
        fn batches_cover_all_within_the_budget(lengths in prop::collection::vec(0usize..600, 0..300)) {
            let sequences: Vec<Vec<u32>> = lengths.iter().map(|&n| vec![5; n]).collect();
            let budget = Budget { tokens: 4096, rows: 64 };
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
