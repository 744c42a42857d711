//! Seeded choices. They are made from the generator's 32-bit words alone, so a
//! seed means the same network whatever the version of the crate `rand`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A stream of choices.
#[derive(Debug)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream that belongs to `key`; other keys have other streams.
    pub(super) fn new(key: &str) -> Self {
        Self(ChaCha8Rng::from_seed(Sha256::digest(key.as_bytes()).into()))
    }

    /// Uniform in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1).max(1) as f64) as i64
    }

    /// Log-uniform in `[low, high]`; both are positive.
    pub(super) fn log(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }

    /// A multiple of `step`, log-uniform between `low` and `high`.
    pub(super) fn width(&mut self, low: i64, high: i64, step: i64) -> i64 {
        let value = self.log(low as f64, high as f64);
        ((value / step as f64).round() as i64).max(1) * step
    }

    /// One of the choices.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        const { assert!(N > 0) };
        let at = (self.unit() * N as f64) as usize;
        choices[at.min(N - 1)]
    }

    /// A seed for another generator.
    pub(super) fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_in_range_and_repeat() {
        let mut draw = Draw::new("a");
        for _ in 0..1000 {
            assert!((2..=5).contains(&draw.between(2, 5)));
            assert!((1.0..=8.0).contains(&draw.log(1.0, 8.0)));
            let width = draw.width(8, 64, 8);
            assert!(width % 8 == 0 && (8..=64).contains(&width));
        }
        let (mut a, mut b) = (Draw::new("x"), Draw::new("x"));
        assert_eq!(a.seed(), b.seed());
        assert_ne!(Draw::new("x").seed(), Draw::new("y").seed());
    }
}
