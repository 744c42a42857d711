//! How sure a rank correlation is: resampling of whole classes.

use super::stats::{TauPlan, TauScratch, quantile};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most resamples that are drawn; more are cut to this.
pub const MAX_RESAMPLES: usize = 100_000;

/// Two ends of an interval, `lo <= hi`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// Percentile bootstrap interval of Kendall's tau-b (Efron and Tibshirani 1993,
/// ch. 13): as many classes as there are, drawn with replacement, `resamples`
/// times; `level` is the coverage, .95 say. Whole classes are drawn because rows
/// of a class are not independent.
///
/// The same seed gives the same interval whatever the threads and the order of
/// the rows. `None` when tau is undefined, with fewer than two classes, when
/// `resamples` is 0, `level` is outside (0, 1), or most resamples are constant.
pub fn bootstrap_tau(
    x: &[f64],
    y: &[f64],
    classes: &[u64],
    resamples: usize,
    level: f64,
    seed: u64,
) -> Option<Interval> {
    let plan = TauPlan::new(x, y)?;
    let resamples = resamples.min(MAX_RESAMPLES);
    if classes.len() != x.len() || resamples == 0 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let (class_of_row, count) = number_classes(classes);
    if count < 2 {
        return None;
    }
    let mut taus: Vec<f64> = (0..resamples as u64)
        .into_par_iter()
        .map_init(Scratch::default, |scratch, stream| {
            scratch.draw(&class_of_row, count, seed, stream);
            plan.tau(&scratch.weights, &mut scratch.tau)
        })
        .flatten_iter()
        .collect();
    if taus.len() * 2 < resamples {
        return None;
    }
    taus.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Some(Interval { lo: quantile(&taus, tail)?, hi: quantile(&taus, 1.0 - tail)? })
}

/// For every row the place of its class among the sorted classes, and their count.
fn number_classes(classes: &[u64]) -> (Vec<usize>, usize) {
    let mut places: BTreeMap<u64, usize> = classes.iter().map(|&class| (class, 0)).collect();
    places.values_mut().enumerate().for_each(|(place, slot)| *slot = place);
    let of_row = classes.iter().map(|class| places.get(class).copied().unwrap_or(0)).collect();
    (of_row, places.len())
}

#[derive(Default)]
struct Scratch {
    drawn: Vec<u32>,
    weights: Vec<u32>,
    tau: TauScratch,
}

impl Scratch {
    /// Draws `count` classes; a row weighs what its class was drawn.
    fn draw(&mut self, class_of_row: &[usize], count: usize, seed: u64, stream: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        self.drawn.clear();
        self.drawn.resize(count, 0);
        for _ in 0..count {
            let place = (u128::from(rng.next_u64()) * count as u128) >> 64;
            if let Some(slot) = self.drawn.get_mut(place as usize) {
                *slot += 1;
            }
        }
        self.weights.clear();
        let drawn = &self.drawn;
        let weight = |class: &usize| drawn.get(*class).copied().unwrap_or(0);
        self.weights.extend(class_of_row.iter().map(weight));
    }
}

#[cfg(test)]
mod tests {
    use super::super::stats::kendall_tau;
    use super::*;

    fn noisy(n: u64) -> (Vec<f64>, Vec<f64>, Vec<u64>) {
        let x: Vec<f64> = (0..n).map(|i| (i * 7919 % 997) as f64).collect();
        let y: Vec<f64> = x.iter().zip(0..n).map(|(x, i)| x + (i * 104_729 % 811) as f64).collect();
        (x, y, (0..n).map(|i| i / 2).collect())
    }

    #[test]
    fn holds_tau_repeats_and_ignores_row_order() {
        let (x, y, c) = noisy(400);
        let tau = kendall_tau(&x, &y).unwrap();
        let a = bootstrap_tau(&x, &y, &c, 500, 0.95, 3).unwrap();
        assert!(a.lo < tau && tau < a.hi && a.hi - a.lo < 0.2, "{a:?} {tau}");
        assert_eq!(Some(a), bootstrap_tau(&x, &y, &c, 500, 0.95, 3));
        let back = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
        let c_back: Vec<u64> = c.iter().rev().copied().collect();
        assert_eq!(Some(a), bootstrap_tau(&back(&x), &back(&y), &c_back, 500, 0.95, 3));
        assert_ne!(Some(a), bootstrap_tau(&x, &y, &c, 500, 0.95, 4));
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(Some(a), one_thread.install(|| bootstrap_tau(&x, &y, &c, 500, 0.95, 3)));
    }

    #[test]
    fn wider_with_fewer_classes_and_higher_levels() {
        let (x, y, c) = noisy(400);
        let few: Vec<u64> = c.iter().map(|c| c / 20).collect();
        let width = |c: &[u64], level| {
            bootstrap_tau(&x, &y, c, 500, level, 1).map(|i| i.hi - i.lo).unwrap()
        };
        assert!(width(&c, 0.99) > width(&c, 0.8));
        assert!(width(&few, 0.95) > 0.0);
    }

    #[test]
    fn undefined_is_none() {
        let (x, y, c) = noisy(20);
        assert_eq!(bootstrap_tau(&x, &y, &c, 0, 0.95, 1), None);
        assert_eq!(bootstrap_tau(&x, &y, &c, 10, 1.0, 1), None);
        assert_eq!(bootstrap_tau(&x, &y, &c, 10, f64::NAN, 1), None);
        assert_eq!(bootstrap_tau(&x, &y, &c[1..], 10, 0.95, 1), None);
        assert_eq!(bootstrap_tau(&x, &y, &[7; 20], 10, 0.95, 1), None);
        assert_eq!(bootstrap_tau(&[1.0; 20], &y, &c, 10, 0.95, 1), None);
        assert_eq!(bootstrap_tau(&[], &[], &[], 10, 0.95, 1), None);
    }
}
