//! Two models side by side.

use super::amounts::Amounts;
use super::inspect_report::Report;
use nneval::costs::{Amount, Costs};
use nneval::files::printable;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A row: what is compared, and both values where there are.
struct Row {
    name: String,
    values: [Option<Amount>; 2],
}

/// Writes totals and operator counts of two models with their ratio; of the counts those
/// that differ.
pub fn write(out: &mut impl Write, reports: [&Report; 2]) -> io::Result<()> {
    let mut amounts = Amounts::default();
    for (letter, report) in ["A", "B"].iter().zip(reports) {
        writeln!(out, "  {letter}  {}", printable(&report.path))?;
    }
    let same = reports[0].costs.operators == reports[1].costs.operators;
    let rows: Vec<Row> = totals(reports).into_iter().chain(counts(reports)).collect();
    let names: Vec<_> = rows.iter().map(|r| printable(&r.name)).collect();
    let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0).min(48);
    writeln!(out, "\n  {:<wide$} {:>18} {:>18} {:>9}", "", "A", "B", "B / A")?;
    for (name, row) in names.iter().zip(&rows) {
        let mut text = |a: &Option<Amount>| a.as_ref().map_or("-".into(), |a| amounts.text(a));
        let [a, b] = [text(&row.values[0]), text(&row.values[1])];
        let line = format!("  {name:<wide$} {a:>18} {b:>18} {:>9}", ratio(&row.values));
        writeln!(out, "{}", line.trim_end())?;
    }
    if same {
        writeln!(out, "  The operators are the same, with the same costs.")?;
    }
    for line in amounts.legend() {
        writeln!(out, "  where {}", printable(&line))?;
    }
    writeln!(out)
}

fn totals(reports: [&Report; 2]) -> Vec<Row> {
    type Total = (&'static str, fn(&Costs) -> Amount);
    let list: [Total; 9] = [
        ("parameters", |c| Amount::Known(c.parameters)),
        ("weight bytes", |c| Amount::Known(c.weight_bytes)),
        ("MACs", |c| c.macs.clone()),
        ("FLOPs", |c| c.flops.clone()),
        ("activation bytes read", |c| c.activation_bytes_read.clone()),
        ("activation bytes written", |c| c.activation_bytes_written.clone()),
        ("peak activation bytes", |c| c.peak_activation_bytes.clone()),
        ("weight bytes read", |c| c.weight_bytes_read.clone()),
        ("depth", |c| Amount::Known(c.depth)),
    ];
    let row = |(name, of): Total| Row {
        name: name.to_owned(),
        values: reports.map(|r| Some(of(&r.costs))),
    };
    let mut rows: Vec<Row> = list.into_iter().map(row).collect();
    let operators = reports.map(|r| Some(Amount::Known(r.operator_count())));
    rows.push(Row { name: "operators".into(), values: operators });
    rows
}

/// Counts of the operators that the two have not in equal number.
fn counts(reports: [&Report; 2]) -> Vec<Row> {
    let mut counts: BTreeMap<&str, [Option<u64>; 2]> = BTreeMap::new();
    for (side, report) in reports.into_iter().enumerate() {
        for operator in &report.costs.operators {
            if let Some(count) = counts.entry(&operator.operator).or_default().get_mut(side) {
                *count = Some(operator.count);
            }
        }
    }
    let differs = |(_, [a, b]): &(&str, [Option<u64>; 2])| a != b;
    let row = |(name, values): (&str, [Option<u64>; 2])| Row {
        name: format!("{name} (count)"),
        values: values.map(|v| v.map(Amount::Known)),
    };
    counts.into_iter().filter(differs).map(row).collect()
}

fn ratio([a, b]: &[Option<Amount>; 2]) -> String {
    let known = |a: &Option<Amount>| a.as_ref().and_then(Amount::known);
    match (known(a), known(b)) {
        (Some(a), Some(b)) if a == b => "=".into(),
        (Some(a), Some(b)) if a > 0 => format!("{:.3}", b as f64 / a as f64),
        _ => String::new(),
    }
}
