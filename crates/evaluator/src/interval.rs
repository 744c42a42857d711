//! Prediction intervals: split conformal, in the space of the model's output, by bins of the
//! output.
//!
//! Residuals are taken between the model's output and the output that would
//! have given the reported value. The target transform therefore makes the
//! interval adaptive and asymmetric in the metric's unit (a logarithm:
//! multiplicative; normal scores: wide where values are sparse). Lower and upper
//! ends are calibrated apart, each to miss half of 1 − level (as Romano,
//! Patterson & Candès 2019), within bins of the output that hold equally many
//! classes (Mondrian conformal prediction, Vovk et al. 2005).

use super::conformal::{distinct, upper_bound, weights};
use serde::{Deserialize, Serialize};

/// Share of reported values that an interval is made to hold.
pub const LEVEL: f64 = 0.9;
/// Classes that a bin holds at least, unless there is but one bin.
const CLASSES_A_BIN: usize = 150;
/// Bins at most.
const MOST_BINS: usize = 8;

/// Interval calibration of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Share of reported values that the intervals are made to hold.
    pub level: f64,
    /// Rows calibrated on.
    pub rows: usize,
    /// Classes of those rows.
    pub classes: usize,
    /// Model outputs between one bin and the next, ascending.
    pub edges: Vec<f64>,
    /// For each bin the distance from the output down to the lower end, ≥ 0.
    pub below: Vec<f64>,
    /// For each bin the distance from the output up to the upper end, ≥ 0.
    pub above: Vec<f64>,
}

/// A calibration row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// The model's output.
    pub output: f64,
    /// The output that would have given the reported value; infinite where no
    /// output gives it.
    pub wanted: f64,
    /// Class of the row.
    pub class: u64,
}

impl Interval {
    /// Calibrates on rows that training has not seen. `None` where there are
    /// too few classes for a bound (fewer than 9 at a level of 0.9).
    pub fn fit(rows: &[Calibrated]) -> Option<Self> {
        Self::fit_at(rows, LEVEL)
    }

    /// Calibrates on rows that were each predicted by a model which had not seen their class
    /// (cross-conformal prediction, Vovk 2015). There is no place left for a new class: with
    /// several models that promise would not hold exactly, and intervals would be too wide.
    pub fn fit_crossed(rows: &[Calibrated]) -> Option<Self> {
        Self::fit_with(rows, LEVEL, 0.0)
    }

    /// As [`Interval::fit`] for another share of the reported values, above 0 and below 1.
    pub fn fit_at(rows: &[Calibrated], level: f64) -> Option<Self> {
        Self::fit_with(rows, level, 1.0)
    }

    /// `new` classes of mean weight stand above all scores.
    fn fit_with(rows: &[Calibrated], level: f64, new: f64) -> Option<Self> {
        let classes: Vec<u64> = rows.iter().map(|r| r.class).collect();
        let weights = weights(&classes);
        let count = distinct(classes.iter().copied());
        let bins = (count / CLASSES_A_BIN).clamp(1, MOST_BINS);
        let edges = edges(rows, &weights, bins);
        let (mut below, mut above) = (Vec::new(), Vec::new());
        for bin in 0..=edges.len() {
            let inside: Vec<(Calibrated, f64)> = rows
                .iter()
                .zip(&weights)
                .filter(|(r, _)| position(&edges, r.output) == bin)
                .map(|(r, w)| (*r, *w))
                .collect();
            let [down, up] = offsets(&inside, level, new)?;
            below.push(down.max(0.0));
            above.push(up.max(0.0));
        }
        Some(Self { level, rows: rows.len(), classes: count, edges, below, above })
    }

    /// Lower and upper end for an output, in the space of outputs.
    pub fn around(&self, output: f64) -> [f64; 2] {
        let bin = position(&self.edges, output);
        let at = |v: &[f64]| v.get(bin).copied().unwrap_or(f64::INFINITY);
        [output - at(&self.below), output + at(&self.above)]
    }

    /// Whether what a row wants lies inside.
    pub fn holds(&self, row: &Calibrated) -> bool {
        let [lo, hi] = self.around(row.output);
        (lo..=hi).contains(&row.wanted)
    }

    /// What is wrong with the content, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let bins = self.edges.len() + 1;
        let good = |v: &[f64]| v.len() == bins && v.iter().all(|x| x.is_finite() && *x >= 0.0);
        let rising = self.edges.iter().zip(self.edges.iter().skip(1)).all(|(a, b)| a < b);
        match (good(&self.below) && good(&self.above), rising, self.level) {
            (false, ..) => Some("an interval has bad bounds"),
            (_, false, _) => Some("an interval has bins that do not ascend"),
            (.., level) if !(0.0..1.0).contains(&level) => Some("an interval has a bad level"),
            _ => None,
        }
    }
}

fn position(edges: &[f64], output: f64) -> usize {
    edges.partition_point(|e| *e <= output)
}

/// Outputs that cut the rows into `bins` parts of equal weight.
fn edges(rows: &[Calibrated], weights: &[f64], bins: usize) -> Vec<f64> {
    let scored: Vec<(f64, f64)> =
        rows.iter().zip(weights).map(|(r, w)| (r.output, *w)).filter(|s| s.0.is_finite()).collect();
    let cut = |k: usize| upper_bound(&scored, 0.0, k as f64 / bins as f64);
    let mut edges: Vec<f64> = (1..bins).filter_map(cut).collect();
    edges.dedup();
    edges
}

/// Distances down and up: each tail by itself, or, where there are too few
/// classes for that, one distance for both.
fn offsets(rows: &[(Calibrated, f64)], level: f64, new: f64) -> Option<[f64; 2]> {
    let classes = distinct(rows.iter().map(|r| r.0.class));
    let new = new * rows.iter().map(|r| r.1).sum::<f64>() / classes.max(1) as f64;
    let scored = |f: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        rows.iter().map(|(r, w)| (f(r.wanted - r.output), *w)).collect()
    };
    let bound = |f: &dyn Fn(f64) -> f64, share: f64| {
        upper_bound(&scored(f), new, share).filter(|q| q.is_finite())
    };
    let tail = (1.0 + level) / 2.0;
    match (bound(&|r| -r, tail), bound(&|r| r, tail)) {
        (Some(down), Some(up)) => Some([down, up]),
        _ => bound(&f64::abs, level).map(|q| [q, q]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Synthetic predictions: noise that grows with the output and is skewed,
    /// classes of 1 to 4 rows that share most of their noise.
    fn synthetic(classes: u64, seed: u64) -> Vec<Calibrated> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut rows = Vec::new();
        for class in 0..classes {
            let output: f64 = rng.random_range(-2.0..2.0);
            let shared = -(1.0 - rng.random::<f64>()).ln() - 1.0;
            for _ in 0..rng.random_range(1..5) {
                let own: f64 = rng.random_range(-0.2..0.2);
                let output = output + rng.random_range(-0.01..0.01);
                let wanted = output + (shared + own) * (0.3 + 0.1 * (output + 2.0));
                rows.push(Calibrated { output, wanted, class });
            }
        }
        rows
    }

    fn inside(i: &Interval, r: &Calibrated) -> bool {
        let [lo, hi] = i.around(r.output);
        (lo..=hi).contains(&r.wanted)
    }

    fn coverage(i: &Interval, rows: &[Calibrated]) -> f64 {
        rows.iter().filter(|r| inside(i, r)).count() as f64 / rows.len() as f64
    }

    #[test]
    fn coverage_is_as_asked_for_over_many_draws_and_in_each_part() {
        let (mut all, mut low, mut high) = (0.0, 0.0, 0.0);
        let draws = 60;
        for seed in 0..draws {
            let fitted = Interval::fit(&synthetic(600, seed)).unwrap();
            assert_eq!(fitted.below.len(), 4);
            let test = synthetic(600, 1000 + seed);
            all += coverage(&fitted, &test);
            let part =
                |f: &dyn Fn(f64) -> bool| test.iter().filter(|r| f(r.output)).copied().collect();
            let (l, h): (Vec<_>, Vec<_>) = (part(&|o| o < -1.0), part(&|o| o > 1.0));
            low += coverage(&fitted, &l);
            high += coverage(&fitted, &h);
        }
        for mean in [all, low, high].map(|s| s / draws as f64) {
            assert!((0.89..0.92).contains(&mean), "{mean}");
        }
    }

    #[test]
    fn one_huge_class_does_not_decide_the_width() {
        let mut rows = synthetic(300, 1);
        let before = Interval::fit(&rows).unwrap();
        rows.extend((0..250).map(|_| Calibrated { output: 0.0, wanted: 50.0, class: 9999 }));
        let after = Interval::fit(&rows).unwrap();
        assert!(after.above.iter().all(|a| *a < 3.0), "{before:?} {after:?}");
    }

    #[test]
    fn few_classes_make_a_symmetric_interval_or_none() {
        let rows = |n: u64| -> Vec<Calibrated> {
            let row = |i: u64| Calibrated { output: 0.0, wanted: i as f64, class: i };
            (0..n).map(row).collect()
        };
        assert_eq!(Interval::fit(&[]), None);
        assert_eq!(Interval::fit(&rows(8)), None);
        let nine = Interval::fit(&rows(9)).unwrap();
        assert_eq!((nine.around(1.0), nine.fault()), ([-7.0, 9.0], None));
        let mut far = rows(40);
        far.iter_mut().take(10).for_each(|r| r.wanted = f64::INFINITY);
        assert_eq!(Interval::fit(&far), None, "no finite bound holds nine in ten");
    }

    #[test]
    fn bad_content_is_found() {
        let good = Interval::fit(&synthetic(600, 3)).unwrap();
        assert_eq!(good.fault(), None);
        let mut bad = good.clone();
        bad.below.pop();
        assert!(bad.fault().is_some());
        let mut bad = good.clone();
        bad.above[0] = -1.0;
        assert!(bad.fault().is_some());
        let mut bad = good;
        bad.edges.reverse();
        assert!(bad.fault().is_some());
    }
}
