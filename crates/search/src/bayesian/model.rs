//! What observations say of the networks of a pool, column by column.

use super::acquisition::Normal;
use super::networks::{Frame, PREFIXES, Point, Pool};
use super::warp::Warp;
use nneval_regression::{Facts, Kernel, Posterior};
use rayon::prelude::*;

/// A measured network.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Its number in the history.
    pub number: usize,
    /// The network.
    pub point: Point,
    /// Its value in each column modelled.
    pub values: Vec<f64>,
}

/// A Gaussian process of the ranks of one column's values.
#[derive(Debug)]
pub struct Model {
    column: usize,
    kernel: Kernel,
    /// How much of the prior the mean has; 0 where it explains nothing.
    slope: f64,
    posterior: Posterior,
    warp: Warp,
    centre: f64,
    /// Values as the posterior is told them.
    told: Vec<f64>,
}

impl Model {
    /// A model of the `column`th value of `observations`: with or without the
    /// prior, as explains them better. `None` where nothing fits.
    pub fn fit(column: usize, observations: &[&Observation], frame: &Frame) -> Option<Self> {
        let warp = warp(observations.iter().copied(), column);
        let facts: Vec<Vec<f64>> = observations.iter().map(|o| o.point.facts.clone()).collect();
        let (facts, which) = (Facts::from_rows(facts), (0..observations.len()).collect::<Vec<_>>());
        let slopes = match frame.has_prior(column) {
            true => vec![0.0, slope(observations, column, &warp)],
            false => vec![0.0],
        };
        let fits = slopes.into_iter().filter_map(|slope| {
            let (told, _) = centred(residuals(observations.iter().copied(), column, &warp, slope));
            let (kernel, evidence) = Kernel::fit(&facts, &which, &told, &PREFIXES)?;
            Some((kernel, slope, evidence))
        });
        let (kernel, slope, _) = fits.max_by(|a, b| a.2.total_cmp(&b.2))?;
        let posterior = Posterior::new(kernel, Vec::new());
        Some(Self { column, kernel, slope, posterior, warp, centre: 0.0, told: Vec::new() })
    }

    /// Takes the networks of a pool as those to say something of, and forgets
    /// all observations.
    pub fn look_at(&mut self, pool: &Pool) {
        let points = pool.points().iter().map(|p| p.facts.clone()).collect();
        self.posterior = Posterior::new(self.kernel, points);
    }

    /// Learns from `observations`, of which the first are those it knew last
    /// time.
    pub fn learn(&mut self, observations: &[&Observation]) {
        self.posterior.truncate(self.told.len().min(observations.len()));
        let known = self.posterior.observations();
        for o in observations.iter().skip(known) {
            self.posterior.observe(&o.point.facts);
        }
        self.warp = warp(observations.iter().copied(), self.column);
        let own = observations.iter().copied();
        (self.told, self.centre) = centred(residuals(own, self.column, &self.warp, self.slope));
    }

    /// Takes it for true that a network has the value expected of it (the
    /// kriging believer of Ginsbourger, Le Riche and Carraro, "Kriging is
    /// well-suited to parallelize optimization", 2010), which is returned.
    /// [`Model::learn`] forgets it.
    pub fn believe(&mut self, beliefs: &mut Vec<f64>, point: &Point) -> f64 {
        let values = [&self.told[..], &beliefs[..]].concat();
        self.posterior.observe(&point.facts);
        let expected = self.posterior.mean_at_last(&values);
        beliefs.push(expected);
        expected + self.centre + self.slope * self.prior(point)
    }

    /// What is expected of each network of the pool, on the scale of
    /// [`Model::warp`].
    pub fn expected(&self, pool: &Pool, beliefs: &[f64]) -> Vec<Normal> {
        let values = [&self.told[..], beliefs].concat();
        let (means, deviations) = (self.posterior.mean(&values), self.posterior.deviation());
        let both = means.into_par_iter().zip(deviations).zip(pool.points());
        let one = |((mean, deviation), point): ((f64, f64), &Point)| Normal {
            mean: mean + self.centre + self.slope * self.prior(point),
            deviation,
        };
        both.map(one).collect()
    }

    /// The scale of what is expected: ranks of the values observed.
    pub fn warp(&self) -> &Warp {
        &self.warp
    }

    fn prior(&self, point: &Point) -> f64 {
        point.prior.get(self.column).copied().unwrap_or(0.0)
    }
}

fn value(o: &Observation, column: usize) -> f64 {
    o.values.get(column).copied().unwrap_or(0.0)
}

fn prior(o: &Observation, column: usize) -> f64 {
    o.point.prior.get(column).copied().unwrap_or(0.0)
}

fn warp<'o>(observations: impl Iterator<Item = &'o Observation>, column: usize) -> Warp {
    Warp::new(observations.map(|o| value(o, column)).collect())
}

fn residuals<'o>(
    observations: impl Iterator<Item = &'o Observation>,
    column: usize,
    warp: &Warp,
    slope: f64,
) -> Vec<f64> {
    observations.map(|o| warp.of(value(o, column)) - slope * prior(o, column)).collect()
}

/// Values less their mean, and that.
fn centred(values: Vec<f64>) -> (Vec<f64>, f64) {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    (values.into_iter().map(|v| v - mean).collect(), mean)
}

/// The slope of least squares of values on the prior, 0 where it falls.
fn slope(observations: &[&Observation], column: usize, warp: &Warp) -> f64 {
    let (x, _) = centred(observations.iter().map(|o| prior(o, column)).collect());
    let (y, _) = centred(residuals(observations.iter().copied(), column, warp, 0.0));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (xx, xy) = (product(&x, &x), product(&x, &y));
    if xx > 0.0 { (xy / xx).max(0.0) } else { 0.0 }
}
