//! Predictions as a table, JSON or CSV.

use clap::ValueEnum;
use nneval::evaluator::{Manifest, Prediction};
use serde_json::{Map, Value, json};
use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

/// Output formats of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a metric a line, with its unit
    Table,
    /// One JSON array
    Json,
    /// path, one column a metric, error
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

impl<'a> Output<'a> {
    /// Starts the output.
    pub fn new(format: Format, manifest: &'a Manifest) -> anyhow::Result<Self> {
        let mut o = Self { format, manifest, out: BufWriter::new(std::io::stdout()), rows: 0 };
        match format {
            Format::Csv => {
                let names = manifest.metrics.iter().map(|m| m.spec.name.as_str());
                let header: Vec<&str> =
                    std::iter::once("path").chain(names).chain(["error"]).collect();
                o.csv(&header)?;
            }
            Format::Json => write!(o.out, "[")?,
            Format::Table => {}
        }
        Ok(o)
    }

    /// Adds results of some files; failures also go to stderr.
    pub fn rows(
        &mut self,
        paths: &[PathBuf],
        results: Vec<nneval::Result<Prediction>>,
    ) -> anyhow::Result<()> {
        for (path, result) in paths.iter().zip(results) {
            if let Err(e) = &result {
                self.out.flush()?;
                super::report(e);
            }
            match self.format {
                Format::Table => self.table(path, result)?,
                Format::Csv => self.csv_row(path, result)?,
                Format::Json => self.json(path, result)?,
            }
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

    fn csv(&mut self, cells: &[&str]) -> anyhow::Result<()> {
        let mut w = csv::WriterBuilder::new().from_writer(Vec::new());
        w.write_record(cells)?;
        Ok(self.out.write_all(&w.into_inner()?)?)
    }

    fn csv_row(&mut self, path: &Path, r: nneval::Result<Prediction>) -> anyhow::Result<()> {
        let mut cells = vec![path.display().to_string()];
        match r {
            Ok(p) => {
                cells.extend(p.metrics.iter().map(|&x| number(x)));
                cells.push(String::new());
            }
            Err(e) => {
                cells.extend(self.manifest.metrics.iter().map(|_| String::new()));
                cells.push(e.to_string());
            }
        }
        self.csv(&cells.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn json(&mut self, path: &Path, r: nneval::Result<Prediction>) -> anyhow::Result<()> {
        let separator = if self.rows == 0 { "\n" } else { ",\n" };
        let path = path.display().to_string();
        let object = match r {
            Ok(p) => {
                let metrics: Map<String, Value> = self
                    .manifest
                    .metrics
                    .iter()
                    .zip(&p.metrics)
                    .map(|(m, x)| (m.spec.name.clone(), json!({"value": x, "unit": m.spec.unit})))
                    .collect();
                json!({"path": path, "metrics": metrics, "tokens": p.tokens, "windows": p.windows})
            }
            Err(e) => json!({"path": path, "error": e.to_string()}),
        };
        Ok(write!(self.out, "{separator}{object}")?)
    }

    fn table(&mut self, path: &Path, r: nneval::Result<Prediction>) -> anyhow::Result<()> {
        let Ok(p) = r else { return Ok(()) };
        let windows = match p.windows {
            1 => String::new(),
            n => format!(", encoded in {n} windows"),
        };
        writeln!(self.out, "{} ({} tokens{windows})", path.display(), p.tokens)?;
        let width = self.manifest.metrics.iter().map(|m| m.spec.name.len()).max().unwrap_or(0);
        for (m, &x) in self.manifest.metrics.iter().zip(&p.metrics) {
            let (name, unit) = (&m.spec.name, &m.spec.unit);
            writeln!(self.out, "  {name:width$}  {:>12} {unit}", number(x))?;
        }
        Ok(())
    }
}
