//! New metrics that a label table has and the evaluator does not.

use crate::error::Result;
use crate::request_fault::RequestFault;
use nneval_evaluator::Manifest;
use nneval_tables::labels::{LabelTable, MetricSpec};

/// The metrics to learn: those `named`, else all columns of numbers. None may be one of the
/// evaluator's but those `without`.
///
/// # Errors
/// [`RequestFault::NothingToLearn`], [`RequestFault::RepeatedMetric`],
/// [`RequestFault::KnownMetric`].
pub fn new_metrics(
    manifest: &Manifest,
    table: &LabelTable,
    named: &[String],
    without: &[String],
) -> Result<Vec<MetricSpec>> {
    let names: Vec<&str> = match named.is_empty() {
        true => table.numeric_columns().collect(),
        false => named.iter().map(String::as_str).collect(),
    };
    let file = || table.file().to_owned();
    if names.is_empty() {
        return Err(RequestFault::NothingToLearn { table: file() }.into());
    }
    for (i, &name) in names.iter().enumerate() {
        let metric = name.to_owned();
        if names.iter().take(i).any(|other| *other == name) {
            return Err(RequestFault::RepeatedMetric { metric }.into());
        }
        let known = manifest.metrics.iter().any(|m| m.spec.name == name);
        if known && !without.contains(&metric) {
            let evaluator = manifest.name.clone();
            return Err(RequestFault::KnownMetric { table: file(), evaluator, metric }.into());
        }
    }
    Ok(names.into_iter().map(MetricSpec::from_column).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest, table};

    #[test]
    fn columns_of_numbers_or_those_named_unless_they_are_known() {
        let table = table("path,a_ms,note,b_ms\nx,1,text,2\n");
        let new = |known: &[&str], named: &[&str], without: &[&str]| {
            let owned = |n: &[&str]| n.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
            let specs = new_metrics(&manifest(known), &table, &owned(named), &owned(without));
            let names = |s: Vec<MetricSpec>| s.into_iter().map(|s| s.name).collect::<Vec<_>>();
            specs.map(names).map_err(|e| e.to_string())
        };
        assert_eq!(new(&["c_ms"], &[], &[]), Ok(vec!["a_ms".into(), "b_ms".into()]));
        assert_eq!(new(&["a_ms"], &["b_ms"], &[]), Ok(vec!["b_ms".into()]));
        assert_eq!(new(&["a_ms"], &["a_ms"], &["a_ms"]), Ok(vec!["a_ms".into()]));
        let known = "labels.csv: evaluator e predicts a_ms already";
        assert_eq!(new(&["a_ms"], &[], &[]), Err(known.into()));
        assert_eq!(new(&[], &["a_ms", "a_ms"], &[]), Err("a_ms: is given twice".into()));
    }

    #[test]
    fn a_table_of_text_has_nothing_to_learn() {
        let none = new_metrics(&manifest(&["a_ms"]), &table("path,note\nx,text\n"), &[], &[]);
        let message = none.unwrap_err().to_string();
        assert_eq!(message, "labels.csv: has no column of numbers to learn");
    }
}
