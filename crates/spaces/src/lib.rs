//! Networks to ONNX: the search spaces of NAS benchmarks, and a seeded sample of
//! general networks.
//!
//! ```
//! use nneval_spaces::{ModelOptions, Space};
//! let space = Space::NasBench101;
//! let bytes = space.onnx_bytes("01 02 12 13 23|20", &ModelOptions::of(space))?;
//! assert!(!bytes.is_empty());
//! # Ok::<(), nneval_spaces::Error>(())
//! ```

mod arch;
mod batch;
mod builder;
mod digits;
mod error;
pub mod general;
mod layers;
mod list;
mod mobile;
mod nasbench101;
mod nats;
mod network;
mod options;
mod proto;
mod space;
mod transnas;
mod vary;
mod weights;

pub use arch::Arch;
pub use batch::Batch;
pub use error::{Error, ErrorKind, ParseOptionError, Result};
pub use list::{Keys, labels_from_reader, read_classes, read_labels, read_table};
pub use mobile::accel::AccelArch;
pub use mobile::fbnet::FbnetArch;
pub use mobile::nasbench_macro::MacroArch;
pub use mobile::ofa::OfaArch;
pub use nasbench101::{Cell101, Op101};
pub use nats::{SssArch, TssArch, TssOp};
pub use network::{graph_of_arch, model_of_arch, of_arch};
pub use options::{Dataset, ModelOptions};
pub use proto::to_bytes;
pub use space::Space;
pub use transnas::{TransMacroArch, TransMicroArch};
pub use weights::Weights;
