//! ONNX files as graphs: read through a memory map, without their weights.

#![deny(clippy::arithmetic_side_effects)]

mod blob;
mod data_type;
mod external;
mod inline;
pub mod limits;
mod merge;
mod mmap;
pub mod order;
mod read;
mod scan;
mod tensor;
mod texts;
mod types;
mod wire;
mod wire_tensor;

pub use blob::Blob;
pub use data_type::DataType;
pub use limits::Limits;
pub use tensor::{Tensor, TensorData};
pub use texts::Texts;
pub use types::*;
pub(crate) use types::{constant_tensor, map_of, within};
