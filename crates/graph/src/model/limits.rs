//! Limits that keep a hostile file from costing more than a real one.

/// What the reader accepts. No real model meets the defaults.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Size of the model file in bytes (external data not counted).
    pub file_bytes: u64,
    /// Nodes in the graph, its subgraphs and functions together.
    pub nodes: usize,
    /// Names, attributes, tensors and declared types together; bounds memory.
    pub entries: usize,
    /// Subgraphs within subgraphs, and functions that call functions.
    pub depth: usize,
    /// Dimensions of a tensor.
    pub dims: usize,
    /// Nodes after every call of a model-local function is replaced by its body.
    pub inlined_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 1 << 40,
            nodes: 2_000_000,
            entries: 20_000_000,
            depth: 24,
            dims: 64,
            inlined_nodes: 2_000_000,
        }
    }
}
