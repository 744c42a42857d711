//! ONNX graphs without their weights: models, symbolic shapes, operation
//! strings, reductions, structural features and static costs.
//!
//! ```no_run
//! use nneval_graph::{Limits, Model, costs, opstring};
//! let model = Model::open("model.onnx", &Limits::default())?;
//! println!("{}", opstring::write(&opstring::of_model(&model)?));
//! println!("{:?}", costs::of_one_sample(&model)?.macs);
//! # Ok::<(), nneval_graph::Error>(())
//! ```

pub mod budget;
pub mod canonical;
pub mod costs;
pub mod error;
pub mod features;
pub mod inputs;
pub mod model;
mod ops;
pub mod opstring;
pub mod reduce;
pub mod shape;
mod symbolic;
#[cfg(test)]
mod test_cells;

pub use error::{Error, ErrorKind, Result};
pub use model::*;
pub use ops::operators;
