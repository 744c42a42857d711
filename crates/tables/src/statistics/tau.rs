//! Kendall's tau-b of a sample with repeated rows.

use super::pairs::{check, finite};
use super::ranks::dense_ranks;

/// Two lists prepared for tau-b under many integer weights.
pub(super) struct TauPlan {
    /// Rows by ascending x, with the dense ranks of x and y.
    order: Vec<Entry>,
    y_count: usize,
}

struct Entry {
    row: usize,
    x: usize,
    y: usize,
}

/// Memory that [`TauPlan::tau`] reuses between calls.
#[derive(Default)]
pub(super) struct TauScratch {
    tree: Vec<u64>,
    ties: Vec<u64>,
}

impl TauPlan {
    /// `None` unless there are two finite pairs at least.
    pub(super) fn new(x: &[f64], y: &[f64]) -> Option<Self> {
        check(x, y, 2)?;
        let ((x, _), (y, y_count)) = (dense_ranks(x), dense_ranks(y));
        let entry = |(row, (&x, &y)): (usize, (&usize, &usize))| Entry { row, x, y };
        let mut order: Vec<Entry> = x.iter().zip(&y).enumerate().map(entry).collect();
        order.sort_unstable_by_key(|e| (e.x, e.y, e.row));
        Some(Self { order, y_count })
    }

    /// Tau-b of the sample in which row `i` occurs `weights[i]` times; `None`
    /// when all its x or all its y are equal.
    pub(super) fn tau(&self, weights: &[u32], scratch: &mut TauScratch) -> Option<f64> {
        let TauScratch { tree, ties } = scratch;
        tree.clear();
        tree.resize(self.y_count + 1, 0);
        ties.clear();
        ties.resize(self.y_count, 0);
        let weight = |e: &Entry| u64::from(weights.get(e.row).copied().unwrap_or(0));
        let (mut total, mut balance, mut tied_x) = (0u64, 0i128, 0i128);
        for run in self.order.chunk_by(|a, b| a.x == b.x) {
            let mut size = 0;
            for e in run {
                let w = weight(e);
                let below = prefix(tree, e.y);
                let above = total - prefix(tree, e.y + 1);
                balance += i128::from(w) * (i128::from(below) - i128::from(above));
                size += w;
            }
            for e in run {
                add(tree, e.y, weight(e));
                if let Some(slot) = ties.get_mut(e.y) {
                    *slot += weight(e);
                }
            }
            total += size;
            tied_x += pairs(size);
        }
        let tied_y: i128 = ties.iter().map(|&t| pairs(t)).sum();
        let free_x = (pairs(total) - tied_x) as f64;
        let free_y = (pairs(total) - tied_y) as f64;
        finite(balance as f64 / (free_x * free_y).sqrt()).map(|tau| tau.clamp(-1.0, 1.0))
    }
}

fn pairs(n: u64) -> i128 {
    let n = i128::from(n);
    n * (n - 1) / 2
}

/// Adds `w` at place `at` (from 0) of a binary indexed tree (Fenwick 1994).
fn add(tree: &mut [u64], at: usize, w: u64) {
    let mut i = at + 1;
    while let Some(node) = tree.get_mut(i) {
        *node += w;
        i += i & i.wrapping_neg();
    }
}

/// Sum of the first `count` places.
fn prefix(tree: &[u64], count: usize) -> u64 {
    let mut i = count;
    let mut sum = 0;
    while i > 0 {
        sum += tree.get(i).copied().unwrap_or(0);
        i &= i - 1;
    }
    sum
}
