//! `nneval inspect`: what a model is and what it costs.

use super::bind_args::BindArgs;
use super::inspect_report::{Port, Questions, Report, report};
use super::limits_args::LimitsArgs;
use super::roofline::Roofline;
use super::{inspect_diff, inspect_table, paths};
use anyhow::{Context, bail};
use clap::ValueEnum;
use nneval::files::printable_json;
use nneval::tables::inert;
use rayon::prelude::*;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print inputs, outputs, operators and static costs of ONNX models.
///
/// Costs are counted at stated sizes: --dim and --input give sizes to dimensions that the
/// model leaves open, and the others have usual ones, which the output names. --symbolic
/// shows formulas in the names of the open dimensions instead.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, and folders that are walked for *.onnx.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// What the table lists, the largest contributors first.
    #[arg(long, value_enum, default_value_t = By::Operator)]
    by: By,
    /// Formulas in the names of open dimensions, instead of numbers at assumed sizes.
    #[arg(long)]
    symbolic: bool,
    /// Least times on a device of so many GFLOPS (two a MAC) and GB/s, as in 2000,50
    ///
    /// An operator takes at least its FLOPs by the arithmetic rate, and at least its bytes
    /// by the bandwidth (the roofline model). Operators run one after the other.
    #[arg(long, value_name = "GFLOPS,GB/s", conflicts_with = "symbolic")]
    roofline: Option<Roofline>,
    /// Compare two models side by side.
    #[arg(long)]
    diff: bool,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// A row an operator type.
    Operator,
    /// A row a block of operators; a block that repeats stands once.
    Block,
}

/// Files that are held in memory at once.
const CHUNK: usize = 1024;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let files = paths::models(&args.paths)?;
    let asked = Questions {
        limits: args.limits.limits(),
        sizes: args.bind,
        symbolic: args.symbolic,
        blocks: args.by == By::Block,
        roofline: args.roofline,
    };
    let mut out = BufWriter::new(stdout().lock());
    let failed = match args.diff {
        true => diff(&mut out, &files, args.format, &asked)?,
        false => each(&mut out, &files, args.format, &asked)?,
    };
    out.flush().context(UNWRITTEN)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

const UNWRITTEN: &str = "cannot write the output";

/// Prints each file; true where one failed.
fn each(
    out: &mut impl Write,
    files: &[PathBuf],
    format: Format,
    asked: &Questions,
) -> anyhow::Result<bool> {
    if format == Format::Csv {
        write_row(out, &HEADER.map(str::to_owned)).context(UNWRITTEN)?;
    }
    let mut failed = false;
    for chunk in files.chunks(CHUNK) {
        let reports: Vec<_> = chunk.par_iter().map(|p| report(p, asked)).collect();
        for (path, result) in chunk.iter().zip(reports) {
            failed |= result.is_err();
            print(out, format, path, result).context(UNWRITTEN)?;
        }
    }
    Ok(failed)
}

/// Prints two files side by side; true where one failed.
fn diff(
    out: &mut impl Write,
    files: &[PathBuf],
    format: Format,
    asked: &Questions,
) -> anyhow::Result<bool> {
    let [a, b] = files else {
        bail!("--diff: two models are compared, here are {}", files.len());
    };
    if format != Format::Table {
        bail!(
            "--diff: a table for reading is all that it prints; --format json without --diff has \
               the numbers of both"
        );
    }
    match (report(a, asked), report(b, asked)) {
        (Ok(a), Ok(b)) => inspect_diff::write(out, [&a, &b]).context(UNWRITTEN).map(|()| false),
        (a, b) => {
            [a.err(), b.err()].into_iter().flatten().for_each(super::console::error);
            Ok(true)
        }
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
        (Format::Table, Ok(r)) => inspect_table::write(out, &r),
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
    let ports = |ports: &[Port]| ports.iter().map(Port::text).collect::<Vec<_>>().join("; ");
    [
        r.path.clone(),
        r.opsets(),
        ports(&r.inputs),
        ports(&r.outputs),
        r.operator_count().to_string(),
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
        r.unknown(),
    ]
}

fn write_row(out: &mut impl Write, row: &[String]) -> std::io::Result<()> {
    let mut w = csv::Writer::from_writer(Vec::new());
    w.write_record(row.iter().map(|cell| inert(cell).into_owned()))
        .map_err(std::io::Error::other)?;
    out.write_all(&w.into_inner().map_err(|e| std::io::Error::other(e.to_string()))?)
}
