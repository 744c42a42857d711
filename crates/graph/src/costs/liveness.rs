//! Which values are alive when, and the most bytes they take.

use crate::model::order::visit_reads;
use crate::model::{Graph, ValueId};
use crate::shape::{Sum, SymExpr};
use std::collections::HashMap;

/// Largest sums seen, none of which another one exceeds for all sizes.
#[derive(Debug, Clone, Default)]
pub struct Peak(Vec<Sum>);

/// Formulas kept; beyond them the first ones stay.
const MAX_CANDIDATES: usize = 32;

impl Peak {
    /// Takes note of a sum.
    pub fn see(&mut self, e: &Sum) {
        if self.0.iter().any(|k| k.covers(e)) {
            return;
        }
        self.0.retain(|k| !e.covers(k));
        if self.0.len() < MAX_CANDIDATES {
            self.0.push(e.clone());
        }
    }

    /// Takes note of all that another one saw.
    pub fn see_all(&mut self, other: &Self) {
        other.0.iter().for_each(|e| self.see(e));
    }

    /// The maximum.
    pub fn value(&self) -> SymExpr {
        let mut all = self.0.iter().map(Sum::expr);
        let first = all.next().unwrap_or(SymExpr::ZERO);
        all.fold(first, |a, b| a.larger(&b).unwrap_or(a))
    }
}

/// For each value that nodes of `g` read, the index of the last node that does
/// so; graph outputs are read after all nodes.
pub fn last_reads(g: &Graph) -> HashMap<ValueId, usize> {
    let mut last = HashMap::new();
    for (i, n) in g.nodes.iter().enumerate() {
        n.inputs.iter().flatten().for_each(|&v| {
            last.insert(v, i);
        });
        n.subgraphs().for_each(|s| {
            visit_reads(s, &mut |v| {
                last.insert(v, i);
            });
        });
    }
    g.outputs.iter().for_each(|&v| {
        last.insert(v, usize::MAX);
    });
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dominated_sums_are_dropped() {
        let n = SymExpr::symbol("n");
        let times = |k: i128| n.times(&SymExpr::Value(k)).unwrap();
        let sum = |e: &SymExpr| {
            let mut s = Sum::default();
            assert!(s.add(e));
            s
        };
        let mut p = Peak::default();
        [2, 3, 1].iter().for_each(|&k| p.see(&sum(&times(k))));
        assert_eq!(p.value(), times(3));
        p.see(&sum(&SymExpr::Value(100)));
        assert_eq!(p.value(), times(3).larger(&SymExpr::Value(100)).unwrap());
    }
}
