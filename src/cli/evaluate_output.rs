//! Predictions as a table, JSON or CSV.

use super::evaluate_list::Item;
use clap::ValueEnum;
use nneval::evaluator::{Manifest, Metric, Prediction};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::io::{BufWriter, Stdout, Write};

/// Output formats of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a metric a line, with its unit
    Table,
    /// One JSON array
    Json,
    /// path (or operation string); value, lower and upper end for each metric; in_domain, flagged,
    /// windows, error
    Csv,
}

/// Where predictions go.
pub struct Output<'a> {
    format: Format,
    manifest: &'a Manifest,
    out: BufWriter<Stdout>,
    rows: usize,
}

/// Six significant digits, without trailing noise.
fn number(x: f64) -> String {
    let digits = if x == 0.0 || !x.is_finite() { 0 } else { x.abs().log10().floor() as i32 };
    let decimals = usize::try_from(5 - digits).unwrap_or(0).min(12);
    format!("{x:.decimals$}")
}

/// An in-domain score for people.
fn score_text(score: f64) -> String {
    if score < 1e-4 { "below 0.0001".into() } else { format!("{score:.4}") }
}

impl<'a> Output<'a> {
    /// Starts the output.
    pub fn new(format: Format, manifest: &'a Manifest) -> anyhow::Result<Self> {
        let mut o = Self { format, manifest, out: BufWriter::new(std::io::stdout()), rows: 0 };
        match format {
            Format::Csv => {
                let columns = manifest.metrics.iter().flat_map(|m| {
                    let name = &m.spec.name;
                    [name.clone(), format!("{name}_lo"), format!("{name}_hi")]
                });
                let last = ["in_domain", "flagged", "windows", "error"].map(String::from);
                let header: Vec<String> =
                    std::iter::once("path".to_owned()).chain(columns).chain(last).collect();
                o.out.write_all(&csv(&header)?)?;
            }
            Format::Json => write!(o.out, "[")?,
            Format::Table => {}
        }
        Ok(o)
    }

    /// Adds results of some items; failures also go to stderr.
    pub fn rows(
        &mut self,
        items: &[Item],
        results: &[nneval::Result<Prediction>],
    ) -> anyhow::Result<()> {
        let written = |(item, result): (&Item, &nneval::Result<Prediction>)| match self.format {
            Format::Table => Ok(self.table(item.name(), result).into_bytes()),
            Format::Csv => csv(&self.csv_row(item.name(), result)),
            Format::Json => Ok(self.json(item.name(), result).to_string().into_bytes()),
        };
        let rows: Vec<anyhow::Result<Vec<u8>>> =
            items.par_iter().zip(results).map(written).collect();
        for (result, row) in results.iter().zip(rows) {
            if let Err(e) = result {
                self.out.flush()?;
                super::report(e);
            }
            if self.format == Format::Json {
                write!(self.out, "{}", if self.rows == 0 { "\n" } else { ",\n" })?;
            }
            self.out.write_all(&row?)?;
            self.rows += 1;
        }
        Ok(())
    }

    /// Ends the output.
    pub fn end(mut self) -> anyhow::Result<()> {
        if self.format == Format::Json {
            writeln!(self.out, "\n]")?;
        }
        Ok(self.out.flush()?)
    }

    fn csv_row(&self, name: &str, r: &nneval::Result<Prediction>) -> Vec<String> {
        let mut cells = vec![name.to_owned()];
        match r {
            Ok(p) => {
                let known = |x: Option<f64>| x.map_or(String::new(), number);
                for (&x, ends) in p.metrics.iter().zip(&p.intervals) {
                    cells.extend([number(x), known(ends.map(|e| e[0])), known(ends.map(|e| e[1]))]);
                }
                cells.push(known(p.in_domain));
                cells.push(p.flagged.map_or(String::new(), |f| u8::from(f).to_string()));
                cells.extend([p.windows.to_string(), String::new()]);
            }
            Err(e) => {
                cells.resize(1 + 3 * self.manifest.metrics.len() + 3, String::new());
                cells.push(e.to_string());
            }
        }
        cells
    }

    fn json(&self, name: &str, r: &nneval::Result<Prediction>) -> Value {
        let p = match r {
            Ok(p) => p,
            Err(e) => return json!({"path": name, "error": e.to_string()}),
        };
        let metric = |((m, x), ends): ((&Metric, &f64), &Option<[f64; 2]>)| {
            let mut object = json!({"value": x, "unit": m.spec.unit});
            if let (Some([lo, hi]), Some(o)) = (ends, object.as_object_mut()) {
                o.extend([("lo".to_owned(), json!(lo)), ("hi".to_owned(), json!(hi))]);
            }
            (m.spec.name.clone(), object)
        };
        let all = self.manifest.metrics.iter().zip(&p.metrics).zip(&p.intervals);
        let metrics: Map<String, Value> = all.map(metric).collect();
        let mut object = json!({
            "path": name, "metrics": metrics, "tokens": p.tokens, "windows": p.windows
        });
        if let (Some(score), Some(o)) = (p.in_domain, object.as_object_mut()) {
            o.insert("in_domain".to_owned(), json!(score));
            o.insert("flagged".to_owned(), json!(u8::from(p.flagged == Some(true))));
        }
        object
    }

    fn table(&self, name: &str, r: &nneval::Result<Prediction>) -> String {
        let Ok(p) = r else { return String::new() };
        let windows = match p.windows {
            1 => String::new(),
            n => format!(", encoded in {n} windows"),
        };
        let outside = match (p.flagged, p.in_domain) {
            (Some(true), Some(score)) => format!(
                ": outside what this evaluator has seen (in-domain score {})",
                score_text(score)
            ),
            _ => String::new(),
        };
        let mut text = format!("{name} ({} tokens{windows}){outside}\n", p.tokens);
        let width = self.manifest.metrics.iter().map(|m| m.spec.name.len()).max().unwrap_or(0);
        let units = self.manifest.metrics.iter().map(|m| m.spec.unit.chars().count());
        let units = units.max().unwrap_or(0);
        for ((m, &x), ends) in self.manifest.metrics.iter().zip(&p.metrics).zip(&p.intervals) {
            let (name, unit) = (&m.spec.name, &m.spec.unit);
            let line = format!("  {name:width$}  {:>12} {unit:units$}", number(x));
            let level = m.interval.as_ref().map_or(0.0, |i| i.level * 100.0);
            let interval = ends.map_or(String::new(), |[lo, hi]| {
                format!("  {level:.0} %: {} to {}", number(lo), number(hi))
            });
            text.push_str((line + &interval).trim_end());
            text.push('\n');
        }
        text
    }
}

/// One line of CSV.
fn csv(cells: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut w = csv::WriterBuilder::new().from_writer(Vec::new());
    w.write_record(cells)?;
    Ok(w.into_inner()?)
}
