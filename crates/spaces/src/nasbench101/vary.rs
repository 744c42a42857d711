//! Mutation and crossover of cells.

use super::cell::{Cell101, EDGES, Edges, INNER, Op101, VERTICES};
use rand::{Rng, RngExt};

/// Draws of a change before the cell is left as it is.
const DRAWS: usize = 200;

impl Cell101 {
    /// A cell that differs by an operation, an edge or a vertex, in canonical form.
    pub(crate) fn mutate(&self, rng: &mut impl Rng) -> Self {
        let own = self.canonical();
        let drawn = (0..DRAWS).filter_map(|_| own.changed(rng));
        drawn.map(|c| c.canonical()).find(|c| *c != own).unwrap_or(own)
    }

    fn changed(&self, rng: &mut impl Rng) -> Option<Self> {
        let n = self.vertices();
        let (mut edges, mut ops) = (self.edges(), self.padded_ops());
        match rng.random_range(0..4) {
            0 => {
                let place = rng.random_range(0..INNER);
                let step = rng.random_range(1..Op101::ALL.len());
                let op = ops.get_mut(place).filter(|_| place + 2 < n)?;
                *op = *Op101::ALL.get((*op as usize + step) % Op101::ALL.len())?;
            }
            1 | 2 => {
                let to = rng.random_range(1..n);
                let from = rng.random_range(0..to);
                edges = Edges(edges.0 ^ Edges::bit(from, to));
            }
            _ => return self.grown(rng),
        }
        pruned(n, edges, ops)
    }

    /// This cell with a vertex more, which one edge enters and one leaves.
    fn grown(&self, rng: &mut impl Rng) -> Option<Self> {
        let n = self.vertices();
        if n >= VERTICES {
            return None;
        }
        let new = rng.random_range(1..n);
        let (from, to) = (rng.random_range(0..new), rng.random_range(new + 1..n + 1));
        let shifted = |v: usize| v + usize::from(v >= new);
        let mut edges = Edges::default();
        for target in 1..n {
            for source in (0..target).filter(|&s| self.has_edge(s, target)) {
                edges = edges.with(shifted(source), shifted(target));
            }
        }
        let mut all = self.ops().to_vec();
        all.insert(new - 1, *Op101::ALL.get(rng.random_range(0..Op101::ALL.len()))?);
        let mut ops = [Op101::Conv3x3; INNER];
        ops.iter_mut().zip(all).for_each(|(slot, op)| *slot = op);
        pruned(n + 1, edges.with(from, new).with(new, to), ops)
    }

    /// Edges and operations from either cell, both laid out on seven vertices.
    pub(crate) fn crossover(&self, other: &Self, rng: &mut impl Rng) -> Self {
        if self == other {
            return *self;
        }
        let ([a, b], [ops, others]) =
            ([self.padded_edges(), other.padded_edges()], [self.padded_ops(), other.padded_ops()]);
        let draw = |rng: &mut _| {
            let mask = mask(rng);
            let mut mixed = ops;
            for (own, other) in mixed.iter_mut().zip(others) {
                *own = if coin(rng) { *own } else { other };
            }
            pruned(VERTICES, Edges(a.0 & mask | b.0 & !mask), mixed)
        };
        (0..DRAWS).find_map(|_| draw(rng)).map_or(*self, |cell| cell.canonical())
    }

    /// The edges with the output moved to the last of seven vertices.
    fn padded_edges(&self) -> Edges {
        let (n, mut edges) = (self.vertices(), Edges::default());
        for target in 1..n {
            let to = if target + 1 == n { VERTICES - 1 } else { target };
            for source in (0..target).filter(|&s| self.has_edge(s, target)) {
                edges = edges.with(source, to);
            }
        }
        edges
    }
}

fn coin(rng: &mut impl Rng) -> bool {
    rng.random_bool(0.5)
}

fn mask(rng: &mut impl Rng) -> u32 {
    rng.next_u32()
}

/// The cell without vertices that are on no path from input to output; `None` where
/// no path is left, or too many edges are.
fn pruned(vertices: usize, edges: Edges, ops: [Op101; INNER]) -> Option<Cell101> {
    let last = vertices - 1;
    let mut forward = [false; VERTICES];
    let mut backward = [false; VERTICES];
    *forward.first_mut()? = true;
    *backward.get_mut(last)? = true;
    for v in 1..vertices {
        let reached = (0..v).any(|u| edges.has(u, v) && forward.get(u) == Some(&true));
        *forward.get_mut(v)? |= reached;
    }
    for v in (0..last).rev() {
        let reaches = (v + 1..vertices).any(|w| edges.has(v, w) && backward.get(w) == Some(&true));
        *backward.get_mut(v)? |= reaches;
    }
    let on_path = |v: &usize| forward.get(*v) == Some(&true) && backward.get(*v) == Some(&true);
    let kept: Vec<usize> = (0..vertices).filter(on_path).collect();
    if kept.len() < 2 {
        return None;
    }
    let mut out = Edges::default();
    for (to, &target) in kept.iter().enumerate() {
        for (from, &source) in kept.iter().enumerate().take(to) {
            if edges.has(source, target) {
                out = out.with(from, to);
            }
        }
    }
    let inner = kept.iter().filter(|&&v| v > 0 && v < last);
    let mut kept_ops = [Op101::Conv3x3; INNER];
    for (slot, &v) in kept_ops.iter_mut().zip(inner) {
        *slot = *ops.get(v - 1)?;
    }
    (out.count() <= EDGES).then(|| Cell101::new(kept.len(), out, kept_ops))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use std::collections::HashSet;

    #[test]
    fn vertices_on_no_path_are_cut() {
        let cell = |n, pairs: &[(usize, usize)], ops| {
            let edges = pairs.iter().fold(Edges::default(), |e, &(a, b)| e.with(a, b));
            pruned(n, edges, ops).map(|c| c.to_string())
        };
        let ops = [Op101::Conv1x1, Op101::MaxPool, Op101::Conv3x3, Op101::Conv3x3, Op101::Conv3x3];
        let lost = cell(5, &[(0, 2), (2, 4), (1, 4), (0, 3)], ops);
        assert_eq!(lost.as_deref(), Some("01 12|2"));
        assert_eq!(cell(5, &[(0, 2), (1, 4)], ops), None);
        assert_eq!(cell(3, &[(0, 2)], ops).as_deref(), Some("01|"));
    }

    #[test]
    fn mutations_reach_every_size() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut cell: Cell101 = "01|".parse().unwrap();
        let mut sizes = HashSet::new();
        for _ in 0..2000 {
            cell = cell.mutate(&mut rng);
            assert_eq!(cell.canonical(), cell);
            sizes.insert(cell.vertices());
        }
        assert_eq!(sizes.len(), 6);
    }
}
