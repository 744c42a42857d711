//! nneval evaluates neural networks without running or training them: an ONNX
//! graph becomes a string of operations, the string becomes tokens, and a T5
//! encoder with one linear head, run by ONNX Runtime, predicts accuracy, latency
//! or any metric that there are labels for.
//!
//! ```no_run
//! use nneval::evaluator::{Evaluator, Options};
//! use nneval::graph::Limits;
//! use nneval::runtime::{self, Runtime};
//!
//! # fn main() -> nneval::Result<()> {
//! let located = match runtime::locate(None)? {
//!     Some(located) => located,
//!     None => runtime::install(false)?,
//! };
//! let runtime = Runtime::load(&located)?;
//! let evaluator = Evaluator::load("models/nats-tss".as_ref(), &runtime, Options::default())?;
//! for result in evaluator.evaluate_files(&["model.onnx".into()], &Limits::default()) {
//!     let prediction = result?;
//!     for (metric, value) in evaluator.manifest().metrics.iter().zip(prediction.metrics) {
//!         println!("{} {value} {}", metric.spec.name, metric.spec.unit);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod costs;
pub mod error;
pub mod evaluator;
pub mod fsio;
pub mod graph;
pub mod labels;
pub mod measure;
pub mod opstring;
pub mod regression;
pub mod report;
pub mod runtime;
pub mod search;
pub mod spaces;
pub mod tables;
pub mod tokenizer;
pub mod training;

pub use error::{Error, Result};
