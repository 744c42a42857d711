//! Faults of a request: metrics or rows that do not fit an evaluator.

use std::path::{Path, PathBuf};

/// Why an evaluator cannot be scored, calibrated or adapted as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// A metric that was named is none of the evaluator's.
    #[error("{metric}: evaluator {evaluator} does not predict it")]
    UnknownMetric {
        /// The metric.
        metric: String,
        /// The evaluator.
        evaluator: String,
    },
    /// The keys of a label table are paths, and no folder of models is named.
    #[error(
        "{}: its keys are paths of models (column \"path\"); the folder of the models is not named",
        table.display()
    )]
    PathsWithoutFolder {
        /// The label table.
        table: PathBuf,
    },
    /// A label table has no column of the evaluator's metrics.
    #[error("{}: has no column that evaluator {evaluator} predicts", table.display())]
    NoSharedMetric {
        /// The label table.
        table: PathBuf,
        /// The evaluator.
        evaluator: String,
    },
    /// All rows of a label table are of classes that the evaluator was trained on.
    #[error("{}: the evaluator was trained on all of its classes", table.display())]
    AllClassesSeen {
        /// The label table.
        table: PathBuf,
    },
    /// A label table has no column that a new metric could be learnt from.
    #[error("{}: has no column of numbers to learn", table.display())]
    NothingToLearn {
        /// The label table.
        table: PathBuf,
    },
    /// A new metric was named twice.
    #[error("{metric}: is given twice")]
    RepeatedMetric {
        /// The metric.
        metric: String,
    },
    /// A new metric is one of the evaluator's, and was not to be ignored.
    #[error("{}: evaluator {evaluator} predicts {metric} already", table.display())]
    KnownMetric {
        /// The label table.
        table: PathBuf,
        /// The evaluator.
        evaluator: String,
        /// The metric.
        metric: String,
    },
    /// All metrics of the evaluator are to be ignored.
    #[error("evaluator {evaluator} has no other metrics")]
    NoKnownMetric {
        /// The evaluator.
        evaluator: String,
    },
    /// New metrics are sums of outputs, which multiples of a cost formula do not fit.
    #[error(
        "evaluator {evaluator}: predicts multiples of formulas of static costs, which cannot be adapted"
    )]
    CostFormula {
        /// The evaluator.
        evaluator: String,
    },
    /// More networks are to be suggested than there are.
    #[error("there are only {networks} networks to choose among")]
    FewNetworks {
        /// Networks that there are.
        networks: usize,
    },
    /// More networks are to be suggested than could be read.
    #[error("only {networks} of the networks could be read")]
    FewReadable {
        /// Networks that could be read, of those drawn.
        networks: usize,
    },
}

impl RequestFault {
    /// The label table at fault, where the fault is about one.
    pub fn table(&self) -> Option<&Path> {
        match self {
            Self::PathsWithoutFolder { table }
            | Self::NoSharedMetric { table, .. }
            | Self::AllClassesSeen { table }
            | Self::NothingToLearn { table }
            | Self::KnownMetric { table, .. } => Some(table),
            _ => None,
        }
    }
}
