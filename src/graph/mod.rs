//! ONNX files as graphs: read through a memory map, without their weights.

pub mod limits;
mod mmap;
pub mod order;
mod read;
pub mod shape;
mod types;
pub mod wire;

pub use limits::Limits;
pub use types::*;
