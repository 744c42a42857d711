//! nneval evaluates neural networks without running or training them.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod costs;
pub mod error;
pub mod evaluator;
pub mod fsio;
pub mod graph;
pub mod labels;
pub mod opstring;
pub mod runtime;
pub mod spaces;
pub mod tokenizer;
pub mod training;

pub use error::{Error, Result};
