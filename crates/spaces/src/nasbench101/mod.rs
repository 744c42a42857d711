//! Search space of NAS-Bench-101.
//!
//! Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search",
//! ICML 2019. A cell is a directed acyclic graph of at most seven vertices and nine
//! edges; the network stacks it nine times. Its layers are those of the benchmark's
//! model definition (google-research/nasbench: `model_builder.py`, `base_ops.py`)
//! as PyTorch ports of it have them (`nasbench_pytorch`).

mod canonical;
mod cell;
mod network;
mod vary;

pub(crate) use canonical::every_cell;
pub use cell::{Cell101, Op101};
