//! nneval evaluates neural networks without running or training them. An ONNX graph becomes a
//! string of operations, the string becomes tokens, and a T5 encoder with one linear head, run by
//! ONNX Runtime, predicts accuracy, latency or any metric that there are labels for.
//!
//! ```no_run
//! # fn main() -> nneval::Result<()> {
//! use nneval::Evaluator;
//!
//! let evaluator = Evaluator::builder().threads(2).install_runtime(true).load("nats-tss")?;
//! let prediction = evaluator.evaluate_file("model.onnx")?;
//! let accuracy = &prediction["cifar10_test_acc_pct"];
//! println!("{} {:?} {:?}", accuracy.value, accuracy.interval, prediction.in_domain());
//! for (metric, estimate) in prediction.iter() {
//!     println!("{metric} {}", estimate.value);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Each layer is a crate of its own, and a module here.
//!
//! | module | job |
//! |---|---|
//! | [`graph`], [`opstring`], [`costs`] | ONNX graphs, operation strings, static costs |
//! | [`spaces`] | networks of search spaces |
//! | [`labels`], [`tables`] | label tables and their statistics |
//! | [`runtime`] | ONNX Runtime |
//! | [`evaluator`], [`tokenizer`] | bundles and predictions |
//! | [`measure`] | latency and memory on this machine |
//! | [`regression`], [`training`] | training of evaluators |
//! | [`search`] | architecture search |
//! | [`report`] | pictures and pages |

mod error;

pub use error::{Error, ErrorKind, Result};
pub use nneval_evaluator::{self as evaluator, Evaluator, Prediction, tokenizer};
pub use nneval_files as files;
pub use nneval_graph::{self as graph, costs, features, inputs, opstring, reduce};
pub use nneval_measure as measure;
pub use nneval_regression as regression;
pub use nneval_report as report;
pub use nneval_runtime as runtime;
pub use nneval_search as search;
pub use nneval_spaces as spaces;
pub use nneval_tables::{self as tables, labels};
#[cfg(feature = "train")]
pub use nneval_train as training;
