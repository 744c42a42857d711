//! Scores as text for people.

use super::score::{ScoreReport, ScoreRow};
use nneval_files::printable;

impl ScoreReport {
    /// An aligned text table; `-` stands for an undefined or absent value.
    pub fn to_text(&self) -> String {
        let baseline = self.baseline.as_ref().map(|name| format!("tau of {name}"));
        let interval = format!("{:.0} % interval", self.level * 100.0);
        let mut head: Vec<String> =
            ["metric", "unit", "n", "tau", &interval, "rho", "MAE", "RMSE", "median error"]
                .map(String::from)
                .to_vec();
        head.extend(baseline);
        let covered = self.rows.iter().any(|row| row.coverage.is_some());
        if covered {
            head.extend(["coverage", "of classes", "mean width"].map(String::from));
        }
        let body = self.rows.iter().map(|row| row.texts(self.baseline.is_some(), covered));
        align(&std::iter::once(head).chain(body).collect::<Vec<_>>())
    }
}

impl ScoreRow {
    fn texts(&self, with_baseline: bool, covered: bool) -> Vec<String> {
        let interval = match (self.tau_lo, self.tau_hi) {
            (Some(lo), Some(hi)) => format!("{lo:.3} to {hi:.3}"),
            _ => "-".to_owned(),
        };
        let unit = if self.unit.is_empty() { "-" } else { &self.unit };
        let mut cells = vec![
            printable(&self.metric).into_owned(),
            printable(unit).into_owned(),
            self.n.to_string(),
            correlation(self.tau),
            interval,
            correlation(self.rho),
            quantity(self.mae),
            quantity(self.rmse),
            self.median_rel_err.map_or("-".to_owned(), |e| format!("{:.1} %", e * 100.0)),
        ];
        cells.extend(with_baseline.then(|| correlation(self.baseline_tau)));
        if covered {
            let share = |c: Option<f64>| c.map_or("-".into(), |c| format!("{:.1} %", c * 100.0));
            cells.extend([share(self.coverage), share(self.class_coverage)]);
            cells.push(quantity(self.mean_width));
        }
        cells
    }
}

fn correlation(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |v| format!("{v:.3}"))
}

/// Four significant digits.
fn quantity(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(v) if !(1e-4..1e7).contains(&v.abs()) => format!("{v:.3e}"),
        Some(v) => format!("{v:.*}", (3.0 - v.abs().log10().floor()).clamp(0.0, 7.0) as usize),
    }
}

/// Columns padded to their widest cell: the first two to the left, numbers to
/// the right; two spaces between.
fn align(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        lines.iter().filter_map(|line| line.get(at)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, &width))| {
            if at < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_four_digits() {
        for (value, want) in [
            (0.0, "0"),
            (1.25, "1.250"),
            (123.456, "123.5"),
            (99999.4, "99999"),
            (0.01234, "0.01234"),
            (1e-9, "1.000e-9"),
        ] {
            assert_eq!(quantity(Some(value)), want);
        }
        assert_eq!(quantity(None), "-");
    }
}
