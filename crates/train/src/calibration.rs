//! Calibration of an evaluator with rows of a dataset.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::progress::Observer;
use nneval_evaluator::{Bundle, CalibrationData, Encoded, Evaluator, calibrate};
use std::collections::HashSet;

/// What [`CalibrationData`] borrows.
#[derive(Debug, Clone)]
pub struct CalibrationRows {
    /// Training networks, encoded.
    pub train: Vec<Encoded>,
    /// Networks of other classes, encoded.
    pub held: Vec<Encoded>,
    /// Class of each of those.
    pub classes: Vec<u64>,
    /// Reported values by metric and held-out network.
    pub reported: Vec<Vec<Option<f64>>>,
}

impl CalibrationRows {
    /// Training and held-out rows of a dataset, labels of the latter. Metrics that the table
    /// lacks have no labels.
    ///
    /// # Errors
    /// As [`Dataset::encode`] and [`Dataset::labels`].
    pub fn new(
        evaluator: &Evaluator,
        dataset: &mut Dataset,
        train: &[usize],
        held: &[usize],
        observer: Observer,
    ) -> Result<Self> {
        let there: HashSet<&str> =
            dataset.table().column_names().iter().map(String::as_str).collect();
        let column = |name: &String| match there.contains(name.as_str()) {
            true => dataset.labels(name, held),
            false => Ok(vec![None; held.len()]),
        };
        let columns = evaluator.manifest().metrics.iter().map(|m| column(&m.spec.name));
        let reported = columns.collect::<Result<_>>()?;
        Ok(Self {
            train: dataset.encode(evaluator, train, observer)?,
            held: dataset.encode(evaluator, held, observer)?,
            classes: dataset.classes(held),
            reported,
        })
    }

    /// The bundle that encoded, calibrated.
    ///
    /// # Errors
    /// As [`calibrate`].
    pub fn calibrate(&self, bundle: &Bundle) -> Result<Bundle> {
        let mut bundle = bundle.clone();
        calibrate(&mut bundle, &self.data())?;
        Ok(bundle)
    }

    /// As the evaluator's calibration takes it.
    pub fn data(&self) -> CalibrationData<'_> {
        CalibrationData {
            train: &self.train,
            held: &self.held,
            classes: &self.classes,
            reported: &self.reported,
        }
    }
}
