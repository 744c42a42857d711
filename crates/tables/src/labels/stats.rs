//! Agreement of two lists of numbers.
//!
//! All functions take two slices of one length and return `None` where the
//! statistic is undefined: other lengths, too few values, a value that is not
//! finite, and for the correlations a list whose values are all equal.

/// The pairs in which both values are present.
pub fn paired(x: &[Option<f64>], y: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    x.iter().zip(y).filter_map(|(x, y)| Some(((*x)?, (*y)?))).unzip()
}

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

/// Mean absolute error, in the unit of the values. Needs one value.
pub fn mean_absolute_error(reported: &[f64], predicted: &[f64]) -> Option<f64> {
    check(reported, predicted, 1)?;
    let sum: f64 = reported.iter().zip(predicted).map(|(r, p)| (p - r).abs()).sum();
    finite(sum / reported.len() as f64)
}

/// Root of the mean squared error, in the unit of the values. Needs one value.
pub fn root_mean_square_error(reported: &[f64], predicted: &[f64]) -> Option<f64> {
    check(reported, predicted, 1)?;
    let sum: f64 = reported.iter().zip(predicted).map(|(r, p)| (p - r) * (p - r)).sum();
    finite((sum / reported.len() as f64).sqrt())
}

/// Median of |predicted - reported| / |reported| over the rows whose reported
/// value is not 0. Needs one such row.
pub fn median_relative_error(reported: &[f64], predicted: &[f64]) -> Option<f64> {
    check(reported, predicted, 1)?;
    let rows = reported.iter().zip(predicted).filter(|(r, _)| **r != 0.0);
    let mut errors: Vec<f64> = rows.map(|(r, p)| ((p - r) / r).abs()).collect();
    errors.sort_by(f64::total_cmp);
    finite(quantile(&errors, 0.5)?)
}

/// Quantile of ascending `sorted` by linear interpolation between order
/// statistics (type 7 of Hyndman and Fan 1996); `None` when empty or when `q`
/// is outside [0, 1].
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * sorted.len().checked_sub(1)? as f64;
    let low = place.floor();
    let a = sorted.get(low as usize)?;
    let b = sorted.get(place.ceil() as usize)?;
    Some(a + (b - a) * (place - low))
}

fn check(x: &[f64], y: &[f64], least: usize) -> Option<()> {
    let whole = x.len() == y.len() && x.len() >= least;
    (whole && x.iter().chain(y).all(|v| v.is_finite())).then_some(())
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

pub(super) fn is_constant(values: &[f64]) -> bool {
    values.first().is_none_or(|first| values.iter().all(|v| v == first))
}

/// Row numbers by ascending value; equal values (0 and -0 too) stay in row order.
fn ascending(values: &[f64]) -> Vec<(f64, usize)> {
    let mut order: Vec<(f64, usize)> =
        values.iter().enumerate().map(|(row, &value)| (value + 0.0, row)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order
}

/// 0 for the smallest value, 1 for the next larger, ...; and how many there are.
fn dense_ranks(values: &[f64]) -> (Vec<usize>, usize) {
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
pub(super) fn mid_ranks(values: &[f64]) -> Vec<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: Option<f64>, want: f64) {
        let got = got.unwrap();
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{got} is not {want}");
    }

    /// Tau-b by its definition, O(n^2).
    fn tau_by_definition(x: &[f64], y: &[f64]) -> Option<f64> {
        let sign = |a: f64, b: f64| f64::from(i8::from(a > b) - i8::from(a < b));
        let (mut s, mut nx, mut ny) = (0.0, 0.0, 0.0);
        for i in 0..x.len() {
            for j in 0..i {
                let (a, b) = (sign(x[i], x[j]), sign(y[i], y[j]));
                s += a * b;
                nx += a * a;
                ny += b * b;
            }
        }
        (nx > 0.0 && ny > 0.0).then(|| s / (nx.sqrt() * ny.sqrt()))
    }

    /// Reference values: scipy 1.17.1 (`kendalltau`, `spearmanr`, `pearsonr`) and numpy.
    #[test]
    fn reference_values() {
        let (x, y) = ([12.0, 2.0, 1.0, 12.0, 2.0], [1.0, 4.0, 7.0, 1.0, 0.0]);
        close(kendall_tau(&x, &y), -0.4714045207910316);
        close(spearman_rho(&x, &y), -0.5407380704358752);
        close(pearson(&x, &y), -0.5566399985665696);
        close(mean_absolute_error(&x, &y), 6.4);
        close(root_mean_square_error(&x, &y), 7.563068160475615);
        let x = [1.5, 2.0, 2.0, 3.25, -1.0, 0.0, 4.5, 2.0, 7.0, 3.25];
        let y = [10.0, 9.0, 9.0, 8.0, 12.0, 12.0, 3.0, 9.0, 1.5, 10.0];
        close(kendall_tau(&x, &y), -0.8148769172359115);
        close(spearman_rho(&x, &y), -0.8746124478660616);
        close(pearson(&x, &y), -0.9229298825706446);
        close(mean_absolute_error(&x, &y), 7.3);
        close(root_mean_square_error(&x, &y), 7.955344115750116);
        let x = [0.3, 0.1, 0.9, 0.5, 0.7, 0.2, 0.8];
        let y = [0.25, 0.2, 0.85, 0.6, 0.5, 0.1, 0.9];
        close(kendall_tau(&x, &y), 0.7142857142857143);
        close(spearman_rho(&x, &y), 0.8928571428571429);
        close(pearson(&x, &y), 0.9295748304658562);
    }

    #[test]
    fn reference_values_on_a_thousand_tied_pairs() {
        let x: Vec<f64> = (0..1000).map(|i| f64::from(i * 7919 % 1009 % 50)).collect();
        let y: Vec<f64> = (0..1000)
            .zip(&x)
            .map(|(i, x): (i64, _)| ((i * 104_729 % 1013 % 30) as f64 + x / 4.0).round_ties_even())
            .collect();
        close(kendall_tau(&x, &y), 0.25482179708078584);
        close(spearman_rho(&x, &y), 0.3641528519856481);
        close(pearson(&x, &y), 0.38538237680052445);
    }

    #[test]
    fn undefined_is_none() {
        type Statistic = fn(&[f64], &[f64]) -> Option<f64>;
        let correlations: [Statistic; 3] = [kendall_tau, spearman_rho, pearson];
        for f in correlations {
            assert_eq!(f(&[], &[]), None);
            assert_eq!(f(&[1.0], &[2.0]), None);
            assert_eq!(f(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
            assert_eq!(f(&[1.0, 2.0, 3.0], &[0.1; 3]), None);
            assert_eq!(f(&[1.0, f64::NAN], &[1.0, 2.0]), None);
            assert_eq!(f(&[1.0, 2.0], &[1.0, f64::INFINITY]), None);
            assert_eq!(f(&[1.0, 2.0], &[1.0]), None);
        }
        let errors: [Statistic; 3] =
            [mean_absolute_error, root_mean_square_error, median_relative_error];
        for f in errors {
            assert_eq!(f(&[], &[]), None);
            assert_eq!(f(&[1.0], &[]), None);
            assert_eq!(f(&[1.0], &[f64::NAN]), None);
        }
        assert_eq!(pearson(&[1e300, -1e300], &[1.0, 2.0]), None);
        assert_eq!(root_mean_square_error(&[1e300], &[-1e300]), None);
        assert_eq!(median_relative_error(&[0.0], &[1.0]), None);
    }

    #[test]
    fn negative_zero_ties_with_zero() {
        assert_eq!(kendall_tau(&[0.0, -0.0, 1.0], &[2.0, 2.0, 3.0]), Some(1.0));
    }

    #[test]
    fn relative_errors_skip_zeros() {
        let (r, p) = ([0.0, 2.0, -4.0, 10.0, 5.0], [9.0, 3.0, -5.0, 10.0, 5.5]);
        close(median_relative_error(&r, &p), (0.1 + 0.25) / 2.0);
    }

    #[test]
    fn quantiles() {
        let v = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&v, 0.0), Some(1.0));
        assert_eq!(quantile(&v, 1.0), Some(8.0));
        assert_eq!(quantile(&v, 0.5), Some(3.0));
        assert_eq!(
            (quantile(&v, 1.1), quantile(&v, f64::NAN), quantile(&[], 0.5)),
            (None, None, None)
        );
    }

    #[test]
    fn missing_values_drop_the_pair() {
        let (x, y) = paired(&[Some(1.0), None, Some(3.0)], &[Some(4.0), Some(5.0), None]);
        assert_eq!((x, y), (vec![1.0], vec![4.0]));
    }

    fn tied_pairs() -> impl Strategy<Value = Vec<(i8, i8, u8)>> {
        (1i8..9).prop_flat_map(|k| prop::collection::vec((0..k, -k..k, 0u8..4), 0..70))
    }

    fn same(a: Option<f64>, b: Option<f64>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-12,
            (a, b) => a == b,
        }
    }

    proptest! {
        #[test]
        fn tau_is_its_definition_under_heavy_ties(pairs in tied_pairs()) {
            let x: Vec<f64> = pairs.iter().map(|p| f64::from(p.0) / 3.0).collect();
            let y: Vec<f64> = pairs.iter().map(|p| f64::from(p.1)).collect();
            prop_assert!(same(kendall_tau(&x, &y), tau_by_definition(&x, &y)));
            prop_assert!(same(kendall_tau(&x, &y), kendall_tau(&y, &x)));
        }

        #[test]
        fn tau_without_ties(xs in prop::collection::vec((-1e9f64..1e9, -1e9f64..1e9), 2..60)) {
            let (x, y): (Vec<f64>, Vec<f64>) = xs.into_iter().unzip();
            prop_assert!(same(kendall_tau(&x, &y), tau_by_definition(&x, &y)));
        }

        #[test]
        fn weights_are_repetitions(pairs in tied_pairs()) {
            let x: Vec<f64> = pairs.iter().map(|p| f64::from(p.0)).collect();
            let y: Vec<f64> = pairs.iter().map(|p| f64::from(p.1)).collect();
            let weights: Vec<u32> = pairs.iter().map(|p| u32::from(p.2)).collect();
            let repeat = |v: &[f64]| -> Vec<f64> {
                v.iter().zip(&weights).flat_map(|(v, &w)| vec![*v; w as usize]).collect()
            };
            let want = tau_by_definition(&repeat(&x), &repeat(&y));
            let got = TauPlan::new(&x, &y).and_then(|p| p.tau(&weights, &mut TauScratch::default()));
            prop_assert!(same(got, want), "{got:?} {want:?}");
        }

        #[test]
        fn rank_correlations_ignore_monotone_maps(
            pairs in prop::collection::vec((-20i32..20, -20i32..20), 2..50),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|p| (f64::from(p.0), f64::from(p.1))).unzip();
            let z: Vec<f64> = x.iter().map(|v| (v / 9.0).exp()).collect();
            prop_assert!(same(kendall_tau(&x, &y), kendall_tau(&z, &y)));
            prop_assert!(same(spearman_rho(&x, &y), spearman_rho(&z, &y)));
        }
    }
}
