//! The evaluators and graphs that come with nneval.

pub use nneval::evaluator::shipped::{DEFAULT_EVALUATOR, Shipped, find, tokenizer};
