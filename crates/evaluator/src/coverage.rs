//! Coverage of split conformal intervals at several levels, measured on rows
//! that did not calibrate them.

use super::interval::{Calibrated, Interval};
use nneval_tables::labels::split_classes;

/// Measured coverage at one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoveragePoint {
    /// Share of reported values that the intervals were made to hold.
    pub level: f64,
    /// Share of the tested rows inside, mean over the halvings.
    pub rows: f64,
    /// Standard deviation of that share over the halvings.
    pub rows_sd: f64,
}

/// Halves the classes of `rows` with seeds 0 to `splits`−1: one half calibrates
/// intervals as a bundle has them, at each level, the other is tested. Levels
/// for which there are too few classes are left out.
pub fn coverage_curve(rows: &[Calibrated], levels: &[f64], splits: u64) -> Vec<CoveragePoint> {
    let classes: Vec<u64> = rows.iter().map(|r| r.class).collect();
    let halves: Vec<[Vec<Calibrated>; 2]> = (0..splits)
        .filter_map(|seed| {
            let parts = split_classes(&classes, &[0.5], seed).ok()?;
            let [a, b] = parts.as_slice() else { return None };
            let pick = |part: &[usize]| part.iter().filter_map(|&r| rows.get(r).copied()).collect();
            Some([pick(a), pick(b)])
        })
        .collect();
    let point = |&level: &f64| {
        let shares: Vec<f64> = halves
            .iter()
            .filter_map(|[a, b]| share_inside(&Interval::fit_at(a, level)?, b))
            .collect();
        let n = shares.len() as f64;
        let mean = shares.iter().sum::<f64>() / n;
        let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
        (!shares.is_empty()).then(|| CoveragePoint { level, rows: mean, rows_sd: variance.sqrt() })
    };
    levels.iter().filter_map(point).collect()
}

fn share_inside(interval: &Interval, rows: &[Calibrated]) -> Option<f64> {
    let inside = rows.iter().filter(|r| interval.holds(r));
    (!rows.is_empty()).then(|| inside.count() as f64 / rows.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn measured_coverage_is_as_promised_and_few_classes_leave_levels_out() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let rows: Vec<Calibrated> = (0..1500)
            .map(|class| {
                let output = rng.random_range(-1.0..1.0);
                Calibrated { output, wanted: output + rng.random_range(-0.3..0.3), class }
            })
            .collect();
        let levels = [0.1, 0.5, 0.9];
        let curve = coverage_curve(&rows, &levels, 10);
        assert_eq!(curve.len(), 3);
        for p in &curve {
            assert!((p.rows - p.level).abs() < 0.03 && p.rows_sd < 0.05, "{p:?}");
        }
        let few = coverage_curve(&rows[..14], &levels, 10);
        assert_eq!(few.iter().map(|p| p.level).collect::<Vec<_>>(), [0.1, 0.5]);
        assert!(coverage_curve(&rows[..1], &levels, 10).is_empty());
    }
}
