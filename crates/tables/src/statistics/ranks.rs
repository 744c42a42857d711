//! Ranks of numbers, with ties.

/// Row numbers by ascending value; equal values (0 and -0 too) stay in row order.
fn ascending(values: &[f64]) -> Vec<(f64, usize)> {
    let mut order: Vec<(f64, usize)> =
        values.iter().enumerate().map(|(row, &value)| (value + 0.0, row)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order
}

/// 0 for the smallest value, 1 for the next larger, ...; and how many there are.
pub(super) fn dense_ranks(values: &[f64]) -> (Vec<usize>, usize) {
    let order = ascending(values);
    let mut ranks = vec![0; values.len()];
    let mut rank = 0;
    for run in order.chunk_by(|a, b| a.0 == b.0) {
        for &(_, row) in run {
            if let Some(slot) = ranks.get_mut(row) {
                *slot = rank;
            }
        }
        rank += 1;
    }
    (ranks, rank)
}

/// Ranks from 1; equal values get the mean of their places.
pub(crate) fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let order = ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for run in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = before as f64 + (run.len() as f64 + 1.0) / 2.0;
        for &(_, row) in run {
            if let Some(slot) = ranks.get_mut(row) {
                *slot = rank;
            }
        }
        before += run.len();
    }
    ranks
}
