//! Metrics that an evaluator is scored on.

use crate::error::Result;
use crate::request_fault::RequestFault;
use nneval_evaluator::Manifest;
use nneval_tables::labels::LabelTable;
use std::collections::HashSet;

/// Positions of the evaluator's metrics that are `named`; where none are, of those that the
/// table has a column of.
///
/// # Errors
/// [`RequestFault::UnknownMetric`], or [`RequestFault::NoSharedMetric`].
pub fn scored_metrics(
    manifest: &Manifest,
    table: &LabelTable,
    named: &[String],
) -> Result<Vec<usize>> {
    let evaluator = || manifest.name.clone();
    let position = |name: &String| {
        let found = manifest.metrics.iter().position(|m| m.spec.name == *name);
        let unknown =
            || RequestFault::UnknownMetric { metric: name.clone(), evaluator: evaluator() };
        Ok(found.ok_or_else(unknown)?)
    };
    if !named.is_empty() {
        return named.iter().map(position).collect();
    }
    let there: HashSet<&str> = table.column_names().iter().map(String::as_str).collect();
    let metrics = manifest.metrics.iter().enumerate();
    let shared = metrics.filter(|(_, m)| there.contains(m.spec.name.as_str()));
    let shared: Vec<usize> = shared.map(|(i, _)| i).collect();
    match shared.is_empty() {
        true => {
            let (table, evaluator) = (table.file().to_owned(), evaluator());
            Err(RequestFault::NoSharedMetric { table, evaluator }.into())
        }
        false => Ok(shared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest, table};

    #[test]
    fn named_metrics_or_those_that_are_shared() {
        let manifest = manifest(&["a_ms", "b_ms", "c_pct"]);
        let both = table("path,c_pct,other,a_ms\nx,1,2,3\n");
        assert_eq!(scored_metrics(&manifest, &both, &[]).unwrap(), [0, 2]);
        let named = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            scored_metrics(&manifest, &both, &names).map_err(|e| e.to_string())
        };
        assert_eq!(named(&["c_pct", "b_ms"]), Ok(vec![2, 1]));
        assert_eq!(named(&["other"]), Err("other: evaluator e does not predict it".into()));
        let none = scored_metrics(&manifest, &table("path,other\nx,1\n"), &[]).unwrap_err();
        assert_eq!(none.to_string(), "labels.csv: has no column that evaluator e predicts");
    }
}
