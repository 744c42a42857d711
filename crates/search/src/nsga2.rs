//! Selection of NSGA-II (Deb et al. 2002): survivors by front and crowding,
//! parents by binary tournaments.

use super::dominance::{crowding_distances, fronts};
use super::problem::Scored;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Indices of the `size` candidates that survive (section III.C): whole fronts,
/// of the last one the least crowded.
pub(super) fn survivors(candidates: &[Scored], size: usize) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(size);
    for front in fronts(candidates) {
        let room = size.saturating_sub(chosen.len());
        if front.len() <= room {
            chosen.extend(front);
            continue;
        }
        let distance = crowding_distances(candidates, &front);
        let mut order: Vec<(f64, usize)> = distance.into_iter().zip(front).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        chosen.extend(order.into_iter().take(room).map(|o| o.1));
        break;
    }
    chosen
}

/// Rank and crowding of each member of a population.
#[derive(Debug)]
pub(super) struct Ranked(Vec<(usize, f64)>);

impl Ranked {
    /// Ranks a population.
    pub(super) fn of(population: &[Scored]) -> Self {
        let mut ranked = vec![(usize::MAX, 0.0); population.len()];
        for (rank, front) in fronts(population).iter().enumerate() {
            let distance = crowding_distances(population, front);
            for (&i, d) in front.iter().zip(distance) {
                if let Some(slot) = ranked.get_mut(i) {
                    *slot = (rank, d);
                }
            }
        }
        Self(ranked)
    }

    /// The better of two members drawn, by the crowded comparison (section
    /// III.B): the lower rank, then the larger distance.
    pub(super) fn parent(&self, rng: &mut ChaCha8Rng) -> usize {
        let mut draw = || {
            let i = rng.random_range(0..self.0.len().max(1));
            (i, self.0.get(i).copied().unwrap_or((usize::MAX, 0.0)))
        };
        let ((i, a), (j, b)) = (draw(), draw());
        if (a.0, -a.1) <= (b.0, -b.1) { i } else { j }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(costs: &[f64]) -> Scored {
        Scored { costs: costs.to_vec(), violation: 0.0 }
    }

    #[test]
    fn survivors_are_whole_fronts_and_then_the_least_crowded() {
        let front = [[0.0, 4.0], [0.1, 3.9], [2.0, 2.0], [4.0, 0.0]].map(|c| scored(&c));
        let all: Vec<Scored> = front.into_iter().chain([scored(&[9.0, 9.0])]).collect();
        assert_eq!(survivors(&all, 3), [0, 3, 2]);
        assert_eq!(survivors(&all, 4).len(), 4);
        assert_eq!(survivors(&all, 9).len(), 5);
    }
}
