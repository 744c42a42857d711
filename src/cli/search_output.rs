//! What `nneval search` writes.

use nneval::files::{printable, write_atomic};
use nneval::graph::Limits;
use nneval::report::{FrontPicture, front_picture};
use nneval::search::{Candidate, CandidateEvaluator, Goal, Search, SearchSpace, Settings};
use nneval::tables::{Cell, Column, Format, Kind, Writer};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::Path;

/// Rows of the table on stdout.
const SHOWN: usize = 10;

/// What all parts of the command need.
pub struct Context<'a> {
    /// Where values come from.
    pub measure: &'a CandidateEvaluator,
    /// How the search goes.
    pub settings: &'a Settings,
    /// Names of the evaluators.
    pub source: &'a str,
    /// Winners where there is one objective.
    pub top: usize,
    /// Folder to write to.
    pub dir: Option<&'a Path>,
    /// Format of its tables.
    pub format: Format,
    /// Limits of model files that a request names.
    pub limits: Limits,
    /// What becomes of candidates that an evaluator flags.
    pub outside: Outside,
}

/// What becomes of candidates that an evaluator flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// They have no predictions.
    Refused,
    /// Their predictions are taken.
    Taken,
}

impl Outside {
    fn words(self) -> &'static str {
        match self {
            Self::Refused => " and have no predictions (--allow-outside takes them)",
            Self::Taken => ": their predictions are without evidence",
        }
    }
}

impl Context<'_> {
    /// Writes `state.json`.
    pub fn save<S: SearchSpace>(&self, search: &Search<S>) -> anyhow::Result<()> {
        if let Some(dir) = self.dir {
            search.state().with_source(self.source).save(&dir.join("state.json"))?;
        }
        Ok(())
    }
}

/// The metrics of a candidate as a JSON object.
pub fn metrics(columns: &[String], values: &[Option<f64>]) -> Value {
    let pairs = columns.iter().zip(values).map(|(name, v)| (name.clone(), json!(v)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// Writes everything; what is to be printed.
pub fn write<S: SearchSpace>(search: &Search<S>, context: &Context) -> anyhow::Result<String> {
    let winners = search.winners(context.top);
    if let Some(dir) = context.dir {
        let files = networks(search, &winners, dir)?;
        let table = Columns::new(search, context);
        let file = |name: &str| dir.join(format!("{name}.{}", context.format.ending()));
        write_atomic(&file("candidates"), &candidates(search, context, &table)?)?;
        write_atomic(&file("pareto"), &pareto(context, &table, &winners, &files)?)?;
        let text = serde_json::to_string_pretty(&summary(search, context, &winners, &files))?;
        write_atomic(&dir.join("pareto.json"), (text + "\n").as_bytes())?;
        front_picture(&picture(search, context, &winners), &dir.join("front.svg"))?;
        context.save(search)?;
    }
    let failed = search.history().iter().filter(|c| c.error.is_some()).count();
    if failed > 0 {
        let file = format!("candidates.{}", context.format.ending());
        super::console::note(format_args!("{failed} candidates could not be measured: see {file}"));
    }
    let flagged = search.history().iter().filter(|c| c.flagged).count();
    if flagged > 0 {
        super::console::note(format_args!(
            "{flagged} candidates are unlike all networks that the evaluator has seen{}",
            context.outside.words()
        ));
    }
    if winners.is_empty() {
        super::console::note("no candidate is within the limits");
    }
    Ok(table(search, context, &winners))
}

/// Writes the winners' networks to `dir/winners`, where they are no files
/// already, and removes those of earlier winners; a name for each winner.
fn networks<S: SearchSpace>(
    search: &Search<S>,
    winners: &[&Candidate],
    dir: &Path,
) -> anyhow::Result<Vec<String>> {
    let folder = dir.join("winners");
    let mut names = Vec::with_capacity(winners.len());
    for winner in winners {
        let arch = search.space().parse(&winner.key)?;
        if let Some(path) = search.space().file(&arch) {
            names.push(path.display().to_string());
            continue;
        }
        let name = format!("{}.onnx", search.space().file_stem(&arch));
        write_atomic(&folder.join(&name), &search.space().onnx(&arch)?)?;
        names.push(format!("winners/{name}"));
    }
    let current: HashSet<&str> = names.iter().filter_map(|n| n.strip_prefix("winners/")).collect();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".onnx") && !current.contains(name.as_str()) {
            std::fs::remove_file(entry.path()).map_err(|e| nneval::Error::io(entry.path(), e))?;
        }
    }
    Ok(names)
}

/// Columns of values in a table: `METRIC`, and after it `METRIC_lo` and
/// `METRIC_hi` where the evaluator gives intervals.
struct Columns {
    columns: Vec<Column>,
    intervals: Vec<bool>,
}

impl Columns {
    fn new<S: SearchSpace>(search: &Search<S>, context: &Context) -> Self {
        let names = &search.problem().columns;
        let intervals: Vec<bool> =
            names.iter().map(|name| context.measure.has_intervals(name)).collect();
        let columns = names.iter().zip(&intervals).flat_map(|(name, &has)| {
            let parts = [("", ""), ("_lo", ", lower end"), ("_hi", ", upper end")];
            let some = parts.into_iter().take(if has { 3 } else { 1 });
            some.map(move |(ending, words)| {
                let text = Column::new(name, Kind::Number).description + words;
                let column = Column::new(format!("{name}{ending}"), Kind::Number);
                column.described(context.measure.unit(name), &text)
            })
        });
        Self { columns: columns.collect(), intervals }
    }

    fn cells(&self, c: &Candidate) -> impl Iterator<Item = Cell> {
        let values = c.values.iter().zip(&self.intervals).enumerate();
        values.flat_map(move |(i, (value, &has))| {
            let ends = c.interval(i);
            let ends = [ends.map(|e| e[0]), ends.map(|e| e[1])].map(Cell::from);
            std::iter::once(Cell::from(*value)).chain(ends.into_iter().filter(move |_| has))
        })
    }
}

fn candidates<S: SearchSpace>(
    search: &Search<S>,
    context: &Context,
    metrics: &Columns,
) -> anyhow::Result<Vec<u8>> {
    let mut columns = vec![Column::new("arch", Kind::Text)];
    columns.extend(metrics.columns.iter().cloned());
    columns.extend(["flagged", "told"].map(|name| Column::new(name, Kind::Integer)));
    columns.push(Column::new("error", Kind::Text));
    let mut table = Writer::new(context.format, Vec::new(), columns, &[])?;
    for c in search.history() {
        let last = [c.flagged.into(), c.told.into(), c.error.clone().into()];
        table.row([Cell::from(&c.key)].into_iter().chain(metrics.cells(c)).chain(last))?;
    }
    Ok(table.finish()?)
}

fn pareto(
    context: &Context,
    metrics: &Columns,
    winners: &[&Candidate],
    files: &[String],
) -> anyhow::Result<Vec<u8>> {
    let mut columns = ["arch", "file"].map(|name| Column::new(name, Kind::Text)).to_vec();
    columns.extend(metrics.columns.iter().cloned());
    columns.push(Column::new("flagged", Kind::Integer));
    let mut table = Writer::new(context.format, Vec::new(), columns, &[])?;
    for (c, file) in winners.iter().zip(files) {
        let first = [&c.key, file].map(Cell::from);
        table.row(first.into_iter().chain(metrics.cells(c)).chain([c.flagged.into()]))?;
    }
    Ok(table.finish()?)
}

/// The intervals of a candidate as a JSON object of the metrics that have one.
fn intervals(columns: &[String], c: &Candidate) -> Value {
    let pairs = columns.iter().enumerate();
    let pairs = pairs.filter_map(|(i, name)| Some((name.clone(), json!(c.interval(i)?))));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn summary<S: SearchSpace>(
    search: &Search<S>,
    context: &Context,
    winners: &[&Candidate],
    files: &[String],
) -> Value {
    let problem = search.problem();
    let one = |(c, file): (&&Candidate, &String)| {
        json!({
            "arch": c.key,
            "file": file,
            "metrics": metrics(&problem.columns, &c.values),
            "intervals": intervals(&problem.columns, c),
            "flagged": c.flagged,
        })
    };
    let units = problem.columns.iter().map(|c| (c.clone(), json!(context.measure.unit(c))));
    json!({
        "space": search.space().name(),
        "objectives": problem.objectives,
        "limits": problem.limits.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "units": units.collect::<Map<_, _>>(),
        "settings": context.settings,
        "evaluators": context.source,
        "measured": search.history().len(),
        "flagged": search.history().iter().filter(|c| c.flagged).count(),
        "pareto": winners.iter().zip(files).map(one).collect::<Vec<_>>(),
    })
}

/// Two objectives against each other, or the best so far of the only one.
fn picture<S: SearchSpace>(
    search: &Search<S>,
    context: &Context,
    winners: &[&Candidate],
) -> FrontPicture {
    let problem = search.problem();
    let axis = |name: &String| match context.measure.unit(name) {
        "" => name.clone(),
        unit => format!("{name}, {unit}"),
    };
    let value = |name: &String, c: &Candidate| problem.value(name, &c.values).unwrap_or(f64::NAN);
    match problem.objectives.as_slice() {
        [a, b, ..] => {
            let point = |c: &Candidate| [value(&b.metric, c), value(&a.metric, c)];
            let front = winners.iter().map(|c| point(c)).collect();
            FrontPicture {
                axes: [axis(&b.metric), axis(&a.metric)],
                candidates: search.history().iter().map(point).collect(),
                front,
                label: "on the front".into(),
            }
        }
        [only] => best_so_far(search, &only.metric, only.goal, axis(&only.metric)),
        [] => FrontPicture::default(),
    }
}

fn best_so_far<S: SearchSpace>(
    search: &Search<S>,
    metric: &str,
    goal: Goal,
    axis: String,
) -> FrontPicture {
    let problem = search.problem();
    let (mut candidates, mut front) = (Vec::new(), Vec::new());
    let mut best = f64::INFINITY;
    for (i, c) in (1u32..).zip(search.history()) {
        let Some(v) = problem.value(metric, &c.values) else { continue };
        candidates.push([f64::from(i), v]);
        let cost = if goal == Goal::Maximize { -v } else { v };
        if problem.score(&c.values).violation == 0.0 && cost < best {
            best = cost;
            front.push([f64::from(i), v]);
        }
    }
    let axes = ["candidates evaluated".to_owned(), axis];
    FrontPicture { axes, candidates, front, label: "better than all before".into() }
}

/// Six significant digits.
fn number(v: f64) -> String {
    match v.abs() {
        a if a >= 1e6 || a == v.abs().trunc() => format!("{v:.0}"),
        a if a >= 1.0 => format!("{v:.3}"),
        _ => format!("{v:.6}"),
    }
}

fn table<S: SearchSpace>(search: &Search<S>, context: &Context, winners: &[&Candidate]) -> String {
    let problem = search.problem();
    let head = problem.columns.iter().map(|c| match context.measure.unit(c) {
        "" => c.clone(),
        unit => format!("{c} [{unit}]"),
    });
    let head: Vec<String> = head.chain(["architecture".to_owned()]).collect();
    let row = |c: &&Candidate| -> Vec<String> {
        let values = c.values.iter().map(|v| v.map_or("-".to_owned(), number));
        values.chain([printable(&c.key).into_owned()]).collect()
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(head).chain(winners.iter().take(SHOWN).map(row)).collect();
    let width = |at: usize| {
        rows.iter().filter_map(|r| r.get(at)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in &rows {
        let padded = row.iter().enumerate().map(|(i, c)| match i + 1 == row.len() {
            true => c.clone(),
            false => format!("{c:>0$}", width(i)),
        });
        text += &(padded.collect::<Vec<_>>().join("  ") + "\n");
    }
    let more = winners.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("and {more} more\n");
    }
    let place = context.dir.map_or(String::new(), |d| format!(", in {}", d.display()));
    text + &format!("{} candidates evaluated{place}\n", search.history().len())
}
