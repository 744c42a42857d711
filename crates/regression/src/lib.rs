//! Regression on facts of networks, for when there are few labels.
//!
//! [`Facts`] are numbers that a network's graph alone gives; a
//! [`GaussianProcess`] learns a metric of them, a [`Posterior`] says what it
//! expects at fixed networks as observations come in one by one.

pub mod drift;
pub mod error;
mod facts;
mod gaussian_process;
mod kernel;
mod posterior;

pub use error::{Error, Result};
pub use facts::{Facts, Scale};
pub use gaussian_process::GaussianProcess;
pub use kernel::Kernel;
pub use posterior::Posterior;

pub use facts::{labelled, labelled_enough};
