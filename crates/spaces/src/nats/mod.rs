//! Search spaces of NATS-Bench.
//!
//! The topology search space (TSS, the NAS-Bench-201 networks) and the size
//! search space (SSS) of Dong et al., "NATS-Bench: Benchmarking NAS Algorithms
//! for Architecture Topology and Size", IEEE TPAMI 2021. A model is built from
//! the architecture string alone. Its layers are those of the benchmark's model
//! definition (AutoDL-Projects: `InferTinyCellNet.py`, `cells.py`,
//! `cell_operations.py`).

pub(crate) mod cell;
mod layers;
pub(crate) mod sss;
pub(crate) mod tss;

pub use sss::SssArch;
pub use tss::{TssArch, TssOp};
