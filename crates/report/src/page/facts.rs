//! Facts of an evaluator, as a page shows them.

use nneval_evaluator::Manifest;

/// Names and values that describe an evaluator.
pub fn evaluator_facts(m: &Manifest) -> Vec<(String, String)> {
    let t = &m.training;
    let calibrated = m.metrics.iter().filter(|x| x.interval.is_some()).count();
    let domain = match &m.domain {
        Some(_) => "networks outside of what it has seen are flagged",
        None => "no in-domain statistics",
    };
    let facts = [
        ("name", m.name.clone()),
        ("metrics", format!("{}, {calibrated} of them with intervals", m.metrics.len())),
        ("trained on", format!("{} rows of {} classes of {}", t.rows, t.classes.len(), t.labels)),
        ("chosen by", format!("{} classes that it was not trained on", t.validation_classes.len())),
        ("networks", format!("{}, {}", t.space, t.dataset)),
        ("window", format!("{} tokens, operation string version {}", m.window, m.string_version)),
        ("in domain", domain.to_owned()),
        ("seed", t.seed.to_string()),
        ("made by", t.command.clone()),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
