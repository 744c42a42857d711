//! Values of initializers.

use super::options::Weights;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// How the values of one tensor are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Init {
    /// Normal with mean 0 and variance `2 / fan_in`.
    HeNormal {
        /// Inputs that feed one output value.
        fan_in: i64,
    },
    /// Normal with mean 0 and that standard deviation.
    Normal(f32),
    /// One value everywhere.
    Constant(f32),
}

/// Gives initializers their payload, in the order in which they are asked for.
#[derive(Debug)]
pub(super) struct Source(Option<ChaCha8Rng>);

impl Source {
    /// A source for one model.
    pub(super) fn new(weights: Weights) -> Self {
        Self(match weights {
            Weights::None => None,
            Weights::Random { seed } => Some(ChaCha8Rng::seed_from_u64(seed)),
        })
    }

    /// `count` little-endian float32 values, or nothing where weights are left out.
    pub(super) fn payload(&mut self, count: usize, init: Init) -> Vec<u8> {
        let Some(rng) = &mut self.0 else { return Vec::new() };
        let mut bytes = Vec::with_capacity(count * 4);
        match init {
            Init::Constant(v) => {
                (0..count).for_each(|_| bytes.extend_from_slice(&v.to_le_bytes()));
            }
            Init::HeNormal { fan_in } => {
                normals(rng, count, (2.0 / fan_in as f64).sqrt(), &mut bytes);
            }
            Init::Normal(std) => normals(rng, count, f64::from(std), &mut bytes),
        }
        bytes
    }

    /// `count` uniform bytes, or nothing where weights are left out.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let Some(rng) = &mut self.0 else { return Vec::new() };
        let mut bytes = vec![0; count];
        rng.fill_bytes(&mut bytes);
        bytes
    }
}

fn normals(rng: &mut impl Rng, count: usize, std: f64, bytes: &mut Vec<u8>) {
    for _ in 0..count {
        let value = (std * normal(rng)) as f32;
        bytes.extend_from_slice(&value.to_le_bytes());
    }
}

/// A standard normal value by the Box-Muller transform.
fn normal(rng: &mut impl Rng) -> f64 {
    const STEP: f64 = 1.0 / 4_294_967_296.0;
    let radius = (f64::from(rng.next_u32()) + 1.0) * STEP;
    let angle = f64::from(rng.next_u32()) * STEP;
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(seed: u64, count: usize, fan_in: i64) -> Vec<f64> {
        let mut source = Source::new(Weights::Random { seed });
        let bytes = source.payload(count, Init::HeNormal { fan_in });
        bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
    }

    #[test]
    fn he_normal_has_its_moments() {
        let v = values(7, 100_000, 8);
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let var = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((var - 0.25).abs() < 0.01, "{var}");
    }

    #[test]
    fn seed_decides_the_values() {
        assert_eq!(values(1, 10, 2), values(1, 10, 2));
        assert_ne!(values(1, 10, 2), values(2, 10, 2));
    }

    #[test]
    fn no_weights_no_bytes() {
        assert!(Source::new(Weights::None).payload(10, Init::Constant(1.0)).is_empty());
    }
}
