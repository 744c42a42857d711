//! Sizes of ensembles of decision trees.

use super::{Term, Terms};
use crate::model::{Attribute, Node};

/// Adds nodes and decisions of the trees of an operator on so many rows.
pub fn count(n: &Node, rows: Option<u64>, terms: &mut Terms) {
    let of = |name: &str| n.ints(name).unwrap_or_default();
    let (nodes, trees) = match of("nodes_treeids") {
        [] => (length(n, "nodes_splits"), of("tree_roots").len()),
        // Nodes of a tree stand together.
        ids => (ids.len(), ids.chunk_by(|a, b| a == b).count()),
    };
    if nodes == 0 || trees == 0 {
        return;
    }
    let levels = (nodes as f64 / trees as f64).log2().max(1.0);
    let rows = rows.unwrap_or(1).max(1) as f64;
    let values = of("class_ids").len().max(of("target_ids").len()) as f64;
    // A tree of n nodes has (n + 1) / 2 leaves.
    let each = values / ((nodes as f64 + trees as f64) / 2.0);
    terms.add(Term::TreeNodes, nodes as f64);
    terms.add(Term::TreeSteps, rows * trees as f64 * levels);
    terms.add(Term::TreeVotes, rows * trees as f64 * each);
}

fn length(n: &Node, name: &str) -> usize {
    match n.attribute(name) {
        Some(Attribute::Tensor(t)) => t.len().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        _ => 0,
    }
}
