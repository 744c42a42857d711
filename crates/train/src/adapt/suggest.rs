//! Suggestions of networks that are worth measuring for a new metric.

use super::design::worth_measuring;
use super::known::{common_reduction, known_metrics, known_outputs};
use super::prior::Prior;
use super::sample::sample_keys;
use crate::encode::encode_keys;
use crate::error::Result;
use crate::progress::Observer;
use crate::request_fault::RequestFault;
use crate::source::NetworkSource;
use nneval_evaluator::Evaluator;
use nneval_tables::labels::{LabelTable, MetricSpec};

/// What is suggested.
#[derive(Debug, Clone, Default)]
pub struct SuggestOptions {
    /// Number of networks.
    pub count: usize,
    /// Names of the new metrics. Where all are accuracies, the known accuracies tell what is
    /// worth measuring, else the other known metrics.
    pub metrics: Vec<String>,
    /// Metrics of the evaluator to ignore.
    pub without: Vec<String>,
    /// Seed of the draw of the networks that are compared.
    pub seed: u64,
}

/// Keys of the networks that are worth measuring, the most telling first, among those of
/// `table`, or all of `source` where there is none.
///
/// # Errors
/// [`RequestFault::CostFormula`], [`RequestFault::FewNetworks`], [`RequestFault::FewReadable`],
/// or as [`known_metrics`], [`encode_keys`] and [`Prior::fit`].
pub fn suggest(
    evaluator: &Evaluator,
    source: &NetworkSource,
    table: Option<&LabelTable>,
    options: &SuggestOptions,
    observer: Observer,
) -> Result<Vec<String>> {
    check_adaptable(evaluator)?;
    let every = match table {
        Some(table) => table.keys().to_vec(),
        None => source.keys()?,
    };
    if every.len() < options.count {
        return Err(RequestFault::FewNetworks { networks: every.len() }.into());
    }
    let manifest = evaluator.manifest();
    let known = known_metrics(manifest, &options.without, all_accuracies(&options.metrics))?;
    let sample = sample_keys(&every, options.seed);
    let (keys, encoded) = encode_keys(evaluator, source, &sample, observer)?;
    let reduction = common_reduction(&manifest.metrics, &known);
    let chosen = suggestions(&known_outputs(&encoded, &known, reduction), options.count)?;
    Ok(chosen.into_iter().filter_map(|i| keys.get(i).cloned()).collect())
}

/// Positions of `count` rows of known outputs whose networks are worth measuring, the most
/// telling first.
///
/// # Errors
/// [`RequestFault::FewReadable`] for fewer rows, or as [`Prior::fit`].
pub fn suggestions(outputs: &[Vec<f64>], count: usize) -> Result<Vec<usize>> {
    let prior = Prior::fit(outputs)?;
    let candidates: Vec<Vec<f64>> = outputs.iter().map(|o| prior.features(o)).collect();
    let chosen = worth_measuring(&prior, &candidates, count);
    match chosen.len() < count {
        true => Err(RequestFault::FewReadable { networks: chosen.len() }.into()),
        false => Ok(chosen),
    }
}

/// # Errors
/// [`RequestFault::CostFormula`] for an evaluator that predicts multiples of cost formulas.
pub(super) fn check_adaptable(evaluator: &Evaluator) -> Result<()> {
    let name = || evaluator.manifest().name.clone();
    match evaluator.needs_costs() {
        true => Err(RequestFault::CostFormula { evaluator: name() }.into()),
        false => Ok(()),
    }
}

/// Whether there are metrics, all of them accuracies.
fn all_accuracies(metrics: &[String]) -> bool {
    !metrics.is_empty() && metrics.iter().all(|m| MetricSpec::from_column(m).is_accuracy())
}

#[cfg(test)]
mod tests {
    use super::super::prior::tests::outputs;
    use super::*;

    #[test]
    fn the_first_suggestions_stay_when_more_are_asked_for() {
        let outputs = outputs(60, 1);
        let chosen = suggestions(&outputs, 12).unwrap();
        assert_eq!(chosen[..5], suggestions(&outputs, 5).unwrap());
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((chosen.len(), distinct.len()), (12, 12));
        let few = suggestions(&outputs[..9], 10).unwrap_err();
        assert_eq!(few.to_string(), "only 9 of the networks could be read");
    }

    #[test]
    fn accuracies_alone_are_compared_with_accuracies() {
        let all = |names: &[&str]| {
            all_accuracies(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
        };
        assert!(all(&["a_acc_pct"]));
        assert!(!all(&["a_acc_pct", "b_ms"]) && !all(&[]));
    }
}
