//! The C ABI of nneval. `include/nneval.h`, made from this crate, is its
//! documentation; the convention at its top (`convention.txt`) is the contract
//! that every `unsafe` here rests on.
//!
//! An entry point checks its arguments (`argument.rs`), does its work inside
//! the guard that catches panics (`guard.rs`), and writes its outputs
//! (`output.rs`) as the last thing.
#![warn(missing_docs)]
// What a caller owes is said once, in the header's convention.
#![allow(clippy::missing_safety_doc)]

mod argument;
mod batch;
mod buffer;
mod costs;
mod error;
mod error_object;
mod evaluate;
mod evaluator;
mod guard;
mod operation_string;
mod options;
mod output;
mod prediction;
mod status;
mod telemetry;
mod text;
mod version;
mod workers;

pub use batch::Batch;
pub use buffer::Buffer;
pub use costs::{Cost, Costs, Dimension};
pub use error::Error;
pub use evaluator::Evaluator;
#[doc(hidden)]
pub use guard::guard;
pub use options::Options;
pub use prediction::{Domain, Metric, Prediction};
pub use status::Status;

/// The header promises that const handles are safe from any thread.
#[allow(dead_code)]
fn handles_are_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<(Error, Options, Evaluator, Prediction, Batch, Costs)>();
}
