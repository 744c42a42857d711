//! Networks to ONNX: the NATS-Bench search spaces, and a seeded sample of general
//! networks.
//!
//! ```
//! use nneval_spaces::{ModelOptions, Space};
//! let bytes = Space::NatsSss.onnx_bytes("8:16:16:32:64", &ModelOptions::default())?;
//! assert!(!bytes.is_empty());
//! # Ok::<(), nneval_spaces::Error>(())
//! ```

mod batch;
mod error;
pub mod general;
mod nats;
mod proto;
mod weights;

pub use batch::Batch;
pub use error::{Error, ErrorKind, ParseOptionError, Result};
pub use nats::{
    Arch, Dataset, ModelOptions, Space, SssArch, TssArch, TssOp, graph_of_arch, model_of_arch,
    of_arch, read_table,
};
pub use proto::to_bytes;
pub use weights::Weights;
