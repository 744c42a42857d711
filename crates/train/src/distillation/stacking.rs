//! Stacked generalisation (Wolpert, Neural Networks 1992): weights of several predictors, chosen
//! on held-out labels.

/// Weights are multiples of one by this.
const STEPS: usize = 10;

/// Weights, summing to 1, whose weighted sum has the least squared error on the
/// reported values; equal ones where none is reported.
pub fn stacking_weights(predicted: &[&[f64]], reported: &[Option<f64>]) -> Vec<f64> {
    let error = |shares: &[f64]| -> f64 {
        let mixed = mix(predicted, shares);
        mixed.iter().zip(reported).filter_map(|(p, r)| Some((p - (*r)?).powi(2))).sum()
    };
    let equal = vec![1.0 / predicted.len().max(1) as f64; predicted.len()];
    let known = reported.iter().any(Option::is_some);
    if predicted.len() < 2 || !known {
        return equal;
    }
    let scored = grid(predicted.len(), STEPS).into_iter().map(|s| (error(&s), s));
    let best = scored.filter(|s| s.0.is_finite()).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(equal, |b| b.1)
}

/// All ways to share out `steps` equal parts of 1 among `n`.
fn grid(n: usize, steps: usize) -> Vec<Vec<f64>> {
    fn fill(n: usize, left: usize, steps: usize) -> Vec<Vec<f64>> {
        let part = |k: usize| k as f64 / steps as f64;
        if n <= 1 {
            return vec![vec![part(left); n]];
        }
        let with = |k: usize| {
            fill(n - 1, left - k, steps).into_iter().map(move |mut rest| {
                rest.push(part(k));
                rest
            })
        };
        (0..=left).flat_map(with).collect()
    }
    fill(n, steps, steps)
}

/// The sum of `predicted`, each times its share.
pub fn mix(predicted: &[&[f64]], shares: &[f64]) -> Vec<f64> {
    let n = predicted.iter().map(|p| p.len()).max().unwrap_or(0);
    let mut sum = vec![0.0; n];
    for (column, share) in predicted.iter().zip(shares).filter(|(_, share)| **share > 0.0) {
        sum.iter_mut().zip(*column).for_each(|(s, z)| *s += share * z);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_that_fit_the_reported_values() {
        let (a, b) = ([0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 0.0, 1.0]);
        let reported: Vec<Option<f64>> =
            a.iter().zip(&b).map(|(a, b)| Some(0.7 * a + 0.3 * b)).collect();
        let shares = stacking_weights(&[&a, &b], &reported);
        assert!((shares[0] - 0.7).abs() < 1e-9 && (shares[1] - 0.3).abs() < 1e-9, "{shares:?}");
        assert_eq!(stacking_weights(&[&a, &b], &[None; 4]), [0.5, 0.5]);
        assert_eq!(stacking_weights(&[&a], &reported), [1.0]);
    }

    #[test]
    fn a_grid_holds_every_way_to_share() {
        let all = grid(3, 10);
        assert_eq!(all.len(), 66);
        assert!(all.iter().all(|s| s.len() == 3 && (s.iter().sum::<f64>() - 1.0).abs() < 1e-9));
    }
}
