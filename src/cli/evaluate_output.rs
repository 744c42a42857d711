//! Predictions as a table, JSON, or rows for other programs.

use super::evaluate_list::Item;
use super::table_args::{PrintFormat, Printed, printed};
use nneval::evaluator::{self, Estimate, Manifest, Metric, Prediction};
use nneval::files::{printable, printable_json};
use nneval::tables::{Cell, Column, Kind, significant};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::io::{BufWriter, Stdout, Write};

/// Significant digits of values for people.
const DIGITS: usize = 6;

/// Where predictions go.
pub struct Output<'a> {
    manifest: &'a Manifest,
    to: Sink,
    rows: usize,
}

enum Sink {
    Table(BufWriter<Stdout>),
    Json(BufWriter<Stdout>),
    Rows(Box<Printed>),
}

/// What a row is made into, before it is written.
#[derive(Clone, Copy)]
enum Shape {
    Table,
    Json,
    Rows,
}

enum Made {
    Text(String),
    Cells(Vec<Cell>),
}

impl Sink {
    fn shape(&self) -> Shape {
        match self {
            Self::Table(_) => Shape::Table,
            Self::Json(_) => Shape::Json,
            Self::Rows(_) => Shape::Rows,
        }
    }
}

/// A value, its interval for each metric, and what is known of the prediction.
/// CSV is read by people as well and has six digits.
fn columns(manifest: &Manifest) -> Vec<Column> {
    let mut columns = vec![Column::new("path", Kind::Text)];
    for spec in manifest.metrics.iter().map(|m| &m.spec) {
        let parts = [("", ""), ("_lo", ", lower end"), ("_hi", ", upper end")];
        columns.extend(parts.map(|(ending, words)| {
            let column = Column::new(format!("{}{ending}", spec.name), Kind::Number);
            let column = column.with_csv_digits(DIGITS);
            column.described(&spec.unit, &format!("{}{words}", spec.description))
        }));
    }
    columns.push(Column::new("in_domain", Kind::Number).with_csv_digits(DIGITS));
    columns.extend(["flagged", "windows"].map(|name| Column::new(name, Kind::Integer)));
    columns.push(Column::new("error", Kind::Text));
    columns
}

fn number(x: f64) -> String {
    significant(x, DIGITS)
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
            (Some(rows), _) => Sink::Rows(Box::new(printed(rows, columns(manifest))?)),
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
            Shape::Json => {
                let object = object(manifest, item.name(), r).to_string();
                Made::Text(printable_json(&object).into_owned())
            }
            Shape::Rows => Made::Cells(cells(manifest, item.name(), r)),
        };
        let rows: Vec<Made> = items.par_iter().zip(results).map(made).collect();
        for (result, row) in results.iter().zip(&rows) {
            if let Err(e) = result {
                self.flush()?;
                super::console::error(e);
            }
            match (&mut self.to, row) {
                (Sink::Table(out), Made::Text(text)) => out.write_all(text.as_bytes())?,
                (Sink::Json(out), Made::Text(object)) => {
                    let separator = if self.rows == 0 { "\n" } else { ",\n" };
                    write!(out, "{separator}{object}")?;
                }
                (Sink::Rows(table), Made::Cells(cells)) => table.row(cells)?,
                _ => {}
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.to {
            Sink::Table(out) | Sink::Json(out) => out.flush(),
            Sink::Rows(table) => table.flush(),
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
            Sink::Rows(table) => table.finish().map(drop)?,
        }
        Ok(())
    }
}

/// Cells of [`columns`].
fn cells(manifest: &Manifest, name: &str, r: &evaluator::Result<Prediction>) -> Vec<Cell> {
    let mut cells = vec![Cell::from(name)];
    match r {
        Ok(p) => {
            for estimate in p.estimates() {
                let (x, ends) = (estimate.value, estimate.interval);
                cells.extend([x.into(), ends.map(|e| e[0]).into(), ends.map(|e| e[1]).into()]);
            }
            cells.extend([p.in_domain().into(), p.flagged().into(), p.windows().into()]);
            cells.push(Cell::Missing);
        }
        Err(e) => {
            cells.resize(1 + 3 * manifest.metrics.len() + 3, Cell::Missing);
            cells.push(e.to_string().into());
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
    let name = printable(name);
    let mut text = format!("{name} ({} tokens{windows}){outside}\n", p.tokens());
    let width = manifest.metrics.iter().map(|m| m.spec.name.len()).max().unwrap_or(0);
    let units = manifest.metrics.iter().map(|m| m.spec.unit.chars().count());
    let units = units.max().unwrap_or(0);
    for (m, estimate) in manifest.metrics.iter().zip(p.estimates()) {
        let (x, ends) = (estimate.value, estimate.interval);
        let (name, unit) = (printable(&m.spec.name), printable(&m.spec.unit));
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
