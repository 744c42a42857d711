//! ONNX graphs without their weights: models, symbolic shapes, operation
//! strings and static costs.
//!
//! ```no_run
//! use nneval_graph::{Limits, Model, costs, opstring};
//! let model = Model::open("model.onnx", &Limits::default())?;
//! println!("{}", opstring::write(&opstring::of_model(&model)?));
//! println!("{:?}", costs::of_one_sample(&model)?.macs);
//! # Ok::<(), nneval_graph::Error>(())
//! ```

pub mod costs;
pub mod error;
pub mod inputs;
pub mod model;
pub mod opstring;
pub mod shape;

pub use error::{Error, Result};
pub use model::*;
