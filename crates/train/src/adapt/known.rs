//! Known metrics that a new metric is a weighted sum of, and their outputs.

use crate::error::Result;
use crate::request_fault::RequestFault;
use nneval_evaluator::{Encoding, Manifest, Metric};
use nneval_graph::reduce::Reduction;

/// Positions of the evaluator's metrics but those `without`.
///
/// # Errors
/// [`RequestFault::UnknownMetric`] for one of these that the evaluator does not predict.
pub fn kept_metrics(manifest: &Manifest, without: &[String]) -> Result<Vec<usize>> {
    let metrics = &manifest.metrics;
    let there = |name: &String| metrics.iter().any(|m| m.spec.name == *name);
    if let Some(metric) = without.iter().find(|name| !there(name)) {
        let (metric, evaluator) = (metric.clone(), manifest.name.clone());
        return Err(RequestFault::UnknownMetric { metric, evaluator }.into());
    }
    let kept = metrics.iter().enumerate().filter(|(_, m)| !without.contains(&m.spec.name));
    Ok(kept.map(|(i, _)| i).collect())
}

/// Positions of the metrics that a new one is made of: for an accuracy the known accuracies,
/// for all else the others. Where there are none such, all that are known.
///
/// # Errors
/// As [`kept_metrics`], and [`RequestFault::NoKnownMetric`].
pub fn known_metrics(
    manifest: &Manifest,
    without: &[String],
    accuracy: bool,
) -> Result<Vec<usize>> {
    let all = kept_metrics(manifest, without)?;
    if all.is_empty() {
        return Err(RequestFault::NoKnownMetric { evaluator: manifest.name.clone() }.into());
    }
    let metric = |i: &usize| manifest.metrics.get(*i);
    let alike = |i: &usize| metric(i).is_some_and(|m| m.spec.is_accuracy() == accuracy);
    let same: Vec<usize> = all.iter().copied().filter(alike).collect();
    Ok(if same.is_empty() { all } else { same })
}

/// The reduction that all metrics at the positions `known` have, and so has a sum of them;
/// the unreduced networks where they have several.
pub fn common_reduction(metrics: &[Metric], known: &[usize]) -> Reduction {
    let mut reductions = known.iter().filter_map(|&i| metrics.get(i)).map(|m| m.reduction);
    let first = reductions.next().unwrap_or_default();
    if reductions.all(|other| other == first) { first } else { Reduction::None }
}

/// Outputs for the metrics at the positions `known`, a row a network: those of their
/// reduction, or of the unreduced networks.
pub fn known_outputs(encoded: &[Encoding], known: &[usize], reduction: Reduction) -> Vec<Vec<f64>> {
    let of = |e: &Encoding, i: usize| {
        if reduction.is_none() { e.unreduced_outputs.get(i) } else { e.outputs.get(i) }.copied()
    };
    encoded.iter().map(|e| known.iter().filter_map(|&i| of(e, i)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{encoded, manifest};

    const METRICS: [&str; 4] = ["a_lat_ms", "a_acc_pct", "b_lat_ms", "b_acc_pct"];

    fn known(without: &[&str], accuracy: bool) -> Result<Vec<usize>, String> {
        let without: Vec<String> = without.iter().map(|n| (*n).to_owned()).collect();
        known_metrics(&manifest(&METRICS), &without, accuracy).map_err(|e| e.to_string())
    }

    #[test]
    fn accuracies_are_made_of_accuracies_and_latencies_of_the_others() {
        assert_eq!(known(&[], true), Ok(vec![1, 3]));
        assert_eq!(known(&[], false), Ok(vec![0, 2]));
        assert_eq!(known(&["b_acc_pct"], true), Ok(vec![1]));
        let without_accuracies = known(&["a_acc_pct", "b_acc_pct"], true);
        assert_eq!(without_accuracies, Ok(vec![0, 2]), "all that are left");
        assert_eq!(known(&METRICS, true), Err("evaluator e has no other metrics".into()));
        assert_eq!(known(&["x"], true), Err("x: evaluator e does not predict it".into()));
    }

    #[test]
    fn a_sum_has_the_reduction_that_all_of_its_parts_have() {
        let mut metrics = manifest(&METRICS).metrics;
        metrics[0].reduction = Reduction::Reachable;
        metrics[2].reduction = Reduction::Reachable;
        metrics[3].reduction = Reduction::DeadCode;
        assert_eq!(common_reduction(&metrics, &[0, 2]), Reduction::Reachable);
        assert_eq!(common_reduction(&metrics, &[0, 3]), Reduction::None);
        assert_eq!(common_reduction(&metrics, &[3]), Reduction::DeadCode);
        assert_eq!(common_reduction(&metrics, &[]), Reduction::None);
    }

    #[test]
    fn outputs_are_of_the_reduction() {
        let encoded = [encoded(&[1.0, 2.0, 3.0]), encoded(&[4.0, 5.0, 6.0])];
        let outputs = |reduction| known_outputs(&encoded, &[2, 0], reduction);
        assert_eq!(outputs(Reduction::Reachable), [[3.0, 1.0], [6.0, 4.0]]);
        assert_eq!(outputs(Reduction::None), [[103.0, 101.0], [106.0, 104.0]]);
    }
}
