//! Correlations: Kendall's tau-b, Spearman's rho, Pearson's r.

use super::pairs::{check, finite, is_constant};
use super::ranks::mid_ranks;
use super::tau::{TauPlan, TauScratch};

/// Kendall's tau-b: (C - D) / sqrt((n0 - n1) (n0 - n2)) with C and D the
/// concordant and discordant pairs, n0 all pairs, n1 and n2 the pairs tied in
/// `x` and in `y` (Kendall 1945). Needs two values.
///
/// O(n log n): sorted by `x`, pairs counted by `y` (Knight 1966, "A computer
/// method for calculating Kendall's tau with ungrouped data"), with a binary
/// indexed tree in place of Knight's merge sort (Christensen 2005).
pub fn kendall_tau(x: &[f64], y: &[f64]) -> Option<f64> {
    let plan = TauPlan::new(x, y)?;
    plan.tau(&vec![1; x.len()], &mut TauScratch::default())
}

/// Spearman's rho: Pearson's correlation of mid-ranks. Needs two values.
pub fn spearman_rho(x: &[f64], y: &[f64]) -> Option<f64> {
    check(x, y, 2)?;
    pearson(&mid_ranks(x), &mid_ranks(y))
}

/// Pearson's correlation. Needs two values.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    check(x, y, 2)?;
    if is_constant(x) || is_constant(y) {
        return None;
    }
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut sxx, mut syy, mut sxy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (dx, dy) = (x - mean_x, y - mean_y);
        sxx += dx * dx;
        syy += dy * dy;
        sxy += dx * dy;
    }
    let scale = finite(sxx)?.sqrt() * finite(syy)?.sqrt();
    finite(sxy / scale).map(|r| r.clamp(-1.0, 1.0))
}
