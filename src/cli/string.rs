//! `nneval string`: one operation string a file.

use super::bind_args::BindArgs;
use super::limits_args::LimitsArgs;
use super::paths;
use anyhow::Context;
use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use nneval::files::printable_json;
use nneval::graph::{Model, budget, canonical};
use nneval::opstring;
use nneval::reduce::Reduction;
use nneval::tokenizer::Tokenizer;
use rayon::prelude::*;
use serde_json::json;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print the operation string of ONNX models.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files, and folders that are walked for *.onnx.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// How to spell the operations.
    #[arg(long, value_enum, default_value_t = Style::V1)]
    style: Style,
    /// Reduce the networks to the part that a metric can depend on.
    #[arg(long, alias = "view", default_value_t = Reduction::None,
          value_parser = reductions().try_map(|s| s.parse::<Reduction>()))]
    reduce: Reduction,
    /// tokenizer.json that counts the tokens [default: the one of models/nats-tss]
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    #[command(flatten)]
    bind: BindArgs,
    #[command(flatten)]
    limits: LimitsArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The string alone, one line a file.
    Text,
    /// One JSON object a file: path, string, operations, tokens; or path, error.
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    /// The operation string, version 1.
    V1,
    /// Version 1 with repeated blocks written out.
    Unfolded,
    /// Every operation in words, as in |2_Convolution:(num_filters=16, …).
    #[value(alias = "seed")]
    Verbose,
}

impl Style {
    fn write(self, graph: &opstring::OpGraph) -> String {
        match self {
            Self::V1 => opstring::write(graph),
            Self::Unfolded => opstring::write_unfolded(graph),
            Self::Verbose => opstring::write_verbose(graph),
        }
    }
}

/// The names of the reductions. Their former names are accepted as well.
fn reductions() -> PossibleValuesParser {
    let names = Reduction::NAMES.into_iter().zip(Reduction::FORMER_NAMES);
    PossibleValuesParser::new(names.map(|(name, former)| PossibleValue::new(name).alias(former)))
}

struct Line {
    string: String,
    operations: usize,
    tokens: Option<usize>,
}

/// Files that are held in memory at once.
const CHUNK: usize = 1024;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let files = paths::models(&args.paths)?;
    let tokenizer = match (&args.tokenizer, args.format) {
        (Some(path), _) => Some(Tokenizer::open(path)?),
        (None, Format::Text) => None,
        (None, Format::Jsonl) => {
            super::shipped::tokenizer().or_else(|| super::shipped::Shipped::default().vocabulary())
        }
    };
    let mut out = BufWriter::new(stdout().lock());
    let mut failed = false;
    for chunk in files.chunks(CHUNK) {
        let of = |p: &PathBuf| line(p, &args, tokenizer.as_ref());
        let lines: Vec<_> = chunk.par_iter().map(of).collect();
        for (path, result) in chunk.iter().zip(lines) {
            if let Err(e) = &result {
                failed = true;
                out.flush().context("cannot write the output")?;
                super::console::error(e);
            }
            print(&mut out, args.format, path, result).context("cannot write the output")?;
        }
    }
    out.flush().context("cannot write the output")?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn line(path: &Path, args: &Args, tokenizer: Option<&Tokenizer>) -> nneval::Result<Line> {
    let limits = args.limits.limits();
    let graph = budget::within(path, &limits, || {
        let model = Model::open(path, &limits)?;
        canonical::of_model(&model, &args.bind.bindings())
    })?;
    let graph = args.reduce.reduce(&graph).unwrap_or(graph);
    let string = args.style.write(&graph);
    let tokens = tokenizer.map(|t| t.encode(&string)).transpose()?.map(|t| t.len());
    Ok(Line { string, operations: graph.operations(), tokens })
}

fn print(
    out: &mut impl Write,
    format: Format,
    path: &Path,
    result: nneval::Result<Line>,
) -> std::io::Result<()> {
    let name = path.display().to_string();
    match (format, result) {
        (Format::Text, Ok(l)) => writeln!(out, "{}", l.string),
        (Format::Text, Err(_)) => Ok(()),
        (Format::Jsonl, Ok(l)) => {
            let o = json!({"path": name, "string": l.string, "operations": l.operations, "tokens": l.tokens});
            writeln!(out, "{}", printable_json(&o.to_string()))
        }
        (Format::Jsonl, Err(e)) => {
            let line = json!({"path": name, "error": e.to_string()}).to_string();
            writeln!(out, "{}", printable_json(&line))
        }
    }
}
