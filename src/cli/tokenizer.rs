//! `nneval tokenizer`: builds the vocabulary.

use super::paths;
use super::training_view::worded;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::files::write_atomic;
use nneval::graph::Limits;
use nneval::opstring;
use nneval::spaces::Space;
use nneval::tokenizer::{Cuts, Tokenizer};
use nneval::training::strings_of_space;
use rayon::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;

/// Build a tokenizer vocabulary from search spaces and models.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX files and folders whose strings are learned from as well
    paths: Vec<PathBuf>,
    /// Search space to learn from, all data sets; may be repeated
    #[arg(long, value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()))]
    space: Vec<Space>,
    /// Architectures taken from each space, evenly spaced
    #[arg(long, default_value_t = 2000)]
    sample: usize,
    /// Most tokens in the vocabulary
    #[arg(long, default_value_t = 1024)]
    size: usize,
    /// Merge across the steps between blocks, for one search space
    #[arg(long, alias = "stretches")]
    merge_across_steps: bool,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let reading = super::verbosity::spinner("reading networks");
    let mut strings = Vec::new();
    for &space in &args.space {
        strings.extend(strings_of_space(space, args.sample).map_err(worded)?);
    }
    if !args.paths.is_empty() {
        let files = paths::models(&args.paths)?;
        let limits = Limits::default();
        let of = |p: &PathBuf| opstring::of_file(p, &limits);
        strings.extend(files.par_iter().map(of).collect::<Result<Vec<_>, _>>()?);
    }
    anyhow::ensure!(!strings.is_empty(), "nothing to learn from: name a --space or models");
    reading.set_message("building the vocabulary");
    let cuts = if args.merge_across_steps { Cuts::Stretches } else { Cuts::Steps };
    let tokenizer = Tokenizer::build(strings.iter(), args.size, cuts)?;
    reading.finish_and_clear();
    write_atomic(&args.out, tokenizer.to_json()?.as_bytes())?;
    let (tokens, strings) = (tokenizer.size(), strings.len());
    super::console::print(format_args!(
        "{}: {tokens} tokens from {strings} strings\n",
        args.out.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
