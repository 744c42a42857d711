//! Predictions of an evaluator beside the reported values of a label table.

use super::baseline::Baseline;
use super::metrics::scored_metrics;
use super::rows::RowSelection;
use crate::encode::encode_rows;
use crate::error::Result;
use crate::progress::{Observer, Progress};
use crate::source::NetworkSource;
use nneval_evaluator::{Calibrated, Encoding, Evaluator, Manifest, Metric, calibrated};
use nneval_tables::labels::LabelTable;
use nneval_tables::statistics::ScoreReport;
use nneval_tables::statistics::score_table;

/// What is to be scored.
#[derive(Debug, Clone, Copy)]
pub struct ScoreRequest<'a> {
    /// Metrics; none: all that evaluator and table share.
    pub metrics: &'a [String],
    /// Which rows.
    pub rows: RowSelection,
}

/// Bootstrap of Kendall's τ over classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// Resamples; 0 for no intervals.
    pub resamples: usize,
    /// Seed.
    pub seed: u64,
}

/// Rows of a label table with their predictions.
#[derive(Debug, Clone)]
pub struct ScoredTable {
    /// The metrics scored.
    pub metrics: Vec<Metric>,
    /// The rows scored.
    pub rows: Vec<usize>,
    /// Class of each row.
    pub classes: Vec<u64>,
    /// Reported values by metric and row, in the metric's unit.
    pub reported: Vec<Vec<Option<f64>>>,
    /// Predictions by metric and row.
    pub predicted: Vec<Vec<f64>>,
    /// Ends of their intervals.
    pub intervals: Vec<Vec<Option<[f64; 2]>>>,
    /// Positions of the metrics among the evaluator's.
    chosen: Vec<usize>,
    encoded: Vec<Encoding>,
}

impl ScoredTable {
    /// Predicts what is asked for.
    ///
    /// # Errors
    /// As [`scored_metrics`], [`RowSelection::of`], [`encode_rows`] and [`LabelTable::gather`].
    pub fn predict(
        evaluator: &Evaluator,
        source: &NetworkSource,
        table: &LabelTable,
        request: &ScoreRequest,
        observer: Observer,
    ) -> Result<Self> {
        let manifest = evaluator.manifest();
        let chosen = scored_metrics(manifest, table, request.metrics)?;
        let rows = request.rows.of(&manifest.training, table)?;
        let encoded = encode_rows(evaluator, source, table, &rows, observer)?;
        Self::new(manifest, table, chosen, rows, encoded)
    }

    /// The metrics at the positions `chosen` for `rows`, whose networks are `encoded`.
    ///
    /// # Errors
    /// As [`LabelTable::gather`].
    pub fn new(
        manifest: &Manifest,
        table: &LabelTable,
        chosen: Vec<usize>,
        rows: Vec<usize>,
        encoded: Vec<Encoding>,
    ) -> Result<Self> {
        let metrics: Vec<Metric> =
            chosen.iter().filter_map(|&i| manifest.metrics.get(i)).cloned().collect();
        let reported = metrics.iter().map(|m| Ok(table.gather(&m.spec.name, &rows)?));
        let reported = reported.collect::<Result<Vec<_>>>()?;
        let numbered = || metrics.iter().zip(&chosen);
        let predicted = numbered()
            .map(|(m, &i)| encoded.iter().map(|e| e.value(i, m).unwrap_or(f64::NAN)).collect())
            .collect();
        let intervals =
            numbered().map(|(m, &i)| encoded.iter().map(|e| e.interval(i, m)).collect()).collect();
        let classes = rows.iter().filter_map(|&r| table.class(r)).collect();
        Ok(Self { metrics, rows, classes, reported, predicted, intervals, chosen, encoded })
    }

    /// Statistics of each metric, beside the τ of a baseline.
    ///
    /// # Errors
    /// As [`score_table`].
    pub fn report(
        &self,
        baseline: Option<&Baseline>,
        bootstrap: Bootstrap,
        observer: Observer,
    ) -> Result<ScoreReport> {
        let baseline = baseline.map(|b| (b.name.as_str(), b.values.as_slice()));
        let Bootstrap { resamples, seed } = bootstrap;
        let mut report = score_table(&[], &[], &[], baseline, &self.classes, resamples, seed)?;
        let total = self.metrics.len();
        let columns = self.metrics.iter().zip(&self.reported).zip(&self.predicted);
        for (done, ((metric, reported), predicted)) in (1..).zip(columns) {
            let (spec, reported, predicted) = (
                std::slice::from_ref(&metric.spec),
                std::slice::from_ref(reported),
                std::slice::from_ref(predicted),
            );
            let one =
                score_table(spec, reported, predicted, baseline, &self.classes, resamples, seed)?;
            report.rows.extend(one.rows);
            observer(&Progress::Metrics { done, total });
        }
        report.add_intervals(&self.reported, &self.intervals, &self.classes);
        Ok(report)
    }

    /// Rows to calibrate the metric at this position of [`ScoredTable::metrics`] on.
    pub fn calibrated(&self, at: usize) -> Vec<Calibrated> {
        let parts = self.metrics.get(at).zip(self.chosen.get(at)).zip(self.reported.get(at));
        parts.map_or(Vec::new(), |((metric, &i), reported)| {
            calibrated(metric, i, reported, &self.encoded, &self.classes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{encoded, manifest, table};

    fn scored() -> ScoredTable {
        let labels = "path,unique_rep_index,a_ms,b_ms\nw,1,9,9\nx,2,,2\ny,3,4,4\nz,4,6,6\n";
        let outputs = [[0.0, 0.2], [0.0, 0.4], [0.0, 0.9]];
        let encoded = outputs.iter().map(|o| encoded(o)).collect();
        let manifest = manifest(&["a_ms", "b_ms"]);
        ScoredTable::new(&manifest, &table(labels), vec![1, 0], vec![1, 2, 3], encoded).unwrap()
    }

    #[test]
    fn predictions_stand_beside_reported_values() {
        let scored = scored();
        let names: Vec<&str> = scored.metrics.iter().map(|m| m.spec.name.as_str()).collect();
        assert_eq!((names, &scored.classes), (vec!["b_ms", "a_ms"], &vec![2, 3, 4]));
        assert_eq!(scored.reported[0], [Some(2.0), Some(4.0), Some(6.0)]);
        assert_eq!(scored.reported[1], [None, Some(4.0), Some(6.0)]);
        assert!(scored.predicted[0].is_sorted() && scored.predicted[0][0] < scored.predicted[0][2]);
        assert_eq!(scored.predicted[1][0], scored.predicted[1][2]);
        assert_eq!((scored.calibrated(0).len(), scored.calibrated(1).len()), (3, 2));
        assert!(scored.calibrated(2).is_empty());
    }

    #[test]
    fn a_report_has_a_row_for_each_metric_beside_the_baseline() {
        let baseline = Baseline { name: "x".into(), values: vec![Some(3.0), Some(2.0), None] };
        let bootstrap = Bootstrap { resamples: 0, seed: 0 };
        let mut told = Vec::new();
        let report = scored()
            .report(Some(&baseline), bootstrap, &mut |p| told.push(format!("{p:?}")))
            .unwrap();
        let [b, a] = report.rows.as_slice() else { panic!("{report:?}") };
        assert_eq!((b.n, b.tau, b.baseline_tau), (3, Some(1.0), Some(-1.0)));
        assert_eq!((a.n, a.tau), (2, None));
        assert_eq!((report.baseline.as_deref(), told.len()), (Some("x"), 2));
    }
}
