//! Predictions as a table, JSON, or rows for other programs.

use super::evaluate_list::Item;
use super::table_args::{PrintFormat, Printed, printed};
use nneval::evaluator::{self, Estimate, Manifest, Metric, Prediction};
use nneval::tables::{Column, Format, Kind};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::io::{BufWriter, Stdout, Write};

/// Where predictions go.
pub struct Output<'a> {
    manifest: &'a Manifest,
    to: Sink,
    rows: usize,
}

enum Sink {
    Table(BufWriter<Stdout>),
    Json(BufWriter<Stdout>),
    Rows(Format, Box<Printed>),
}

/// What a row is made into, before it is written.
#[derive(Clone, Copy)]
enum Shape {
    Table,
    Json,
    Rows(Format),
}

enum Made {
    Text(String),
    Cells(Vec<String>),
}

impl Sink {
    fn shape(&self) -> Shape {
        match self {
            Self::Table(_) => Shape::Table,
            Self::Json(_) => Shape::Json,
            Self::Rows(format, _) => Shape::Rows(*format),
        }
    }
}

/// A value, its interval for each metric, and what is known of the prediction.
fn columns(manifest: &Manifest) -> Vec<Column> {
    let mut columns = vec![Column::new("path", Kind::Text)];
    for spec in manifest.metrics.iter().map(|m| &m.spec) {
        let parts = [("", ""), ("_lo", ", lower end"), ("_hi", ", upper end")];
        columns.extend(parts.map(|(ending, words)| {
            let column = Column::new(format!("{}{ending}", spec.name), Kind::Number);
            column.described(&spec.unit, &format!("{}{words}", spec.description))
        }));
    }
    columns.push(Column::new("in_domain", Kind::Number));
    columns.extend(["flagged", "windows"].map(|name| Column::new(name, Kind::Integer)));
    columns.push(Column::new("error", Kind::Text));
    columns
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
    pub fn new(format: PrintFormat, manifest: &'a Manifest) -> anyhow::Result<Self> {
        let mut stdout = BufWriter::new(std::io::stdout());
        let to = match (format.rows(), format) {
            (Some(rows), _) => Sink::Rows(rows, Box::new(printed(rows, columns(manifest))?)),
            (None, PrintFormat::Json) => {
                write!(stdout, "[")?;
                Sink::Json(stdout)
            }
            _ => Sink::Table(stdout),
        };
        Ok(Self { manifest, to, rows: 0 })
    }

    /// Adds results of some items; failures also go to stderr.
    pub fn rows(
        &mut self,
        items: &[Item],
        results: &[evaluator::Result<Prediction>],
    ) -> anyhow::Result<()> {
        let (manifest, shape) = (self.manifest, self.to.shape());
        let made = |(item, r): (&Item, &evaluator::Result<Prediction>)| match shape {
            Shape::Table => Made::Text(text(manifest, item.name(), r)),
            Shape::Json => Made::Text(object(manifest, item.name(), r).to_string()),
            Shape::Rows(format) => Made::Cells(cells(format, manifest, item.name(), r)),
        };
        let rows: Vec<Made> = items.par_iter().zip(results).map(made).collect();
        for (result, row) in results.iter().zip(&rows) {
            if let Err(e) = result {
                self.flush()?;
                super::report(e);
            }
            match (&mut self.to, row) {
                (Sink::Table(out), Made::Text(text)) => out.write_all(text.as_bytes())?,
                (Sink::Json(out), Made::Text(object)) => {
                    let separator = if self.rows == 0 { "\n" } else { ",\n" };
                    write!(out, "{separator}{object}")?;
                }
                (Sink::Rows(_, table), Made::Cells(cells)) => table.row(cells)?,
                _ => {}
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.to {
            Sink::Table(out) | Sink::Json(out) => out.flush(),
            Sink::Rows(_, table) => table.flush(),
        }
    }

    /// Ends the output.
    pub fn end(self) -> anyhow::Result<()> {
        match self.to {
            Sink::Table(mut out) => out.flush()?,
            Sink::Json(mut out) => {
                writeln!(out, "\n]")?;
                out.flush()?;
            }
            Sink::Rows(_, table) => table.finish().map(drop)?,
        }
        Ok(())
    }
}

/// Cells of [`columns`]; CSV is read by people as well and has six digits.
fn cells(
    format: Format,
    manifest: &Manifest,
    name: &str,
    r: &evaluator::Result<Prediction>,
) -> Vec<String> {
    let digits = |x: f64| if format == Format::Csv { number(x) } else { x.to_string() };
    let known = |x: Option<f64>| x.map_or(String::new(), digits);
    let mut cells = vec![name.to_owned()];
    match r {
        Ok(p) => {
            for estimate in p.estimates() {
                let (x, ends) = (estimate.value, estimate.interval);
                cells.extend([digits(x), known(ends.map(|e| e[0])), known(ends.map(|e| e[1]))]);
            }
            cells.push(known(p.in_domain()));
            cells.push(p.flagged().map_or(String::new(), |f| u8::from(f).to_string()));
            cells.extend([p.windows().to_string(), String::new()]);
        }
        Err(e) => {
            cells.resize(1 + 3 * manifest.metrics.len() + 3, String::new());
            cells.push(e.to_string());
        }
    }
    cells
}

fn object(manifest: &Manifest, path: &str, r: &evaluator::Result<Prediction>) -> Value {
    let p = match r {
        Ok(p) => p,
        Err(e) => return json!({"path": path, "error": e.to_string()}),
    };
    let metric = |(m, e): (&Metric, &Estimate)| {
        let mut object = json!({"value": e.value, "unit": m.spec.unit});
        if let (Some([lo, hi]), Some(o)) = (e.interval, object.as_object_mut()) {
            o.extend([("lo".to_owned(), json!(lo)), ("hi".to_owned(), json!(hi))]);
        }
        (m.spec.name.clone(), object)
    };
    let all = manifest.metrics.iter().zip(p.estimates());
    let metrics: Map<String, Value> = all.map(metric).collect();
    let mut object =
        json!({"path": path, "metrics": metrics, "tokens": p.tokens(), "windows": p.windows()});
    if let (Some(score), Some(o)) = (p.in_domain(), object.as_object_mut()) {
        o.insert("in_domain".to_owned(), json!(score));
        o.insert("flagged".to_owned(), json!(u8::from(p.flagged() == Some(true))));
    }
    object
}

fn text(manifest: &Manifest, name: &str, r: &evaluator::Result<Prediction>) -> String {
    let Ok(p) = r else { return String::new() };
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
    let mut text = format!("{name} ({} tokens{windows}){outside}\n", p.tokens());
    let width = manifest.metrics.iter().map(|m| m.spec.name.len()).max().unwrap_or(0);
    let units = manifest.metrics.iter().map(|m| m.spec.unit.chars().count());
    let units = units.max().unwrap_or(0);
    for (m, estimate) in manifest.metrics.iter().zip(p.estimates()) {
        let (x, ends) = (estimate.value, estimate.interval);
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
