//! Predictions for people: what a network is, what is predicted, and by whom.

use super::evaluate_list::Item;
use super::evaluate_rows::Schema;
use super::facts::Facts;
use nneval::evaluator::{Answer, Answers, Estimate, Manifest, Metric, Prediction};
use nneval::files::printable;
use nneval::measure::processor;
use nneval::tables::significant;
use std::fmt::Write;

/// Significant digits, at most.
const DIGITS: usize = 6;
/// Significant digits of a value without an interval.
const ROUGH: usize = 2;

/// The text of one network; empty where it could not be evaluated.
pub fn text(schema: &Schema, item: &Item, facts: Option<&Facts>, answers: &Answers) -> String {
    let Ok(answers) = answers else { return String::new() };
    match schema.is_set() {
        true => page(schema, item, facts, answers),
        false => schema.known(answers).map(|(m, p)| single(item.name(), m, p)).collect(),
    }
}

/// Facts, predictions of the evaluators that know the network, and the names of the others.
fn page(schema: &Schema, item: &Item, facts: Option<&Facts>, answers: &[Answer]) -> String {
    let mut text = format!("{}\n", printable(item.name()));
    if let Some(facts) = facts {
        text.push_str(&facts.text());
    }
    for (manifest, prediction) in schema.known(answers) {
        let _ = writeln!(text, "\n  Predicted by {}", printable(&manifest.name));
        text.push_str(&elsewhere(&manifest.training.processor, &processor()));
        text.push_str(&lines(manifest, prediction));
    }
    let others: Vec<(&Manifest, &Answer)> = schema
        .manifests()
        .iter()
        .copied()
        .zip(answers)
        .filter(|(_, a)| a.known().is_none())
        .collect();
    let names = |pick: fn(&Answer) -> bool| {
        let picked = others.iter().filter(|(_, a)| pick(a)).map(|(m, _)| m.name.as_str());
        picked.collect::<Vec<_>>().join(", ")
    };
    let outside = names(|a| matches!(a, Answer::Outside { .. }));
    if !outside.is_empty() {
        let _ =
            writeln!(text, "\n  No prediction by {outside}: trained on no networks like this one");
    }
    let strings = names(|a| matches!(a, Answer::NeedsModel));
    if !strings.is_empty() {
        let _ = writeln!(
            text,
            "\n  No prediction by {strings}: static costs are needed, which only a model file has"
        );
    }
    for (manifest, answer) in &others {
        if let Answer::Outside { prediction: Some(prediction), .. } = answer {
            let _ = writeln!(text, "\n  Without evidence, by {}", printable(&manifest.name));
            text.push_str(&lines(manifest, prediction));
        }
    }
    text.push('\n');
    text
}

/// The predictions of an evaluator that was asked for by name.
fn single(name: &str, manifest: &Manifest, p: &Prediction) -> String {
    let windows = match p.windows() {
        1 => String::new(),
        n => format!(", encoded in {n} windows"),
    };
    let outside = match (p.flagged(), p.in_domain()) {
        (Some(true), Some(score)) => format!(
            ": outside what this evaluator has seen (in-domain score {})",
            score_text(score)
        ),
        _ => String::new(),
    };
    let name = printable(name);
    let heading = format!("{name} ({} tokens{windows}){outside}\n", p.tokens());
    heading + &elsewhere(&manifest.training.processor, &processor()) + &lines(manifest, p)
}

/// That values are those of the processor `of`, where this is another one.
fn elsewhere(of: &str, here: &str) -> String {
    match of.is_empty() || here.is_empty() || of == here {
        true => String::new(),
        false => format!("  Measured on {}; this is {}\n", printable(of), printable(here)),
    }
}

/// An in-domain score for people.
fn score_text(score: f64) -> String {
    if score < 1e-4 { "below 0.0001".into() } else { format!("{score:.4}") }
}

/// A line a metric: value, unit, interval, error on networks kept back.
fn lines(manifest: &Manifest, prediction: &Prediction) -> String {
    let metrics = || manifest.metrics.iter().zip(prediction.estimates());
    let width = metrics().map(|(m, _)| m.spec.name.len()).max().unwrap_or(0);
    let units = metrics().map(|(m, _)| m.spec.unit.chars().count()).max().unwrap_or(0);
    let ends: Vec<String> = metrics().map(|(m, e)| interval(m, e)).collect();
    let wide = ends.iter().map(|e| e.chars().count()).max().unwrap_or(0);
    let line = |((m, e), ends): ((&Metric, &Estimate), &String)| {
        let (name, unit) = (printable(&m.spec.name), printable(&m.spec.unit));
        let value = number(e.value, e.interval);
        let line = format!("  {name:width$}  {value:>12} {unit:units$}  {ends:wide$}{}", error(m));
        format!("{}\n", line.trim_end())
    };
    metrics().zip(&ends).map(line).collect()
}

fn interval(metric: &Metric, estimate: &Estimate) -> String {
    let level = metric.interval.as_ref().map_or(0.0, |i| i.level * 100.0);
    let show = |ends: [f64; 2]| ends.map(|end| number(end, Some(ends)));
    estimate.interval.map_or(String::new(), |ends| {
        let [lo, hi] = show(ends);
        format!("{level:.0} %: {lo} to {hi}")
    })
}

/// Agreement with the labels of networks kept back.
fn error(metric: &Metric) -> String {
    let tau = metric.validation.as_ref().and_then(|v| v.tau);
    tau.map_or(String::new(), |tau| format!("  τ {tau:.2}"))
}

/// A number with the digits that its interval deserves: two of half its width.
fn number(value: f64, interval: Option<[f64; 2]>) -> String {
    let Some([lo, hi]) = interval else { return significant(value, ROUGH) };
    let half = (hi - lo) / 2.0;
    if !(half > 0.0 && value.is_finite()) {
        return significant(value, DIGITS);
    }
    let decimals = (1.0 - half.log10().floor()).clamp(0.0, 12.0) as usize;
    let (short, long) = (format!("{value:.decimals$}"), significant(value, DIGITS));
    if short.len() < long.len() { short } else { long }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_processor_is_said() {
        assert_eq!(elsewhere("EPYC", "Xeon"), "  Measured on EPYC; this is Xeon\n");
        for (of, here) in [("", "Xeon"), ("EPYC", ""), ("Xeon", "Xeon")] {
            assert_eq!(elsewhere(of, here), "");
        }
    }

    #[test]
    fn digits_are_those_that_the_interval_deserves() {
        assert_eq!(number(93.558_21, Some([93.1, 94.0])), "93.56");
        assert_eq!(number(1234.5, Some([1000.0, 1500.0])), "1234");
        assert_eq!(number(1.648_16, Some([1.648_16, 1.648_16])), "1.64816");
        assert_eq!(number(104.572, None), "105");
        assert_eq!(number(0.015_432, None), "0.015");
    }
}
