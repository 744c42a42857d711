//! Fronts and crowding of NSGA-II (Deb et al. 2002).

use super::problem::Scored;

/// Fast non-dominated sort (section III.A): indices in fronts, the best first.
pub fn fronts(candidates: &[Scored]) -> Vec<Vec<usize>> {
    let n = candidates.len();
    let mut dominated: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut above = vec![0usize; n];
    for (i, a) in candidates.iter().enumerate() {
        for (j, b) in candidates.iter().enumerate().skip(i + 1) {
            let (better, worse) = match (a.dominates(b), b.dominates(a)) {
                (true, _) => (i, j),
                (_, true) => (j, i),
                _ => continue,
            };
            if let (Some(list), Some(count)) = (dominated.get_mut(better), above.get_mut(worse)) {
                list.push(worse);
                *count += 1;
            }
        }
    }
    let mut front: Vec<usize> = (0..n).filter(|&i| above.get(i) == Some(&0)).collect();
    let mut all = Vec::new();
    while !front.is_empty() {
        let mut next = Vec::new();
        for &j in front.iter().filter_map(|&i| dominated.get(i)).flatten() {
            if let Some(count) = above.get_mut(j) {
                *count -= 1;
                if *count == 0 {
                    next.push(j);
                }
            }
        }
        next.sort_unstable();
        all.push(std::mem::replace(&mut front, next));
    }
    all
}

/// Indices that no other dominates, without sorting the rest; with two
/// objectives or one in O(n log n).
pub(super) fn first_front(candidates: &[Scored]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let key =
        |i: usize| candidates.get(i).map_or((f64::INFINITY, &[][..]), |c| (c.violation, &c.costs));
    order.sort_by(|&i, &j| {
        let ((v, a), (w, b)) = (key(i), key(j));
        let costs = || a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
        v.total_cmp(&w).then_with(|| costs().unwrap_or(std::cmp::Ordering::Equal)).then(i.cmp(&j))
    });
    // Nothing is dominated by what stands after it.
    let mut front: Vec<usize> = Vec::new();
    for i in order {
        let Some(own) = candidates.get(i) else { continue };
        let beaten = |&f: &usize| candidates.get(f).is_some_and(|c| c.dominates(own));
        // With two objectives the last of the front is the strictest judge.
        let judges = if own.costs.len() <= 2 { 1 } else { usize::MAX };
        if !front.iter().rev().take(judges).any(beaten) {
            front.push(i);
        }
    }
    front
}

/// Crowding distance (section III.B) of each member of a front; infinite at the
/// ends of each objective.
pub fn crowding_distances(candidates: &[Scored], front: &[usize]) -> Vec<f64> {
    let mut distance = vec![0.0; front.len()];
    let objectives = front.first().and_then(|&i| candidates.get(i)).map_or(0, |c| c.costs.len());
    for m in 0..objectives {
        let cost = |place: usize| {
            let c = front.get(place).and_then(|&i| candidates.get(i));
            c.and_then(|c| c.costs.get(m)).copied().unwrap_or(f64::INFINITY)
        };
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&a, &b| cost(a).total_cmp(&cost(b)).then(a.cmp(&b)));
        let (Some(&lo), Some(&hi)) = (order.first(), order.last()) else { continue };
        let range = cost(hi) - cost(lo);
        let mut add = |place: usize, by: f64| {
            if let Some(d) = distance.get_mut(place) {
                *d += by;
            }
        };
        add(lo, f64::INFINITY);
        add(hi, f64::INFINITY);
        for three in order.windows(3) {
            if let [before, own, after] = *three
                && range > 0.0
                && range.is_finite()
            {
                add(own, (cost(after) - cost(before)) / range);
            }
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn scored(costs: &[f64], violation: f64) -> Scored {
        Scored { costs: costs.to_vec(), violation }
    }

    #[test]
    fn fronts_of_a_grid() {
        let all: Vec<Scored> =
            (0..9).map(|i| scored(&[f64::from(i % 3), f64::from(i / 3)], 0.0)).collect();
        assert_eq!(fronts(&all), [vec![0], vec![1, 3], vec![2, 4, 6], vec![5, 7], vec![8]]);
        let outside = [scored(&[0.0, 0.0], 1.0), scored(&[9.0, 9.0], 0.0)];
        assert_eq!(fronts(&outside), [vec![1], vec![0]]);
        assert!(fronts(&[]).is_empty());
    }

    #[test]
    fn the_quick_front_is_the_first_front() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for objectives in 1..4 {
            for _ in 0..50 {
                let mut one = || {
                    let costs: Vec<f64> =
                        (0..objectives).map(|_| f64::from(rng.random_range(0..6))).collect();
                    scored(&costs, f64::from(rng.random_range(0..2)))
                };
                let all: Vec<Scored> = (0..40).map(|_| one()).collect();
                let mut quick = first_front(&all);
                quick.sort_unstable();
                assert_eq!(quick, fronts(&all)[0]);
            }
        }
    }

    #[test]
    fn crowding_prefers_ends_and_gaps() {
        let all: Vec<Scored> = [[0.0, 10.0], [1.0, 9.0], [2.0, 3.0], [10.0, 0.0]]
            .iter()
            .map(|c| scored(c, 0.0))
            .collect();
        let d = crowding_distances(&all, &[0, 1, 2, 3]);
        assert_eq!((d[0], d[3]), (f64::INFINITY, f64::INFINITY));
        assert!((d[1] - (0.2 + 0.7)).abs() < 1e-12 && (d[2] - (0.9 + 0.9)).abs() < 1e-12, "{d:?}");
    }
}
