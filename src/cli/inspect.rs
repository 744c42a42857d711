//! `nneval inspect`: what a model is and what it costs.

use super::bind_args::BindArgs;
use super::limits_args::LimitsArgs;
use super::paths;
use anyhow::Context;
use clap::ValueEnum;
use nneval::costs::{self, Amount, Costs, Terms};
use nneval::files::{printable, printable_json};
use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model, ValueId, budget};
use nneval::tables::inert;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print inputs, outputs, operators and static costs of ONNX models.
///
/// Costs of dimensions that the model leaves open are formulas in their names;
/// --dim and --input give them sizes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, and folders that are walked for *.onnx.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    bind: BindArgs,
    #[command(flatten)]
    limits: LimitsArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading.
    Table,
    /// One JSON object a file, one a line; or path, error.
    Json,
    /// One row a file: totals.
    Csv,
}

#[derive(Serialize)]
struct Report {
    path: String,
    ir_version: i64,
    producer: String,
    opsets: Vec<Opset>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    functions: usize,
    #[serde(flatten)]
    costs: Costs,
    /// Terms of cost formulas.
    terms: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct Opset {
    domain: String,
    version: i64,
}

/// An input or output of the graph.
#[derive(Serialize)]
struct Port {
    name: String,
    /// Element type, with `seq`, `map`, `opt` or `sparse` after a colon; `?`
    /// where unknown.
    r#type: String,
    /// Sizes; absent where the rank is unknown.
    shape: Option<Vec<String>>,
}

/// Files that are held in memory at once.
const CHUNK: usize = 1024;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let files = paths::models(&args.paths)?;
    let (limits, bindings) = (args.limits.limits(), args.bind.bindings());
    let mut out = BufWriter::new(stdout().lock());
    if args.format == Format::Csv {
        write_row(&mut out, &HEADER.map(str::to_owned)).context("cannot write the output")?;
    }
    let mut failed = false;
    for chunk in files.chunks(CHUNK) {
        let of = |p: &PathBuf| report(p, &limits, &bindings);
        let reports: Vec<_> = chunk.par_iter().map(of).collect();
        for (path, result) in chunk.iter().zip(reports) {
            failed |= result.is_err();
            print(&mut out, args.format, path, result).context("cannot write the output")?;
        }
    }
    out.flush().context("cannot write the output")?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(path: &Path, limits: &Limits, bindings: &Bindings) -> nneval::Result<Report> {
    budget::within(path, limits, || within_budget(path, limits, bindings))
}

fn within_budget(path: &Path, limits: &Limits, bindings: &Bindings) -> nneval::Result<Report> {
    let model = Model::open(path, limits)?;
    let costs = costs::of_model(&model, bindings)?;
    let shapes = Shapes::infer(&model, bindings);
    shapes.check(&model)?;
    let ports = |ids: &[ValueId]| ids.iter().map(|&id| port(&model, &shapes, id)).collect();
    let opset = |(d, v): &(String, i64)| Opset {
        domain: if d.is_empty() { "ai.onnx".into() } else { d.clone() },
        version: *v,
    };
    Ok(Report {
        path: path.display().to_string(),
        ir_version: model.ir_version,
        producer: model.producer.clone(),
        opsets: model.opsets.iter().map(opset).collect(),
        inputs: ports(&model.graph.inputs),
        outputs: ports(&model.graph.outputs),
        functions: model.functions.len(),
        costs,
        terms: terms(&model, bindings)?,
    })
}

/// The terms of cost formulas, at the sizes given and else the usual ones.
fn terms(model: &Model, bindings: &Bindings) -> nneval::Result<BTreeMap<&'static str, f64>> {
    let Terms(values) = Terms::at_default_sizes(model, bindings)?;
    Ok(costs::terms::NAMES.into_iter().zip(values).collect())
}

fn port(model: &Model, shapes: &Shapes, id: ValueId) -> Port {
    let inferred = shapes.get(id);
    let dtype = inferred.and_then(|t| t.dtype).map_or("?".into(), |d| d.to_string());
    let container = inferred.and_then(|t| t.container.as_ref()).map(|c| format!(":{c}"));
    let dims = inferred.and_then(|t| t.dims.as_ref());
    Port {
        name: model.value(id).map(|v| v.name.clone()).unwrap_or_default(),
        r#type: format!("{dtype}{}", container.unwrap_or_default()),
        shape: dims.map(|d| d.iter().map(|e| shapes.symbols.text(e)).collect()),
    }
}

fn print(
    out: &mut impl Write,
    format: Format,
    path: &Path,
    result: nneval::Result<Report>,
) -> std::io::Result<()> {
    match (format, result) {
        (Format::Json, Ok(r)) => {
            writeln!(out, "{}", printable_json(&serde_json::to_string(&r)?))
        }
        (format, Err(e)) => {
            if format == Format::Json {
                let path = path.display().to_string();
                let line = serde_json::json!({"path": path, "error": e.to_string()}).to_string();
                writeln!(out, "{}", printable_json(&line))?;
            }
            out.flush()?;
            super::console::error(e);
            Ok(())
        }
        (Format::Csv, Ok(r)) => write_row(out, &row(&r)),
        (Format::Table, Ok(r)) => table(out, &r),
    }
}

const HEADER: [&str; 18] = [
    "path",
    "opset",
    "inputs",
    "outputs",
    "operators",
    "parameters",
    "buffers",
    "constants",
    "weight_bytes",
    "macs",
    "flops",
    "activation_bytes_read",
    "activation_bytes_written",
    "weight_bytes_read",
    "peak_activation_bytes",
    "arithmetic_intensity",
    "depth",
    "unknown",
];

fn row(r: &Report) -> [String; 18] {
    let c = &r.costs;
    let intensity = c.arithmetic_intensity.map(|i| format!("{i:.4}")).unwrap_or_default();
    let operators: u64 = c.operators.iter().map(|o| o.count).sum();
    [
        r.path.clone(),
        opsets(r),
        ports(&r.inputs),
        ports(&r.outputs),
        operators.to_string(),
        c.parameters.to_string(),
        c.buffers.to_string(),
        c.constants.to_string(),
        c.weight_bytes.to_string(),
        c.macs.to_string(),
        c.flops.to_string(),
        c.activation_bytes_read.to_string(),
        c.activation_bytes_written.to_string(),
        c.weight_bytes_read.to_string(),
        c.peak_activation_bytes.to_string(),
        intensity,
        c.depth.to_string(),
        unknown(c),
    ]
}

fn write_row(out: &mut impl Write, row: &[String]) -> std::io::Result<()> {
    let mut w = csv::Writer::from_writer(Vec::new());
    w.write_record(row.iter().map(|cell| inert(cell).into_owned()))
        .map_err(std::io::Error::other)?;
    out.write_all(&w.into_inner().map_err(|e| std::io::Error::other(e.to_string()))?)
}

fn opsets(r: &Report) -> String {
    r.opsets.iter().map(|o| format!("{} {}", o.domain, o.version)).collect::<Vec<_>>().join("; ")
}

fn shown(p: &Port) -> String {
    let shape = p.shape.as_ref().map_or("*".into(), |d| d.join(" x "));
    format!("{} {}[{shape}]", p.name, p.r#type)
}

fn ports(ports: &[Port]) -> String {
    ports.iter().map(shown).collect::<Vec<_>>().join("; ")
}

fn unknown(c: &Costs) -> String {
    let one = |u: &costs::Unknown| format!("{} x{} ({})", u.operator, u.count, u.missing);
    c.unknown.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A number with its digits grouped, or the formula.
fn grouped(a: &Amount) -> String {
    match a.known() {
        Some(n) => group(n),
        None => a.to_string(),
    }
}

/// A number with its digits in groups of three.
pub fn group(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Widest column of names; longer names push their row to the right.
const MAX_WIDTH: usize = 48;

fn table(out: &mut impl Write, r: &Report) -> std::io::Result<()> {
    let c = &r.costs;
    let mut line = |label: &str, value: &str| match value {
        "" => Ok(()),
        v => writeln!(out, "  {label:<22}{}", printable(v)),
    };
    line("file", &r.path)?;
    line("producer", &r.producer)?;
    line("operator sets", &format!("{} (IR {})", opsets(r), r.ir_version))?;
    for (label, list) in [("input", &r.inputs), ("output", &r.outputs)] {
        for p in list {
            line(label, &shown(p))?;
        }
    }
    line("parameters", &group(c.parameters))?;
    line("buffers", &group(c.buffers))?;
    line("other constants", &group(c.constants))?;
    line("weight bytes", &group(c.weight_bytes))?;
    line("MACs", &grouped(&c.macs))?;
    line("FLOPs", &grouped(&c.flops))?;
    line("activation bytes read", &grouped(&c.activation_bytes_read))?;
    line("... written", &grouped(&c.activation_bytes_written))?;
    line("... at most alive", &grouped(&c.peak_activation_bytes))?;
    line("weight bytes read", &grouped(&c.weight_bytes_read))?;
    let intensity = c.arithmetic_intensity.map(|i| format!("{i:.3} FLOPs a byte"));
    line("arithmetic intensity", &intensity.unwrap_or_default())?;
    line("depth", &c.depth.to_string())?;
    line("not in the totals", &unknown(c))?;
    let names: Vec<_> = c.operators.iter().map(|o| printable(&o.operator)).collect();
    let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0).clamp(8, MAX_WIDTH);
    writeln!(out, "  {:<wide$} {:>7} {:>18} {:>18}", "operator", "count", "MACs", "FLOPs")?;
    for (name, o) in names.iter().zip(&c.operators) {
        let cell = |a: &Amount| printable(&grouped(a)).into_owned();
        let (macs, flops) = (cell(&o.macs), cell(&o.flops));
        writeln!(out, "  {name:<wide$} {:>7} {macs:>18} {flops:>18}", o.count)?;
    }
    writeln!(out)
}
