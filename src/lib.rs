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

pub use nneval_evaluator::{self as evaluator, tokenizer};
pub use nneval_files::{self as files, Error, Result};
pub use nneval_graph::{self as graph, costs, inputs, opstring};
pub use nneval_measure as measure;
pub use nneval_regression as regression;
pub use nneval_report as report;
pub use nneval_runtime as runtime;
pub use nneval_search as search;
pub use nneval_spaces as spaces;
pub use nneval_tables::{labels, typed as tables};
pub use nneval_train as training;
