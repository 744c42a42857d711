//! Calibration of an evaluator with rows of a label table, and a check of it on halvings.

use crate::dataset::Dataset;
use crate::encode::encode_rows;
use crate::error::Result;
use crate::progress::{Observer, Progress};
use crate::request_fault::RequestFault;
use crate::source::NetworkSource;
use nneval_evaluator::{
    Bundle, CalibrationData, Encoding, Evaluator, Metric, Reliability, Training, calibrate,
    reliability,
};
use nneval_tables::labels::LabelTable;
use std::collections::HashSet;

/// Rows of a label table that an evaluator is calibrated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationSplit {
    /// Rows of classes trained on.
    pub train: Vec<usize>,
    /// Rows to calibrate on: of the validation classes where the evaluator names them, else of
    /// all classes not trained on.
    pub held: Vec<usize>,
}

impl CalibrationSplit {
    /// The rows of `table` for an evaluator trained as `training` tells.
    ///
    /// # Errors
    /// [`RequestFault::AllClassesSeen`] where there are none to calibrate on.
    pub fn of(training: &Training, table: &LabelTable) -> Result<Self> {
        let set = |classes: &[u64]| classes.iter().copied().collect::<HashSet<u64>>();
        let (seen, chosen) = (set(&training.classes), set(&training.validation_classes));
        let class_in = |r: usize, s: &HashSet<u64>| table.class(r).is_some_and(|c| s.contains(&c));
        let held = |&r: &usize| match chosen.is_empty() {
            true => !class_in(r, &seen),
            false => class_in(r, &chosen) && !class_in(r, &seen),
        };
        let all = || 0..table.rows();
        let held: Vec<usize> = all().filter(held).collect();
        match held.is_empty() {
            true => Err(RequestFault::AllClassesSeen { table: table.file().to_owned() }.into()),
            false => Ok(Self { train: all().filter(|&r| class_in(r, &seen)).collect(), held }),
        }
    }
}

/// What [`CalibrationData`] borrows.
#[derive(Debug, Clone)]
pub struct CalibrationRows {
    /// Training networks, encoded.
    pub train: Vec<Encoding>,
    /// Networks of other classes, encoded.
    pub held: Vec<Encoding>,
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
    /// As [`Dataset::encode`] and [`LabelTable::gather`].
    pub fn new(
        evaluator: &Evaluator,
        dataset: &mut Dataset,
        train: &[usize],
        held: &[usize],
        observer: Observer,
    ) -> Result<Self> {
        let reported = labels(&evaluator.manifest().metrics, dataset.table(), held)?;
        Ok(Self {
            train: dataset.encode(evaluator, train, observer)?,
            held: dataset.encode(evaluator, held, observer)?,
            classes: dataset.classes(held),
            reported,
        })
    }

    /// The rows `split` of a table, as [`CalibrationRows::new`]; their networks are not kept.
    ///
    /// # Errors
    /// As [`encode_rows`] and [`LabelTable::gather`].
    pub fn encode(
        evaluator: &Evaluator,
        source: &NetworkSource,
        table: &LabelTable,
        split: &CalibrationSplit,
        observer: Observer,
    ) -> Result<Self> {
        let reported = labels(&evaluator.manifest().metrics, table, &split.held)?;
        Ok(Self {
            train: encode_rows(evaluator, source, table, &split.train, observer)?,
            held: encode_rows(evaluator, source, table, &split.held, observer)?,
            classes: split.held.iter().filter_map(|&r| table.class(r)).collect(),
            reported,
        })
    }

    /// How well intervals and in-domain scores of `metrics` hold on `splits` halvings of the
    /// held-out classes, 1 at least. `outside`: networks that should be flagged, encoded.
    ///
    /// # Errors
    /// As [`reliability`].
    pub fn reliability(
        &self,
        metrics: &[Metric],
        outside: &[Encoding],
        splits: u64,
        observer: Observer,
    ) -> Result<Reliability> {
        let (mut done, total) = (0, splits.max(1));
        let on = &mut || {
            done += 1;
            observer(&Progress::Halvings { done, total: total as usize });
        };
        Ok(reliability(metrics, &self.data(), outside, total, on)?)
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

/// Labels of the metrics at `rows`; none for a metric that the table lacks.
fn labels(metrics: &[Metric], table: &LabelTable, rows: &[usize]) -> Result<Vec<Vec<Option<f64>>>> {
    let there: HashSet<&str> = table.column_names().iter().map(String::as_str).collect();
    let column = |m: &Metric| match there.contains(m.spec.name.as_str()) {
        true => Ok(table.gather(&m.spec.name, rows)?),
        false => Ok(vec![None; rows.len()]),
    };
    metrics.iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{encoded, metrics, table, training};

    #[test]
    fn validation_classes_calibrate_else_all_that_are_unseen() {
        let table = table("path,unique_rep_index,x\na,1,0\nb,2,0\nc,3,0\nd,1,0\n");
        let rows = |training: &Training| CalibrationSplit::of(training, &table);
        let split = |train: &[usize], held: &[usize]| CalibrationSplit {
            train: train.to_vec(),
            held: held.to_vec(),
        };
        assert_eq!(rows(&training(&[1], &[])).unwrap(), split(&[0, 3], &[1, 2]));
        assert_eq!(rows(&training(&[1], &[3, 1])).unwrap(), split(&[0, 3], &[2]));
        let none = rows(&training(&[1], &[9])).unwrap_err().to_string();
        assert_eq!(none, "labels.csv: the evaluator was trained on all of its classes");
    }

    #[test]
    fn metrics_that_the_table_lacks_have_no_labels() {
        let table = table("path,b_ms\nx,1\ny,\nz,3\n");
        let labels = labels(&metrics(&["a_ms", "b_ms"]), &table, &[2, 1]).unwrap();
        assert_eq!(labels, [vec![None, None], vec![Some(3.0), None]]);
    }

    #[test]
    fn halvings_are_told_one_by_one() {
        let rows = 40u32;
        let held = (0..rows).map(|i| encoded(&[f64::from(i) / 10.0])).collect();
        let reported = vec![(0..rows).map(|i| Some(f64::from(i % 10) + 1.0)).collect()];
        let classes = (0..u64::from(rows)).collect();
        let rows = CalibrationRows { train: vec![], held, classes, reported };
        let mut told = Vec::new();
        let observer = &mut |p: &Progress| told.push(format!("{p:?}"));
        let found = rows.reliability(&metrics(&["a_ms"]), &[], 3, observer).unwrap();
        assert_eq!((found.splits, found.coverage.len()), (3, 1));
        assert!((0.5..=1.0).contains(&found.coverage[0].rows));
        assert_eq!(told.len(), 3);
        assert_eq!(told[2], "Halvings { done: 3, total: 3 }");
    }
}
