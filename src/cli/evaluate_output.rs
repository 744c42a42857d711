//! Predictions as a table, JSON, or rows for other programs.

use super::evaluate_list::{Item, Reading};
use super::evaluate_page;
use super::evaluate_rows::Schema;
use super::facts::Facts;
use super::table_args::{PrintFormat, Printed, printed};
use nneval::evaluator::Answers;
use nneval::files::printable_json;
use nneval::tables::Cell;
use rayon::prelude::*;
use std::io::{BufWriter, Stdout, Write};

/// Where predictions go.
pub struct Output<'a> {
    schema: Schema<'a>,
    reading: &'a Reading,
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

impl<'a> Output<'a> {
    /// Starts the output.
    pub fn new(
        format: PrintFormat,
        schema: Schema<'a>,
        reading: &'a Reading,
    ) -> anyhow::Result<Self> {
        let mut stdout = BufWriter::new(std::io::stdout());
        let to = match (format.rows(), format) {
            (Some(rows), _) => Sink::Rows(Box::new(printed(rows, schema.columns())?)),
            (None, PrintFormat::Json) => {
                write!(stdout, "[")?;
                Sink::Json(stdout)
            }
            _ => Sink::Table(stdout),
        };
        Ok(Self { schema, reading, to, rows: 0 })
    }

    /// Adds results of some items; failures also go to stderr.
    pub fn rows(&mut self, items: &[Item], results: &[Answers]) -> anyhow::Result<()> {
        let shape = self.to.shape();
        let made = |(item, answers): (&Item, &Answers)| match shape {
            Shape::Table => Made::Text(self.page(item, answers)),
            Shape::Json => {
                let object = self.schema.object(item.name(), answers).to_string();
                Made::Text(printable_json(&object).into_owned())
            }
            Shape::Rows => Made::Cells(self.schema.cells(item.name(), answers)),
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

    /// The text of one network, with the facts of a file where a set was asked.
    fn page(&self, item: &Item, answers: &Answers) -> String {
        let facts = match item {
            Item::File(_, path) if self.schema.is_set() && answers.is_ok() => {
                Facts::of_file(path, self.reading).ok()
            }
            _ => None,
        };
        evaluate_page::text(&self.schema, item, facts.as_ref(), answers)
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
