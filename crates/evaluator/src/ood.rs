//! Out-of-distribution detection: how far a network lies from the training networks.
//!
//! The distance of a network is the sum of two parts.
//! 1. The distance of its embedding from the nearest centre, over √d. The metric is that of the
//!    training embeddings' covariance (Mahalanobis distance, Lee et al. 2018), shrunk towards a
//!    sphere (Ledoit & Wolf 2004). Centres are training networks, chosen farthest-first
//!    (Gonzalez 1985): they cover the corners of the training set as well as its middle.
//! 2. The share of adjacent token pairs that no training string has, times ten.
//!
//! The distance's place among networks of held-out classes is a conformal p-value (Vovk et al.
//! 2005; Bates et al. 2023): the in-domain score.

use super::conformal::{distinct, weights};
use super::hex_serde;
use crate::tokenizer::PAD;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Share of in-domain networks that are flagged.
const FLAGGED_SHARE: f64 = 0.01;
/// Weight of the share of unseen pairs beside the distance.
const PAIR_WEIGHT: f64 = 10.0;
/// Smallest share of the sphere in the covariance.
const SHRINKAGE: f64 = 0.01;
/// Training networks that distances are taken from, at most.
const MOST_CENTRES: usize = 128;
/// Pairs kept, the most frequent ones.
const MOST_PAIRS: usize = 65_536;
/// Score steps below which calibration points of ordinary networks are thinned.
const STEP: f64 = 0.005;

/// In-domain statistics of an evaluator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// Networks that the statistics are of.
    pub rows: usize,
    /// Networks that the score is calibrated on, and their classes.
    pub calibration: [usize; 2],
    /// Networks with an in-domain score up to this are flagged.
    pub threshold: f64,
    /// Mean pooled state, \[d\].
    #[serde(with = "hex_serde::floats")]
    mean: Vec<f32>,
    /// Lower triangle, by rows, of the Cholesky factor of the covariance.
    #[serde(with = "hex_serde::floats")]
    factor: Vec<f32>,
    /// Training states that distances are taken from, centred and whitened by
    /// the factor, one after the other.
    #[serde(with = "hex_serde::floats")]
    centres: Vec<f32>,
    /// Token pairs seen, first · 65536 + second, ascending.
    #[serde(with = "hex_serde::words")]
    pairs: Vec<u32>,
    /// Calibration distances, ascending.
    #[serde(with = "hex_serde::floats")]
    distances: Vec<f32>,
    /// For each of them the p-value, descending.
    #[serde(with = "hex_serde::floats")]
    levels: Vec<f32>,
    /// Beyond the last distance the p-value falls by e over this much.
    tail: f64,
}

/// What in-domain statistics need to know of a network.
#[derive(Debug, Clone, Copy)]
pub struct OodSample<'a> {
    /// The encoder's embedding of the network, \[d\].
    pub embedding: &'a [f64],
    /// Tokens of the whole string.
    pub tokens: &'a [u32],
}

impl Domain {
    /// Statistics of the training networks, calibrated on networks of other
    /// classes. `None` where there is nothing to make them of.
    pub fn fit(train: &[OodSample], held: &[OodSample], classes: &[u64]) -> Option<Self> {
        let d = train.first()?.embedding.len();
        let fits =
            |s: &OodSample| s.embedding.len() == d && s.embedding.iter().all(|x| x.is_finite());
        if d == 0 || held.is_empty() || held.len() != classes.len() {
            return None;
        }
        if !train.iter().chain(held).all(fits) {
            return None;
        }
        let (mean, factor) = gaussian(train, d)?;
        let states = || train.iter().map(|s| whitened(&mean, &factor, s.embedding));
        let centres = farthest_first(&states().collect::<Vec<_>>());
        let mut domain = Self {
            rows: train.len(),
            calibration: [held.len(), distinct(classes.iter().copied())],
            threshold: FLAGGED_SHARE,
            mean,
            factor,
            centres,
            pairs: frequent_pairs(train),
            distances: Vec::new(),
            levels: Vec::new(),
            tail: 1.0,
        };
        domain.calibrate(held, classes);
        domain.fault(d).is_none().then_some(domain)
    }

    /// The same statistics, calibrated on other networks.
    pub fn recalibrated(&self, held: &[OodSample], classes: &[u64]) -> Option<Self> {
        let mut domain = self.clone();
        domain.calibrate(held, classes);
        domain.fault(self.width()).is_none().then_some(domain)
    }

    /// Distance from the nearest centre over √d, plus ten times the share of
    /// unseen pairs.
    pub fn distance(&self, network: &OodSample) -> f64 {
        let d = self.mean.len().max(1);
        let state = whitened(&self.mean, &self.factor, network.embedding);
        let squared = self.centres.chunks(d).map(|c| squared_distance(c, &state));
        let nearest = squared.fold(f64::INFINITY, f64::min);
        (nearest / d as f64).sqrt() + self.unseen(network.tokens)
    }

    /// The part of the distance that tokens alone make.
    fn unseen(&self, tokens: &[u32]) -> f64 {
        let unseen = pairs(tokens).filter(|p| self.pairs.binary_search(p).is_err());
        PAIR_WEIGHT * (unseen.count() as f64 / tokens.len().max(1) as f64)
    }

    /// The in-domain score, 0 to 1: the share of in-domain networks that lie at
    /// least as far out. Continuous and falling in the distance; beyond all
    /// calibration networks it falls exponentially, at the rate of their tail.
    pub fn score(&self, network: &OodSample) -> f64 {
        self.score_at(self.distance(network))
    }

    /// The highest in-domain score that a network of those tokens can have, whatever its embedding.
    pub fn score_at_most(&self, tokens: &[u32]) -> f64 {
        self.score_at(self.unseen(tokens))
    }

    fn score_at(&self, at: f64) -> f64 {
        let next = self.distances.partition_point(|x| f64::from(*x) < at);
        let knot =
            |i: usize| Some((f64::from(*self.distances.get(i)?), f64::from(*self.levels.get(i)?)));
        match (next.checked_sub(1).and_then(knot), knot(next)) {
            (None, _) => 1.0,
            (Some((x, p)), None) => p * (-(at - x) / self.tail).exp(),
            (Some((x0, p0)), Some((x1, p1))) => p0 + (p1 - p0) * (at - x0) / (x1 - x0).max(1e-12),
        }
    }

    /// Whether a score says "outside what the evaluator has seen".
    pub fn flags(&self, score: f64) -> bool {
        score.is_nan() || score <= self.threshold
    }

    /// What is wrong with the content for an encoder of width `d`, if anything.
    pub fn fault(&self, d: usize) -> Option<&'static str> {
        let diagonal = (0..d).map(|i| self.factor.get(i * (i + 3) / 2).copied().unwrap_or(0.0));
        let all = [&self.mean, &self.factor, &self.centres, &self.distances, &self.levels];
        let rising = |v: &[f32]| v.iter().zip(v.iter().skip(1)).all(|(a, b)| a < b);
        match self {
            _ if self.mean.len() != d || self.factor.len() != d * (d + 1) / 2 => {
                Some("in-domain statistics are of another width than the encoder")
            }
            _ if all.into_iter().flatten().any(|x| !x.is_finite()) => {
                Some("in-domain statistics are not finite")
            }
            _ if self.centres.is_empty() || !self.centres.len().is_multiple_of(d.max(1)) => {
                Some("in-domain statistics have no centres")
            }
            _ if diagonal.into_iter().any(|x| x <= 0.0) => {
                Some("in-domain statistics have a singular covariance")
            }
            _ if self.distances.is_empty()
                || self.distances.len() != self.levels.len()
                || !rising(&self.distances)
                || !self.levels.iter().all(|p| (0.0..=1.0).contains(p)) =>
            {
                Some("in-domain statistics have a bad calibration")
            }
            _ if !(self.tail.is_finite() && self.tail > 0.0) => {
                Some("in-domain statistics have a bad tail")
            }
            _ => None,
        }
    }

    /// Width of the encoder's pooled state.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    fn calibrate(&mut self, held: &[OodSample], classes: &[u64]) {
        let distances: Vec<f64> = held.iter().map(|s| self.distance(s)).collect();
        let weights = weights(classes);
        let total: f64 = weights.iter().sum();
        let new = total / distinct(classes.iter().copied()).max(1) as f64;
        let mut sorted: Vec<(f64, f64)> = distances.into_iter().zip(weights).collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut knots: Vec<(f32, f32)> = Vec::new();
        let mut sum = new;
        for (i, (x, w)) in sorted.iter().enumerate() {
            sum += w;
            let last_of_ties = sorted.get(i + 1).is_none_or(|n| (n.0 as f32) < *x as f32);
            let p = (sum / (total + new)).min(1.0);
            let step = if p < 10.0 * STEP { 0.0 } else { STEP };
            let apart = knots.last().is_none_or(|k| p - f64::from(k.1) > step);
            let first_of_all = i + 1 == sorted.len();
            if last_of_ties && (apart || first_of_all) {
                knots.push((*x as f32, p as f32));
            }
        }
        self.tail = tail(&sorted, total);
        (self.distances, self.levels) = knots.into_iter().rev().unzip();
    }
}

/// Mean excess of the outermost tenth over where it begins: the rate of an
/// exponential tail (peaks over threshold, Pickands 1975, shape 0). `sorted`:
/// (distance, weight), farthest first.
fn tail(sorted: &[(f64, f64)], total: f64) -> f64 {
    let mut sum = 0.0;
    let outer = sorted.iter().take_while(|s| {
        sum += s.1;
        sum <= total / 10.0
    });
    let outer: Vec<&(f64, f64)> = outer.collect();
    let begin = sorted.get(outer.len()).map_or(0.0, |s| s.0);
    let weight: f64 = outer.iter().map(|s| s.1).sum();
    let excess = outer.iter().map(|s| (s.0 - begin) * s.1).sum::<f64>() / weight.max(1e-12);
    let farthest = sorted.first().map_or(0.0, |s| s.0);
    excess.max(0.02 * farthest).max(1e-3)
}

/// Adjacent pairs, the first token behind [`PAD`]; numbers from 65535 up count
/// as one token.
fn pairs(tokens: &[u32]) -> impl Iterator<Item = u32> + '_ {
    let short = |t: u32| t.min(0xffff);
    let before = std::iter::once(PAD).chain(tokens.iter().copied());
    before.zip(tokens).map(move |(a, &b)| short(a) << 16 | short(b))
}

fn frequent_pairs(train: &[OodSample]) -> Vec<u32> {
    let mut counts: HashMap<u32, u64> = HashMap::new();
    train.iter().flat_map(|s| pairs(s.tokens)).for_each(|p| *counts.entry(p).or_default() += 1);
    let mut all: Vec<(u64, u32)> = counts.into_iter().map(|(p, n)| (n, p)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let mut kept: Vec<u32> = all.into_iter().take(MOST_PAIRS).map(|(_, p)| p).collect();
    kept.sort_unstable();
    kept
}

/// L⁻¹ (`state` − `mean`) for the lower triangle L of `factor`, whose inverse
/// makes the training states' covariance the identity.
fn whitened(mean: &[f32], factor: &[f32], state: &[f64]) -> Vec<f32> {
    let mut solved: Vec<f64> = Vec::with_capacity(mean.len());
    let mut start = 0;
    for (i, mean) in mean.iter().enumerate() {
        let row = factor.get(start..start + i + 1).unwrap_or_default();
        let known: f64 = row.iter().zip(&solved).map(|(l, x)| f64::from(*l) * x).sum();
        let centred = state.get(i).copied().unwrap_or(f64::NAN) - f64::from(*mean);
        solved.push((centred - known) / f64::from(row.last().copied().unwrap_or(1.0)));
        start += i + 1;
    }
    solved.into_iter().map(|x| x as f32).collect()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(x - y) * f64::from(x - y)).sum()
}

/// The state nearest to the mean, then again and again the one that is farthest
/// from all chosen ones; one after the other.
fn farthest_first(states: &[Vec<f32>]) -> Vec<f32> {
    let mut centres = Vec::new();
    let mut distances = vec![f64::INFINITY; states.len()];
    let middle = |s: &Vec<f32>| squared_distance(s, &vec![0.0; s.len()]);
    let mut next = states.iter().min_by(|a, b| middle(a).total_cmp(&middle(b)));
    for _ in 0..MOST_CENTRES {
        let Some(centre) = next else { break };
        centres.extend_from_slice(centre);
        for (d, s) in distances.iter_mut().zip(states) {
            *d = d.min(squared_distance(s, centre));
        }
        let farthest = distances.iter().zip(states).max_by(|a, b| a.0.total_cmp(b.0));
        next = farthest.filter(|f| *f.0 > 0.0).map(|f| f.1);
    }
    centres
}

/// Mean, and Cholesky factor of the shrunk covariance.
fn gaussian(train: &[OodSample], d: usize) -> Option<(Vec<f32>, Vec<f32>)> {
    let n = train.len() as f64;
    let mut mean = vec![0.0; d];
    for s in train {
        mean.iter_mut().zip(s.embedding).for_each(|(m, x)| *m += x / n);
    }
    let mut covariance = vec![0.0; d * d];
    for s in train {
        let centred: Vec<f64> = s.embedding.iter().zip(&mean).map(|(x, m)| x - m).collect();
        for (row, a) in covariance.chunks_mut(d).zip(&centred) {
            row.iter_mut().zip(&centred).for_each(|(c, b)| *c += a * b / n);
        }
    }
    let sphere = (0..d).filter_map(|i| covariance.get(i * (d + 1))).sum::<f64>() / d as f64;
    let share = (d as f64 / n).clamp(SHRINKAGE, 1.0);
    covariance.iter_mut().for_each(|c| *c *= 1.0 - share);
    for i in 0..d {
        if let Some(c) = covariance.get_mut(i * (d + 1)) {
            *c += share * sphere.max(1e-12);
        }
    }
    let factor = cholesky(&covariance, d)?;
    let short = |v: Vec<f64>| v.into_iter().map(|x| x as f32).collect();
    Some((short(mean), short(factor)))
}

/// The lower triangle, by rows, of L with L·Lᵀ = `a` ([d, d]); `None` where `a`
/// is not positive definite.
fn cholesky(a: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(d);
    for i in 0..d {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for (j, above) in rows.iter().enumerate() {
            let dot: f64 = row.iter().zip(above).map(|(x, y)| x * y).sum();
            row.push((a.get(i * d + j)? - dot) / above.last()?);
        }
        let rest = a.get(i * (d + 1))? - row.iter().map(|x| x * x).sum::<f64>();
        if !(rest.is_finite() && rest > 0.0) {
            return None;
        }
        row.push(rest.sqrt());
        rows.push(row);
    }
    Some(rows.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const D: usize = 6;

    /// States on a tilted ellipsoid, tokens 3 to 6; `shift` moves the states.
    fn networks(n: usize, seed: u64, shift: f64) -> Vec<(Vec<f64>, Vec<u32>)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut one = || {
            let mut unit = || (0..6).map(|_| rng.random::<f64>() - 0.5).sum::<f64>();
            let z: Vec<f64> = (0..D).map(|_| unit()).collect();
            let state: Vec<f64> =
                (0..D).map(|i| 5.0 + shift + z[i] * (i + 1) as f64 + z[(i + 1) % D]).collect();
            let tokens = (0..30).map(|_| rng.random_range(3..7)).collect();
            (state, tokens)
        };
        (0..n).map(|_| one()).collect()
    }

    fn seen(all: &[(Vec<f64>, Vec<u32>)]) -> Vec<OodSample<'_>> {
        all.iter().map(|(embedding, tokens)| OodSample { embedding, tokens }).collect()
    }

    fn fitted() -> Domain {
        let (train, held) = (networks(2000, 1, 0.0), networks(1000, 2, 0.0));
        let classes: Vec<u64> = (0..1000).collect();
        Domain::fit(&seen(&train), &seen(&held), &classes).unwrap()
    }

    #[test]
    fn one_in_a_hundred_is_flagged_and_strangers_all_are() {
        let domain = fitted();
        let share = |networks: &[(Vec<f64>, Vec<u32>)]| {
            let flagged = seen(networks).iter().filter(|s| domain.flags(domain.score(s))).count();
            flagged as f64 / networks.len() as f64
        };
        let alike = share(&networks(20_000, 3, 0.0));
        assert!((0.004..0.018).contains(&alike), "{alike}");
        assert_eq!(share(&networks(100, 4, 40.0)), 1.0);
        let mut spelled_otherwise = networks(100, 5, 0.0);
        spelled_otherwise.iter_mut().for_each(|n| n.1.iter_mut().for_each(|t| *t += 7));
        assert_eq!(share(&spelled_otherwise), 1.0);
    }

    #[test]
    fn scores_are_even_within_the_domain_and_fall_with_the_distance() {
        let domain = fitted();
        let test = networks(4000, 6, 0.0);
        let scores: Vec<f64> = seen(&test).iter().map(|s| domain.score(s)).collect();
        for quarter in [0.25, 0.5, 0.75] {
            let below = scores.iter().filter(|p| **p <= quarter).count() as f64 / 4000.0;
            assert!((below - quarter).abs() < 0.05, "{quarter}: {below}");
        }
        let at = |x: f64| domain.score(&OodSample { embedding: &[x; D], tokens: &[3, 4, 5] });
        let falling: Vec<f64> = (10..200).map(|i| at(5.0 + f64::from(i))).collect();
        assert!(falling.windows(2).all(|w| w[0] >= w[1]), "{falling:?}");
        assert!(falling.iter().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn distances_are_those_of_the_definition() {
        let a = [4.0, 2.0, 0.0, 2.0, 5.0, 1.0, 0.0, 1.0, 2.0];
        let l = cholesky(&a, 3).unwrap();
        assert_eq!(l[..3], [2.0, 1.0, 2.0]);
        assert!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
        let l: Vec<f32> = l.iter().map(|x| *x as f32).collect();
        // x = (2, 0, 0): xᵀ a⁻¹ x with a⁻¹₀₀ = 9/28
        let solved = whitened(&[1.0, 0.0, 0.0], &l, &[3.0, 0.0, 0.0]);
        let squared = squared_distance(&solved, &[0.0; 3]);
        assert!((squared - 4.0 * 9.0 / 28.0).abs() < 1e-6);
    }

    #[test]
    fn centres_cover_the_corners() {
        let states: Vec<Vec<f32>> = (0..1000).map(|i| vec![(i as f32 - 499.0) / 500.0]).collect();
        let centres = farthest_first(&states);
        assert_eq!(centres[..3], [0.0, 1.0, -0.998]);
        assert_eq!(centres.len(), MOST_CENTRES);
        assert_eq!(farthest_first(&[vec![1.0], vec![1.0]]), [1.0]);
        assert!(farthest_first(&[]).is_empty());
    }

    #[test]
    fn it_comes_back_from_json_and_bad_content_is_found() {
        let domain = fitted();
        let json = serde_json::to_string(&domain).unwrap();
        let back: Domain = serde_json::from_str(&json).unwrap();
        assert_eq!(back, domain);
        assert_eq!(back.fault(D), None);
        assert!(back.fault(D + 1).is_some());
        let bad = Domain { tail: 0.0, ..domain.clone() };
        assert!(bad.fault(D).is_some());
        let bad = Domain { levels: vec![], ..domain };
        assert!(bad.fault(D).is_some());
        assert!(Domain::fit(&[], &[], &[]).is_none());
    }
}
