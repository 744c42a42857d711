//! `nneval space`.

use super::{run_folder, space_general};
use clap::CommandFactory;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use nneval::files::write_atomic;
use nneval::spaces::{Arch, Batch, Dataset, ModelOptions, Space, Weights, read_table, to_bytes};
use nneval::tables::{Column, Format, Kind, Writer};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the networks of a search space as ONNX models.
///
/// An architecture of nats-tss is a string like
/// '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|',
/// one of nats-sss a list of five channel counts like 8:16:24:32:64. general is a
/// sample of networks of many families, with random weights, and networks.csv
/// (columns path, family): `nneval measure DIR/networks.csv` measures them.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).multiple(false))]
pub struct Args {
    /// The search space.
    #[arg(value_parser = space_parser())]
    space: Chosen,

    /// An architecture; may be repeated. The file is named after it.
    #[arg(long, value_name = "STR", group = "source")]
    arch: Vec<String>,

    /// A table with columns arch_index and arch_str (CSV or JSON lines, plain or
    /// gzip, or Parquet; - for stdin); files are named <arch_index>.onnx.
    #[arg(long, value_name = "FILE", group = "source")]
    labels: Option<PathBuf>,

    /// Every architecture; files are numbered, index.csv maps them.
    #[arg(long, group = "source")]
    all: bool,

    /// So many networks of general; the first of a larger sample are those of a
    /// smaller one.
    #[arg(long, value_name = "N", group = "source",
          conflicts_with_all = ["dataset", "weights", "batch", "opset"],
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    sample: Option<usize>,

    /// Folder to write to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Data set: decides input size and number of classes.
    #[arg(long, default_value = "cifar10", value_parser = dataset_parser())]
    dataset: Dataset,

    /// none: shapes of the weights only; random: He-normal values that run.
    #[arg(long, value_enum, default_value_t = WeightsArg::None)]
    weights: WeightsArg,

    /// Seed of random weights, and of a sample.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,

    /// Batch dimension: a number, or a name for a symbolic one.
    #[arg(long, value_name = "N|NAME", default_value = "batch")]
    batch: Batch,

    /// Version of the ONNX operator set.
    #[arg(long, value_name = "N", default_value_t = 17, value_parser = opset_parser())]
    opset: u16,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum WeightsArg {
    None,
    Random,
}

/// What the networks are of.
#[derive(Debug, Clone, Copy)]
enum Chosen {
    Nats(Space),
    General,
}

/// The name of the general networks.
const GENERAL: &str = "general";

fn space_parser() -> impl TypedValueParser<Value = Chosen> {
    let names = Space::NAMES.into_iter().chain([GENERAL]);
    PossibleValuesParser::new(names).try_map(|s| match s.as_str() {
        GENERAL => Ok(Chosen::General),
        _ => s.parse::<Space>().map(Chosen::Nats),
    })
}

fn dataset_parser() -> impl TypedValueParser<Value = Dataset> {
    PossibleValuesParser::new(Dataset::NAMES).try_map(|s| s.parse::<Dataset>())
}

fn opset_parser() -> impl TypedValueParser<Value = u16> {
    let (low, high) = (*ModelOptions::OPSETS.start(), *ModelOptions::OPSETS.end());
    clap::value_parser!(u16).range(i64::from(low)..=i64::from(high))
}

/// Runs the command. All architectures are read before the first file is written.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let space = match (args.space, args.sample) {
        (Chosen::General, Some(count)) => {
            return space_general::run(count, args.seed, &args.out);
        }
        (Chosen::Nats(space), None) => space,
        (Chosen::General, None) => usage("general is drawn: give --sample N alone"),
        (Chosen::Nats(_), Some(_)) => usage("--sample is for general alone"),
    };
    let options = ModelOptions {
        dataset: args.dataset,
        weights: match args.weights {
            WeightsArg::None => Weights::None,
            WeightsArg::Random => Weights::Random { seed: args.seed },
        },
        batch: args.batch.clone(),
        opset: args.opset,
    };
    let models = models(&args, space)?;
    let _lock = run_folder::lock(&args.out)?;
    write_models(&models, &args.out, &options)?;
    if args.all {
        write_index(&models, &args.out)?;
    }
    super::console::print(format_args!("{} models in {}\n", models.len(), args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Ends the program with a word on the wrong usage.
fn usage(message: &str) -> ! {
    super::Cli::command().error(ErrorKind::ArgumentConflict, message).exit()
}

/// File name and architecture of every model to write; names are distinct.
fn models(args: &Args, space: Space) -> anyhow::Result<BTreeMap<String, Arch>> {
    if let Some(path) = &args.labels {
        let rows = read_table(path, space)?;
        return Ok(rows.into_iter().map(|(i, arch)| (format!("{i}.onnx"), arch)).collect());
    }
    if args.all {
        let all = space.all().enumerate();
        return Ok(all.map(|(i, arch)| (format!("{i:05}.onnx"), arch)).collect());
    }
    let named = args.arch.iter().map(|text| {
        let arch = space.parse(text)?;
        Ok((format!("{}.onnx", arch.file_stem()), arch))
    });
    named.collect()
}

/// Builds and writes all models in parallel.
fn write_models(
    models: &BTreeMap<String, Arch>,
    out: &Path,
    options: &ModelOptions,
) -> nneval::Result<()> {
    let bar = super::verbosity::bar(models.len() as u64, "networks");
    let result = models.par_iter().try_for_each(|(file, arch)| {
        write_atomic(&out.join(file), &to_bytes(&arch.model(options)?)?)?;
        bar.inc(1);
        Ok(())
    });
    bar.finish_and_clear();
    result
}

/// Writes `index.csv` (columns `file`, `arch_str`).
fn write_index(models: &BTreeMap<String, Arch>, out: &Path) -> anyhow::Result<()> {
    let columns = ["file", "arch_str"].map(|name| Column::new(name, Kind::Text)).to_vec();
    let mut table = Writer::new(Format::Csv, Vec::new(), columns, &[])?;
    for (file, arch) in models {
        table.row([file.clone(), arch.to_string()])?;
    }
    write_atomic(&out.join("index.csv"), &table.finish()?)?;
    Ok(())
}
