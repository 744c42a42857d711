//! The wiring that all cells share: four nodes, an edge from every earlier node
//! to every later one.

use super::layers::add;
use crate::builder::Builder;

/// Source and target node of the six edges, in the order of the architecture
/// string.
pub(crate) const EDGES: [Edge; 6] = [
    Edge { target: 1, source: 0 },
    Edge { target: 2, source: 0 },
    Edge { target: 2, source: 1 },
    Edge { target: 3, source: 0 },
    Edge { target: 3, source: 1 },
    Edge { target: 3, source: 2 },
];

/// One edge of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Node that the edge feeds, 1 to 3.
    pub(crate) target: usize,
    /// Node that the edge reads, below `target`; 0 is the input of the cell.
    pub(crate) source: usize,
}

/// Builds a cell named `prefix` on `input` and returns its last node. `layer`
/// gets the number of the edge, the edge, a name for its layers and the name of
/// its input, and returns the name of its output. A node sums its edges in
/// order, `(e0 + e1) + e2`.
pub(super) fn build(
    b: &mut Builder,
    prefix: &str,
    input: &str,
    mut layer: impl FnMut(&mut Builder, usize, Edge, &str, &str) -> String,
) -> String {
    let mut nodes = [Some(input.to_owned()), None, None, None];
    for (index, edge) in EDGES.into_iter().enumerate() {
        let name = format!("{prefix}.{}<-{}", edge.target, edge.source);
        let source = nodes.get(edge.source).cloned().flatten().unwrap_or_default();
        let output = layer(b, index, edge, &name, &source);
        if let Some(node) = nodes.get_mut(edge.target) {
            *node = Some(match node.take() {
                None => output,
                Some(sum) => add(b, format!("{name}/Add"), &sum, &output),
            });
        }
    }
    let [.., last] = nodes;
    last.unwrap_or_default()
}
