//! What measuring a candidate is expected to gain, by what a model expects of
//! it. All costs: smaller is better.

use std::f64::consts::{PI, SQRT_2};

/// A normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation, above 0.
    pub deviation: f64,
}

impl Normal {
    /// Probability of a value up to `x`.
    pub fn at_most(self, x: f64) -> f64 {
        0.5 * libm::erfc((self.mean - x) / (self.deviation * SQRT_2))
    }

    /// Expected improvement: the mean of max(`best` − x, 0) (Jones, Schonlau and
    /// Welch, "Efficient Global Optimization of Expensive Black-Box Functions",
    /// Journal of Global Optimization 13, 1998, eq. 15).
    pub fn improvement(self, best: f64) -> f64 {
        let u = (best - self.mean) / self.deviation;
        let density = (-0.5 * u * u).exp() / (2.0 * PI).sqrt();
        let gain = (best - self.mean) * self.at_most(best) + self.deviation * density;
        gain.max(0.0)
    }
}

/// A front of two costs, and the point up to which it counts.
#[derive(Debug, Clone)]
pub struct Front {
    /// Strips between members: where each ends in the first cost, and what of the
    /// second cost was reached there.
    strips: Vec<[f64; 2]>,
}

impl Front {
    /// The front of `points` up to `reference`.
    pub fn new(points: &[[f64; 2]], reference: [f64; 2]) -> Self {
        let mut sorted: Vec<[f64; 2]> = points.to_vec();
        sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        let (mut strips, mut reached) = (Vec::new(), reference[1]);
        for [x, y] in sorted {
            if x < reference[0] && y < reached {
                strips.push([x, reached]);
                reached = y;
            }
        }
        strips.push([reference[0], reached]);
        Self { strips }
    }

    /// Expected hypervolume improvement by a point of independent costs: the
    /// area that it dominates and the front does not, strip by strip (Emmerich,
    /// Deutz and Klinkenberg, "Hypervolume-based expected improvement:
    /// Monotonicity properties and exact computation", CEC 2011).
    pub fn improvement(&self, costs: [Normal; 2]) -> f64 {
        let (mut before, mut sum) = (0.0, 0.0);
        for &[end, reached] in &self.strips {
            let upto = costs[0].improvement(end);
            sum += (upto - before).max(0.0) * costs[1].improvement(reached);
            before = upto;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::hypervolume::hypervolume_2d;
    use super::*;

    fn normal(mean: f64, deviation: f64) -> Normal {
        Normal { mean, deviation }
    }

    /// Evenly spaced quantiles of a normal distribution, by bisection.
    fn draws(x: Normal, n: usize) -> Vec<f64> {
        let quantile = |i: usize| {
            let (mut lo, mut hi) = (x.mean - 9.0 * x.deviation, x.mean + 9.0 * x.deviation);
            for _ in 0..60 {
                let middle = 0.5 * (lo + hi);
                let below = x.at_most(middle) < (i as f64 + 0.5) / n as f64;
                (lo, hi) = if below { (middle, hi) } else { (lo, middle) };
            }
            lo
        };
        (0..n).map(quantile).collect()
    }

    #[test]
    fn improvements_are_the_means_of_draws() {
        for (x, best) in
            [(normal(0.0, 1.0), 0.3), (normal(2.0, 0.5), 1.0), (normal(-3.0, 2.0), 0.0)]
        {
            let gains = draws(x, 20_000).into_iter().map(|v| (best - v).max(0.0));
            let mean = gains.sum::<f64>() / 2e4;
            assert!((x.improvement(best) - mean).abs() < 1e-3, "{mean}");
        }
        assert!((normal(0.0, 1.0).at_most(1.0) - 0.841_344_746).abs() < 1e-9);
    }

    #[test]
    fn hypervolume_improvements_are_the_means_of_draws() {
        let reference = [4.0, 5.0];
        let front = [[0.0, 3.0], [1.0, 2.0], [3.0, 0.0], [2.0, 2.5], [9.0, -1.0]];
        let now = hypervolume_2d(&front, reference);
        for costs in [[normal(0.5, 1.0), normal(2.0, 1.5)], [normal(4.0, 1.0), normal(-1.0, 0.5)]] {
            let (a, b) = (draws(costs[0], 300), draws(costs[1], 300));
            let gain =
                |x: f64, y: f64| hypervolume_2d(&[&front[..], &[[x, y]]].concat(), reference) - now;
            let sum: f64 = a.iter().map(|&x| b.iter().map(|&y| gain(x, y)).sum::<f64>()).sum();
            let got = Front::new(&front, reference).improvement(costs);
            assert!((got - sum / 9e4).abs() < 0.01 * got, "{got} {}", sum / 9e4);
        }
        let empty = Front::new(&[], [1.0, 1.0]).improvement([normal(0.0, 1e-6); 2]);
        assert!((empty - 1.0).abs() < 1e-4, "{empty}");
    }
}
