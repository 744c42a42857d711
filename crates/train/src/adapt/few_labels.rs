//! Few labels of new metrics: the rows of a table that have one, encoded.

use super::Labelled;
use crate::encode::encode_rows;
use crate::error::Result;
use crate::progress::Observer;
use crate::source::NetworkSource;
use nneval_evaluator::{Encoding, Evaluator};
use nneval_tables::labels::{LabelTable, MetricSpec};

/// Rows of a table that have a label of any new metric.
#[derive(Debug, Clone)]
pub struct FewLabels {
    /// Their networks, encoded.
    pub encoded: Vec<Encoding>,
    /// Their classes.
    pub classes: Vec<u64>,
    /// Labels by new metric and row.
    pub reported: Vec<Vec<Option<f64>>>,
}

impl FewLabels {
    /// Finds the rows and encodes their networks.
    ///
    /// # Errors
    /// As [`LabelTable::column`] and [`encode_rows`].
    pub fn encode(
        evaluator: &Evaluator,
        source: &NetworkSource,
        table: &LabelTable,
        specs: &[MetricSpec],
        observer: Observer,
    ) -> Result<Self> {
        let rows = labelled_rows(table, specs)?;
        Self::new(table, specs, &rows, encode_rows(evaluator, source, table, &rows, observer)?)
    }

    /// The labels at `rows`, whose networks are `encoded`.
    ///
    /// # Errors
    /// As [`LabelTable::gather`].
    pub fn new(
        table: &LabelTable,
        specs: &[MetricSpec],
        rows: &[usize],
        encoded: Vec<Encoding>,
    ) -> Result<Self> {
        let reported = specs.iter().map(|s| Ok(table.gather(&s.name, rows)?));
        let classes = rows.iter().filter_map(|&r| table.class(r)).collect();
        Ok(Self { encoded, classes, reported: reported.collect::<Result<_>>()? })
    }

    /// The rows that have one of the labels `reported`, with the outputs of known metrics.
    /// `known` and `reported` have an entry for each row.
    pub fn labelled(&self, known: Vec<Vec<f64>>, reported: &[Option<f64>]) -> Vec<Labelled> {
        let row = |((known, label), class): ((Vec<f64>, &Option<f64>), &u64)| {
            Some(Labelled { known, label: (*label)?, class: *class })
        };
        known.into_iter().zip(reported).zip(&self.classes).filter_map(row).collect()
    }
}

/// Rows that have a label of any of the metrics.
fn labelled_rows(table: &LabelTable, specs: &[MetricSpec]) -> Result<Vec<usize>> {
    let columns = specs.iter().map(|s| Ok(table.column(&s.name)?));
    let columns: Vec<&[Option<f64>]> = columns.collect::<Result<_>>()?;
    let labelled = |r: &usize| columns.iter().any(|c| matches!(c.get(*r), Some(Some(_))));
    Ok((0..table.rows()).filter(labelled).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{encoded, table};

    #[test]
    fn rows_without_any_label_are_left_out() {
        let table = table("path,unique_rep_index,a_ms,b_ms\nw,7,1,\nx,8,,\ny,9,,2\nz,9,3,4\n");
        let specs = ["a_ms", "b_ms"].map(MetricSpec::from_column);
        let rows = labelled_rows(&table, &specs).unwrap();
        assert_eq!(rows, [0, 2, 3]);
        let networks = rows.iter().map(|r| encoded(&[*r as f64])).collect();
        let few = FewLabels::new(&table, &specs, &rows, networks).unwrap();
        assert_eq!(few.classes, [7, 9, 9]);
        let known = vec![vec![0.1], vec![0.2], vec![0.3]];
        let labelled = few.labelled(known, &few.reported[1]);
        let seen: Vec<(f64, f64, u64)> =
            labelled.iter().map(|l| (l.known[0], l.label, l.class)).collect();
        assert_eq!(seen, [(0.2, 2.0, 9), (0.3, 4.0, 9)]);
    }
}
