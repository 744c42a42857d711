//! Limits that keep a hostile file from costing more than a real one.

/// What the reader accepts. No real model meets the defaults.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Size of the model file in bytes.
    pub file_bytes: u64,
    /// Nodes in the graph, its subgraphs and functions together.
    pub nodes: usize,
    /// Subgraphs within subgraphs.
    pub depth: usize,
    /// Dimensions of a tensor.
    pub dims: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1 << 40, nodes: 10_000_000, depth: 24, dims: 64 }
    }
}
