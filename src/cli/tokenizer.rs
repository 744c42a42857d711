//! `nneval tokenizer`: builds the vocabulary.

use super::paths;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::files::write_atomic;
use nneval::graph::Limits;
use nneval::opstring::{self, Style};
use nneval::spaces::graph_of_arch;
use nneval::spaces::{Dataset, ModelOptions, Space};
use nneval::tokenizer::{Cuts, Tokenizer};
use nneval::training::spellings;
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
    /// Let what stands between blocks become single tokens: for one search space
    #[arg(long)]
    stretches: bool,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Other spellings of each architecture that are learned from.
const SPELLINGS: usize = 4;

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let reading = super::verbosity::spinner("reading networks");
    let mut strings = Vec::new();
    for &space in &args.space {
        strings.extend(of_space(space, args.sample)?);
    }
    if !args.paths.is_empty() {
        let files = paths::models(&args.paths)?;
        let limits = Limits::default();
        let of = |p: &PathBuf| opstring::of_file(p, &limits);
        strings.extend(files.par_iter().map(of).collect::<nneval::Result<Vec<_>>>()?);
    }
    anyhow::ensure!(!strings.is_empty(), "nothing to learn from: name a --space or models");
    reading.set_message("building the vocabulary");
    let cuts = if args.stretches { Cuts::Stretches } else { Cuts::Steps };
    let tokenizer = Tokenizer::build(strings.iter(), args.size, cuts)?;
    reading.finish_and_clear();
    write_atomic(&args.out, tokenizer.to_json()?.as_bytes())?;
    let (tokens, strings) = (tokenizer.size(), strings.len());
    super::print(format_args!("{}: {tokens} tokens from {strings} strings\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn of_space(space: Space, sample: usize) -> anyhow::Result<Vec<String>> {
    let all: Vec<String> = space.all().map(|a| a.to_string()).collect();
    let stride = all.len().div_ceil(sample.max(1)).max(1);
    let mut strings = Vec::new();
    for dataset in [Dataset::Cifar10, Dataset::Cifar100, Dataset::ImageNet16_120] {
        let options = ModelOptions { dataset, ..Default::default() };
        let chosen: Vec<&String> = all.iter().step_by(stride).collect();
        let of = |a: &&String| {
            graph_of_arch(space, a, &options).map(|g| spellings(&g, Style::V1, SPELLINGS, 0))
        };
        strings.extend(chosen.par_iter().map(of).collect::<nneval::Result<Vec<_>>>()?.concat());
    }
    Ok(strings)
}
