//! Trainer: ONNX Runtime, session options and the shipped folders of a training.

use nneval_evaluator::shipped::Shipped;
use nneval_runtime::{Runtime, SessionOptions};

/// What trains: ONNX Runtime, and where shipped folders are.
#[derive(Debug)]
pub struct Trainer<'a> {
    /// ONNX Runtime.
    pub runtime: &'a Runtime,
    /// Provider and threads.
    pub session: SessionOptions,
    /// Shipped evaluators, training graphs and vocabulary.
    pub shipped: Shipped,
}
