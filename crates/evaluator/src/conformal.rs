//! Order statistics of split conformal prediction for rows that come in classes.
//!
//! Split conformal prediction (Vovk, Gammerman & Shafer 2005; Lei et al. 2018)
//! takes as bound the ⌈(n+1)(1−α)⌉-th smallest of n calibration scores, for the
//! new row is as likely to stand at each of the n+1 places. Rows of one class
//! (isomorphic networks) are all but copies of each other, so the exchangeable
//! units are classes, not rows; weighing each class as one (Dunn, Wasserman &
//! Ramdas 2023, pooled distributions) covers a random row of a random class,
//! weighing each row as one covers a random row but lets one class of hundreds
//! decide the bound. Here, between the two, a class counts as its rows but as
//! no more than four.

use std::collections::{BTreeSet, HashMap};

/// Rows that a class counts as, at most.
const MOST: f64 = 4.0;

/// Weight of each row: 1, or 4/n in a class of n > 4 rows.
pub fn weights(classes: &[u64]) -> Vec<f64> {
    let mut sizes: HashMap<u64, f64> = HashMap::new();
    classes.iter().for_each(|&c| *sizes.entry(c).or_default() += 1.0);
    classes.iter().map(|c| (MOST / sizes.get(c).copied().unwrap_or(1.0)).min(1.0)).collect()
}

/// Number of distinct classes.
pub fn distinct(classes: impl Iterator<Item = u64>) -> usize {
    classes.collect::<BTreeSet<u64>>().len()
}

/// The smallest score with at least `share` of all weight at or below it, where
/// a new unit of weight `new` stands above all scores. `None`: even the largest
/// score has not enough below it. `scored`: (score, weight).
pub fn upper_bound(scored: &[(f64, f64)], new: f64, share: f64) -> Option<f64> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = sorted.iter().map(|s| s.1).sum();
    let needed = share * (all + new) * (1.0 - 1e-12);
    let mut sum = 0.0;
    sorted.into_iter().find_map(|(score, w)| {
        sum += w;
        (sum >= needed).then_some(score)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_conformal_order_statistic() {
        let scored = |n: u32| (1..=n).map(|i| (f64::from(i), 1.0)).collect::<Vec<_>>();
        assert_eq!(upper_bound(&scored(9), 1.0, 0.9), Some(9.0));
        assert_eq!(upper_bound(&scored(8), 1.0, 0.9), None);
        assert_eq!(upper_bound(&scored(19), 1.0, 0.9), Some(18.0));
        assert_eq!(upper_bound(&scored(100), 1.0, 0.9), Some(91.0));
        assert_eq!(upper_bound(&[], 1.0, 0.9), None);
    }

    #[test]
    fn a_class_weighs_as_four_rows_at_most() {
        let w = weights(&[7, 7, 7, 7, 7, 7, 7, 7, 3, 3]);
        assert_eq!(w, [vec![0.5; 8], vec![1.0; 2]].concat());
        assert_eq!(distinct([7, 7, 3].into_iter()), 2);
    }
}
