//! Gaussian processes on the structural facts of networks: a teacher for few labels.

use super::{Columns, Labels, PartGraphs, predictions};
use crate::error::Result;
use nneval_regression::{Facts, GaussianProcess};

/// What Gaussian processes predict that are fitted to `labels`, one a metric.
pub(super) fn predict(labels: &Labels, parts: &PartGraphs) -> Result<[Columns; 3]> {
    let facts = super::three(Facts::of(&parts.list()))?;
    let [train, ..] = &facts;
    let fits = labels.iter().map(|l| Ok(GaussianProcess::fit(train, l)?));
    let fits = fits.collect::<Result<Vec<_>>>()?;
    Ok(predictions(&facts, &fits, GaussianProcess::predict))
}
