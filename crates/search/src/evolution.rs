//! Regularised evolution (Real et al. 2019, algorithm 1): the population is the
//! youngest candidates; a child is a mutation of the best of a random sample.

use super::problem::Scored;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// The best of `tournament` members drawn from `population` with replacement.
/// Where there are several objectives, a member that none drawn before it
/// dominates and that dominates the one chosen so far replaces it.
pub(super) fn parent<T: Copy>(
    population: &[(T, Scored)],
    tournament: usize,
    rng: &mut ChaCha8Rng,
) -> Option<T> {
    let mut best: Option<&(T, Scored)> = None;
    for _ in 0..tournament.max(1) {
        let drawn = population.get(rng.random_range(0..population.len().max(1)))?;
        if best.is_none_or(|b| drawn.1.dominates(&b.1)) {
            best = Some(drawn);
        }
    }
    best.map(|b| b.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_large_tournament_finds_the_best() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let one = |i: usize| (i, Scored { costs: vec![(i as f64 - 7.0).abs()], violation: 0.0 });
        let population: Vec<(usize, Scored)> = (0..20).map(one).collect();
        assert_eq!(parent(&population, 500, &mut rng), Some(7));
        let alone: Vec<usize> = (0..50).filter_map(|_| parent(&population, 1, &mut rng)).collect();
        assert!(alone.iter().any(|&i| i != alone[0]));
        assert_eq!(parent::<usize>(&[], 3, &mut rng), None);
    }
}
