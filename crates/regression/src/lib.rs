//! Gaussian processes and kernels on structural features, for few labels.
//!
//! [`Facts`] is a feature matrix: numbers that a network's graph alone gives. A
//! [`GaussianProcess`] learns a metric from them. A [`Posterior`] predicts at
//! fixed networks while observations come in one by one. A [`ClassProcess`] expects values of
//! networks of classes that it has not seen.

mod class_process;
pub mod drift;
pub mod error;
mod facts;
mod gaussian_process;
mod kernel;
mod posterior;

pub use class_process::ClassProcess;
pub use error::{Error, ErrorKind, Result};
pub use facts::{Facts, Scale};
pub use gaussian_process::GaussianProcess;
pub use kernel::Kernel;
pub use posterior::Posterior;

pub use facts::{labelled, labelled_enough};
