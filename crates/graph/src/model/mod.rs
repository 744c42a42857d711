//! ONNX files as graphs: read through a memory map, without their weights.

mod inline;
pub mod limits;
mod mmap;
pub mod order;
mod read;
mod scan;
mod texts;
mod types;
pub mod wire;
mod wire_tensor;

pub use limits::Limits;
pub use texts::Texts;
pub use types::*;
pub(crate) use types::{constant_tensor, map_of, within};
