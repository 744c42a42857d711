//! Limits that keep a hostile file from costing more than a real one.

/// What is accepted of a model. No real model meets the defaults, with which a
/// file takes at most 2 seconds of processor time, and 256 MiB of memory beside
/// 150 bytes for each of its own.
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
    /// Steps of reading, shapes, costs and string together, of some 50
    /// nanoseconds each.
    pub work: u64,
    /// Bytes in memory, beside those in proportion to the file's size.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 1 << 40,
            nodes: 500_000,
            entries: 5_000_000,
            depth: 24,
            dims: 64,
            inlined_nodes: 500_000,
            work: 16_000_000,
            memory: 128 << 20,
        }
    }
}

impl Limits {
    /// Names of the limits, as errors, options and documents have them.
    pub const NAMES: [&str; 8] =
        ["file-bytes", "nodes", "entries", "depth", "dims", "inlined-nodes", "work", "memory"];

    /// Sets the limit called `name`; false where none is. A depth beyond the
    /// default, which is the deepest that is read, counts as the default.
    ///
    /// ```
    /// use nneval_graph::Limits;
    /// let mut limits = Limits::default();
    /// assert!(limits.set("nodes", 20_000) && !limits.set("node", 1));
    /// assert_eq!(limits.nodes, 20_000);
    /// assert!(Limits::NAMES.iter().all(|name| limits.set(name, 1)));
    /// ```
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        let count = usize::try_from(value).unwrap_or(usize::MAX);
        match name {
            "file-bytes" => self.file_bytes = value,
            "nodes" => self.nodes = count,
            "entries" => self.entries = count,
            "depth" => self.depth = count.min(Self::default().depth),
            "dims" => self.dims = count,
            "inlined-nodes" => self.inlined_nodes = count,
            "work" => self.work = value,
            "memory" => self.memory = value,
            _ => return false,
        }
        true
    }
}
