//! Canonical form of cells under isomorphism, and the cells of NAS-Bench-101
//! counted off by it.

use super::cell::{Cell101, EDGES, Edges, INNER, Op101, VERTICES};
use std::sync::LazyLock;

/// A new place for each inner vertex; places count from 0.
type Permutation = [usize; INNER];

/// All permutations of up to five inner vertices, by their number.
static PERMUTATIONS: LazyLock<[Vec<Permutation>; INNER + 1]> =
    LazyLock::new(|| std::array::from_fn(permutations));

/// The permutations of the first `count` of five places.
fn permutations(count: usize) -> Vec<Permutation> {
    let mut all = vec![std::array::from_fn(|i| i)];
    for first in 0..count {
        let swapped = |p: &Permutation, with: usize| {
            let mut p = *p;
            p.swap(first, with);
            p
        };
        all = all.iter().flat_map(|p| (first..count).map(move |w| swapped(p, w))).collect();
    }
    all
}

fn of(vertices: usize) -> &'static [Permutation] {
    PERMUTATIONS.get(vertices.saturating_sub(2)).map_or(&[], Vec::as_slice)
}

/// The vertex that a vertex becomes.
fn moved(vertex: usize, vertices: usize, to: &Permutation) -> usize {
    match vertex {
        0 => 0,
        last if last + 1 == vertices => last,
        inner => to.get(inner - 1).map_or(inner, |place| place + 1),
    }
}

/// The edges with inner vertices in new places; `None` where one would lead backwards.
fn relabelled(edges: Edges, vertices: usize, to: &Permutation) -> Option<Edges> {
    let mut out = Edges::default();
    for target in 1..vertices {
        for source in (0..target).filter(|&s| edges.has(s, target)) {
            let (from, to) = (moved(source, vertices, to), moved(target, vertices, to));
            if from >= to {
                return None;
            }
            out = out.with(from, to);
        }
    }
    Some(out)
}

fn placed(ops: &[Op101; INNER], to: &Permutation) -> [Op101; INNER] {
    let mut out = *ops;
    for (op, place) in ops.iter().zip(to) {
        if let Some(slot) = out.get_mut(*place) {
            *slot = *op;
        }
    }
    out
}

impl Cell101 {
    /// The cell that stands for all that are isomorphic to this one.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let vertices = self.vertices();
        let candidates = of(vertices).iter().filter_map(|to| {
            let edges = relabelled(self.edges(), vertices, to)?;
            Some(Self::new(vertices, edges, placed(&self.padded_ops(), to)))
        });
        candidates.min().unwrap_or(*self)
    }
}

/// Every cell, isomorphic ones once, as their canonical form.
pub(crate) fn every_cell() -> &'static [Cell101] {
    static CELLS: LazyLock<Vec<Cell101>> = LazyLock::new(|| {
        let mut cells = Vec::with_capacity(Cell101::COUNT);
        (2..=VERTICES).for_each(|vertices| cells_of(vertices, &mut cells));
        cells
    });
    &CELLS
}

/// Adds the canonical cells of so many vertices.
fn cells_of(vertices: usize, cells: &mut Vec<Cell101>) {
    let pairs = vertices * (vertices - 1) / 2;
    let graphs = (1u32..1 << pairs).map(Edges).filter(|e| e.count() <= EDGES);
    let connected = |e: &Edges| match vertices {
        2 => e.has(0, 1),
        _ => e.loose(vertices).is_none(),
    };
    for edges in graphs.filter(connected) {
        if let Some(own) = automorphisms(edges, vertices) {
            let labellings = labellings(vertices - 2);
            let least = |ops: &[Op101; INNER]| own.iter().all(|to| placed(ops, to) >= *ops);
            cells.extend(labellings.filter(least).map(|ops| Cell101::new(vertices, edges, ops)));
        }
    }
}

/// The permutations that leave the edges as they are, where no other gives smaller
/// ones; `None` where one does.
fn automorphisms(edges: Edges, vertices: usize) -> Option<Vec<&'static Permutation>> {
    let mut own = Vec::new();
    for to in of(vertices) {
        match relabelled(edges, vertices, to) {
            Some(other) if other < edges => return None,
            Some(other) if other == edges => own.push(to),
            _ => {}
        }
    }
    Some(own)
}

/// Operations of `inner` vertices in all combinations.
fn labellings(inner: usize) -> impl Iterator<Item = [Op101; INNER]> {
    let count = Op101::ALL.len().pow(inner as u32);
    (0..count).map(move |index| {
        let mut rest = index;
        let mut ops = [Op101::Conv3x3; INNER];
        for op in ops.iter_mut().take(inner) {
            *op = Op101::ALL.get(rest % 3).copied().unwrap_or(Op101::Conv3x3);
            rest /= 3;
        }
        ops
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_as_many_cells_as_published() {
        assert_eq!(every_cell().len(), Cell101::COUNT);
        let of = |n: usize| every_cell().iter().filter(|c| c.vertices() == n).count();
        assert_eq!([2, 3, 4, 5, 6].map(of).iter().sum::<usize>() + of(7), Cell101::COUNT);
        assert_eq!([of(2), of(3)], [1, 6]);
    }

    #[test]
    fn canonical_forms_are_their_own_and_are_distinct() {
        let some: Vec<Cell101> = every_cell().iter().copied().step_by(97).collect();
        assert!(some.iter().all(|cell| cell.canonical() == *cell));
        assert_eq!(some.iter().collect::<HashSet<_>>().len(), some.len());
    }

    #[test]
    fn isomorphic_cells_have_one_canonical_form() {
        let canonical = |s: &str| s.parse::<Cell101>().unwrap().canonical();
        assert_eq!(canonical("01 02 13 23|01"), canonical("01 02 13 23|10"));
        assert_ne!(canonical("01 02 13 23|00"), canonical("01 02 13 23|01"));
        assert_ne!(canonical("01 12 23|01"), canonical("01 12 23|10"));
        assert_eq!(canonical("01 02 14 23 34|012"), canonical("01 03 12 24 34|120"));
    }
}
