//! Input sizes and values: what a model is fed when it is measured, and at
//! which sizes its costs are counted.

#![deny(clippy::arithmetic_side_effects)]

mod assumed;
mod demand;
mod fill;
mod plan;

pub use assumed::{Assumed, assumed};
pub use demand::{Use, Uses};
pub use fill::Fill;
pub use plan::*;
