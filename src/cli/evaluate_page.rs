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
    for line in unanswered(schema, answers) {
        let _ = writeln!(text, "\n  {line}");
    }
    for (manifest, answer) in schema.manifests().iter().copied().zip(answers) {
        if let Answer::Outside { prediction: Some(prediction), .. } = answer {
            let _ = writeln!(text, "\n  Without evidence, by {}", printable(&manifest.name));
            text.push_str(&lines(manifest, prediction));
        }
    }
    text.push('\n');
    text
}

/// A line for each reason why evaluators predict nothing.
pub fn unanswered(schema: &Schema, answers: &[Answer]) -> Vec<String> {
    let all = || schema.manifests().iter().zip(answers);
    let names = |pick: fn(&Answer) -> bool| {
        let picked = all().filter(|(_, a)| pick(a)).map(|(m, _)| printable(&m.name));
        picked.collect::<Vec<_>>().join(", ")
    };
    let line = |names: String, reason: &str| {
        (!names.is_empty()).then(|| format!("No prediction by {names}: {reason}"))
    };
    let outside = names(|a| matches!(a, Answer::Outside { .. }));
    let strings = names(|a| matches!(a, Answer::NeedsModel));
    let lines = [
        line(outside, "trained on no networks like this one"),
        line(strings, "static costs are needed, which only a model file has"),
    ];
    lines.into_iter().flatten().collect()
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

/// A predicted metric, as text.
pub struct Row {
    /// Name of the metric.
    pub metric: String,
    /// With the digits that the interval deserves.
    pub value: String,
    /// The metric's unit.
    pub unit: String,
    /// Level and ends; empty where there is none.
    pub interval: String,
    /// Agreement with the labels of networks kept back; empty where it is not known.
    pub error: String,
}

/// The rows of a prediction, one a metric.
pub fn rows(manifest: &Manifest, prediction: &Prediction) -> Vec<Row> {
    let row = |(m, e): (&Metric, &Estimate)| Row {
        metric: printable(&m.spec.name).into_owned(),
        value: number(e.value, e.interval),
        unit: printable(&m.spec.unit).into_owned(),
        interval: interval(m, e),
        error: error(m),
    };
    manifest.metrics.iter().zip(prediction.estimates()).map(row).collect()
}

/// A line a metric: value, unit, interval, error on networks kept back.
fn lines(manifest: &Manifest, prediction: &Prediction) -> String {
    let rows = rows(manifest, prediction);
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|r| of(r).chars().count()).max();
    let width = |of| widest(of).unwrap_or(0);
    let (names, units) = (width(|r| &r.metric), width(|r| &r.unit));
    let ends = width(|r| &r.interval);
    let line = |r: &Row| {
        let Row { metric, value, unit, interval, error } = r;
        let line =
            format!("  {metric:names$}  {value:>12} {unit:units$}  {interval:ends$}  {error}");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
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
    tau.map_or(String::new(), |tau| format!("τ {tau:.2}"))
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
