//! Gradient-boosted trees, without the feature `gbdt`: nothing can be fitted.

use crate::error::{Error, Result};
use nneval_regression::Facts;

/// How well to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// As well as is worth it.
    Full,
    /// In a fifth of the time.
    Quick,
}

/// Fitted trees; there are none.
pub enum GradientBoostedTrees {}

impl GradientBoostedTrees {
    /// Refuses.
    ///
    /// # Errors
    /// [`Error::Teacher`].
    pub fn fit(_: &Facts, _: &[Option<f64>], _: Budget) -> Result<Self> {
        Err(Error::Teacher("nneval was built without gradient-boosted trees".into()))
    }

    /// Expected labels of networks.
    pub fn predict(&self, _: &Facts) -> Vec<f64> {
        match *self {}
    }
}
