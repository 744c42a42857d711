//! Columns of a label table that a recipe's patterns choose.

use super::settings::{MetricPattern, Transform};
use crate::error::{Error, Result};
use nneval_graph::reduce::Reduction;
use nneval_tables::labels::LabelTable;

/// A column to learn.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenMetric {
    /// Name of the column.
    pub name: String,
    /// Weight of its loss.
    pub weight: f32,
    /// What of a network it depends on.
    pub reduce: Reduction,
    /// From labels to targets.
    pub transform: Transform,
}

/// The columns of `table` that `patterns` match, each with what the first pattern that it
/// matches says. Plain names alone keep their order; otherwise columns stand in that of the table.
///
/// # Errors
/// [`Error::Data`] for a pattern that matches nothing, a name that is given twice, a weight that
/// is not positive; [`Error::Table`] for a plain name that is not in the table.
pub fn select(table: &LabelTable, patterns: &[MetricPattern]) -> Result<Vec<ChosenMetric>> {
    check(patterns)?;
    let chosen = |name: &str, p: &MetricPattern| {
        let (weight, reduce, transform) = (p.weight, p.reduce, p.transform);
        ChosenMetric { name: name.to_owned(), weight, reduce, transform }
    };
    let plain = |p: &&MetricPattern| !p.name.contains('*');
    for pattern in patterns.iter().filter(plain) {
        table.column(&pattern.name)?;
    }
    if patterns.iter().all(|p| plain(&p)) {
        return Ok(patterns.iter().map(|p| chosen(&p.name, p)).collect());
    }
    let names: Vec<&str> = table.numeric_columns().collect();
    for pattern in patterns {
        if !names.iter().any(|name| matches(&pattern.name, name)) {
            let file = table.file().display();
            let reason = format!("{file}: no column of numbers matches {:?}", pattern.name);
            return Err(Error::Data(reason));
        }
    }
    let first = |name: &&str| patterns.iter().find(|p| matches(&p.name, name));
    Ok(names.iter().filter_map(|name| Some(chosen(name, first(name)?))).collect())
}

fn check(patterns: &[MetricPattern]) -> Result<()> {
    if patterns.is_empty() {
        return Err(Error::Data("there is no metric to learn".into()));
    }
    for (i, p) in patterns.iter().enumerate() {
        if patterns.iter().take(i).any(|other| other.name == p.name) {
            return Err(Error::Data(format!("metric {} is given twice", p.name)));
        }
        if !(p.weight.is_finite() && p.weight > 0.0) {
            let reason = format!("metric {}: the weight {} is not positive", p.name, p.weight);
            return Err(Error::Data(reason));
        }
    }
    Ok(())
}

/// Whether `name` follows a pattern in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(head) else { return false };
    let mut starts = rest.char_indices().map(|(i, _)| i).chain([rest.len()]);
    starts.any(|i| rest.get(i..).is_some_and(|rest| matches(tail, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval_tables::labels::ReadOptions;

    const CSV: &str = "arch_str,b_lat_ms,a_acc_pct,a_lat_ms,note\nx,1,2,3,no number\ny,1,2,3,4\n";

    fn chosen(patterns: &[(&str, f32)]) -> Result<Vec<(String, f32)>> {
        let options = ReadOptions { columns: Some(Vec::new()), ..ReadOptions::default() };
        let table = LabelTable::from_reader("t.csv", CSV.as_bytes(), &options)?;
        let patterns: Vec<_> = patterns.iter().map(|(n, w)| MetricPattern::new(*n, *w)).collect();
        Ok(select(&table, &patterns)?.into_iter().map(|m| (m.name, m.weight)).collect())
    }

    #[test]
    fn the_first_pattern_that_a_column_matches_decides() {
        let metrics = chosen(&[("a_lat_*", 4.0), ("*_lat_ms", 2.0), ("*", 1.0)]).unwrap();
        let expected = [("b_lat_ms", 2.0), ("a_acc_pct", 1.0), ("a_lat_ms", 4.0)];
        assert_eq!(metrics, expected.map(|(n, w)| (n.to_owned(), w)));
    }

    #[test]
    fn plain_names_keep_their_order() {
        let metrics = chosen(&[("a_lat_ms", 1.0), ("b_lat_ms", 3.0)]).unwrap();
        assert_eq!(metrics, [("a_lat_ms".to_owned(), 1.0), ("b_lat_ms".to_owned(), 3.0)]);
    }

    #[test]
    fn what_matches_nothing_is_refused() {
        for (patterns, reason) in [
            (&[("*_energy_mJ", 1.0)][..], "no column of numbers matches \"*_energy_mJ\""),
            (&[("a_lat_m", 1.0)], "did you mean a_lat_ms"),
            (&[("note", 1.0)], "no number"),
            (&[("a_lat_ms", 1.0), ("a_lat_ms", 2.0)], "metric a_lat_ms is given twice"),
            (&[("a_lat_ms", 0.0)], "is not positive"),
            (&[], "no metric"),
        ] {
            let e = chosen(patterns).unwrap_err().to_string();
            assert!(e.contains(reason), "{e}");
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*", "ab", true),
            ("*_256_*", "help_2080ti_256_lat_ms", true),
            ("*_256_*", "help_256", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("ab", "abc", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
