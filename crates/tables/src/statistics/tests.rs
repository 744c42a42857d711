//! Statistics against reference values and definitions.

use super::tau::{TauPlan, TauScratch};
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
