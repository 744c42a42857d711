//! The block that repeats most as a list of segments: stretches of operations
//! between the places where values are shared and where they are joined. Where
//! the wiring is the same in all networks, as in a cell of a search space, the
//! facts of a segment say which operation stands on which edge.

use super::{KINDS, Kind, NAMES, Node, needed};

/// Values read more than once that are no joins themselves, in canonical order.
const FORKS: usize = 2;
/// Operands of joins, in canonical order.
const OPERANDS: usize = 8;
/// Of a segment: operations by kind, those of them that are needed, all
/// operations, and where the segment comes from.
const FACTS: usize = 2 * KINDS.len() + 2;

/// How many facts [`segments`] gives.
const SEGMENT_FACTS: usize = (FORKS + OPERANDS) * FACTS;

/// Where the counts of operations by kind stand among the facts of
/// [`structure_and_segments`].
///
/// [`structure_and_segments`]: super::structure_and_segments
pub fn kind_counts() -> impl Iterator<Item = usize> {
    let of = |s: usize| (0..KINDS.len()).map(move |kind| NAMES.len() + s * FACTS + kind);
    (0..FORKS + OPERANDS).flat_map(of)
}

/// The facts of the segments that end in the first two shared values and in the
/// first eight operands of joins; 0 where there are fewer.
pub(super) fn segments(nodes: &[Node]) -> Vec<f64> {
    let walk = Walk { nodes, readers: readers(nodes), needed: needed(nodes) };
    let joins = nodes.iter().filter(|n| n.join);
    let forks = nodes.iter().enumerate().filter(|(i, n)| walk.shared(*i) && !n.join);
    let mut out: Vec<f64> = forks.take(FORKS).flat_map(|(i, _)| walk.before_fork(i)).collect();
    out.resize(FORKS * FACTS, 0.0);
    let operands = joins.flat_map(|n| &n.reads).take(OPERANDS);
    out.extend(operands.flat_map(|read| walk.back(*read, [0.0; FACTS])));
    out.resize(SEGMENT_FACTS, 0.0);
    out
}

/// How many operations read each.
fn readers(nodes: &[Node]) -> Vec<usize> {
    let mut readers = vec![0; nodes.len()];
    for &read in nodes.iter().flat_map(|n| n.reads.iter().flatten()) {
        if let Some(n) = readers.get_mut(read) {
            *n += 1;
        }
    }
    readers
}

struct Walk<'a> {
    nodes: &'a [Node],
    /// How many operations read each.
    readers: Vec<usize>,
    needed: Vec<bool>,
}

impl Walk<'_> {
    /// Facts of the segment that ends in the shared value `i`.
    fn before_fork(&self, i: usize) -> [f64; FACTS] {
        let mut facts = [0.0; FACTS];
        self.count(i, &mut facts);
        self.back(self.before(i), facts)
    }

    /// Adds the operations from `at` back to the next join or shared value, or
    /// to what comes from before the block.
    fn back(&self, mut at: Option<usize>, mut facts: [f64; FACTS]) -> [f64; FACTS] {
        while let Some(i) = at.filter(|&i| !self.shared(i) && !self.joins(i)) {
            self.count(i, &mut facts);
            at = self.before(i);
        }
        facts[FACTS - 1] = match at {
            None => 0.0,
            Some(i) if self.joins(i) => 2.0,
            Some(_) => 1.0,
        };
        facts
    }

    fn count(&self, i: usize, facts: &mut [f64; FACTS]) {
        let Some(node) = self.nodes.get(i) else { return };
        facts[FACTS - 2] += 1.0;
        let Some(kind) = KINDS.iter().position(|k: &Kind| *k == node.kind) else { return };
        let needed = self.needed.get(i) == Some(&true);
        for (at, counts) in [(kind, true), (KINDS.len() + kind, needed)] {
            if let (Some(n), true) = (facts.get_mut(at), counts) {
                *n += 1.0;
            }
        }
    }

    fn shared(&self, i: usize) -> bool {
        self.readers.get(i).is_some_and(|&n| n > 1)
    }

    fn joins(&self, i: usize) -> bool {
        self.nodes.get(i).is_some_and(|n| n.join)
    }

    /// What an operation with one operand reads in the block.
    fn before(&self, i: usize) -> Option<usize> {
        self.nodes.get(i).and_then(|n| n.reads.first().copied().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::super::block;
    use super::*;
    use crate::opstring::cell;

    fn of(arch: &str) -> Vec<Vec<f64>> {
        let facts = segments(&block(&cell::graph(arch)));
        assert_eq!(facts.len(), SEGMENT_FACTS);
        facts.chunks(FACTS).map(<[f64]>::to_vec).collect()
    }

    #[test]
    fn a_cell_edge_by_edge() {
        let arch = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_3x3~2|";
        let facts = of(arch);
        let kinds = |i: usize| facts[i][..4].to_vec();
        let source = |i: usize| facts[i][FACTS - 1];
        let (k3, k1, pool, zero, skip) =
            ([1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 0.], [0., 0., 0., 1.], [0.; 4]);
        assert_eq!(kinds(0), k3, "node 1 is shared");
        let edges: Vec<(Vec<f64>, f64)> = (FORKS..8).map(|i| (kinds(i), source(i))).collect();
        for edge in [(skip, 0.0), (pool, 1.0), (zero, 0.0), (k1, 1.0), (k3, 2.0)] {
            assert!(edges.contains(&(edge.0.to_vec(), edge.1)), "{edge:?} {edges:?}");
        }
        assert!(facts[8].iter().all(|x| *x == 0.0), "no fourth join");
    }

    #[test]
    fn what_only_a_zero_reads_is_not_needed() {
        let facts = of("|none~0|+|nor_conv_3x3~0|none~1|+|nor_conv_1x1~0|none~1|none~2|");
        let convolutions: f64 = facts.iter().map(|f| f[0]).sum();
        let needed: f64 = facts.iter().map(|f| f[4]).sum();
        assert_eq!((convolutions, needed), (1.0, 0.0));
    }
}
