//! Limits on model files, as options.

use nneval::graph::Limits;

const HEADING: &str = "Limits";

/// What is refused of a model file; no real model meets the defaults.
#[derive(Debug, Clone, clap::Args)]
pub struct LimitsArgs {
    /// Largest file in bytes [default: 2^40]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_file_bytes: Option<u64>,
    /// Most nodes, subgraphs and functions included [default: 500,000]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_nodes: Option<usize>,
    /// Most names, attributes, tensors and types [default: 5,000,000]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_entries: Option<usize>,
    /// Deepest nesting of subgraphs, and of functions [default: 24]
    #[arg(long, value_name = "N", help_heading = HEADING,
          value_parser = clap::value_parser!(u8).range(0..=24))]
    limit_depth: Option<u8>,
    /// Most dimensions of a tensor [default: 64]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_dims: Option<usize>,
    /// Most nodes once functions are inlined [default: 500,000]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_inlined_nodes: Option<usize>,
    /// Most steps, of some 50 nanoseconds each [default: 16,000,000]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_work: Option<u64>,
    /// Most bytes in memory, beside 96 for each of the file [default: 134,217,728]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    limit_memory: Option<u64>,
}

impl LimitsArgs {
    /// The limits asked for.
    pub fn limits(&self) -> Limits {
        let d = Limits::default();
        Limits {
            file_bytes: self.limit_file_bytes.unwrap_or(d.file_bytes),
            nodes: self.limit_nodes.unwrap_or(d.nodes),
            entries: self.limit_entries.unwrap_or(d.entries),
            depth: self.limit_depth.map_or(d.depth, usize::from),
            dims: self.limit_dims.unwrap_or(d.dims),
            inlined_nodes: self.limit_inlined_nodes.unwrap_or(d.inlined_nodes),
            work: self.limit_work.unwrap_or(d.work),
            memory: self.limit_memory.unwrap_or(d.memory),
        }
    }
}
