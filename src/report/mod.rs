//! Pictures of results.

mod curves;

pub use curves::learning_curves;
