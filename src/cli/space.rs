//! `nneval space`.

use super::source_args::{dataset_parser, model_options};
use super::{run_folder, space_general};
use anyhow::bail;
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
/// An architecture is written as the space's label table has it: its column arch_str or
/// arch, or its columns with | between (nasbench101 EDGES|OPS, ofa KS|E|D|R). For
/// example nats-tss
/// '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|',
/// nats-sss 8:16:24:32:40, nasbench101 '01 02 12 13 23|20', transnas-macro 231112,
/// nasbench-macro 01201201; docs/spaces.md has all. general is a sample of networks of
/// many families, with random weights, and networks.csv (columns path, family):
/// `nneval measure DIR/networks.csv` measures them.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).multiple(false))]
pub struct Args {
    /// The search space.
    #[arg(value_parser = space_parser())]
    space: Chosen,

    /// An architecture; may be repeated. The file is named after it.
    #[arg(long, value_name = "STR", group = "source")]
    arch: Vec<String>,

    /// A label table of the space, or one with a column arch_str (CSV or JSON lines,
    /// plain or gzip, or Parquet; - for stdin); files are named after the column
    /// arch_index, or that of the space, or else numbered from 0.
    #[arg(long, value_name = "FILE", group = "source")]
    labels: Option<PathBuf>,

    /// Every architecture; files are numbered, index.csv maps them.
    #[arg(long, group = "source")]
    all: bool,

    /// So many random architectures, no two equal, or networks of general; files are
    /// numbered, index.csv maps them. A larger sample begins with a smaller one.
    #[arg(long, value_name = "N", group = "source",
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    sample: Option<usize>,

    /// Folder to write to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Data set: decides input size and number of classes [default: the first of the
    /// space].
    #[arg(long, value_parser = dataset_parser())]
    dataset: Option<Dataset>,

    /// none: shapes of the weights only; random: He-normal values that run [default:
    /// none].
    #[arg(long, value_enum)]
    weights: Option<WeightsArg>,

    /// Seed of random weights, and of a sample.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,

    /// Batch dimension: a number, or a name for a symbolic one [default: batch].
    #[arg(long, value_name = "N|NAME")]
    batch: Option<Batch>,

    /// Version of the ONNX operator set [default: 17].
    #[arg(long, value_name = "N", value_parser = opset_parser())]
    opset: Option<u16>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum WeightsArg {
    None,
    Random,
}

/// What the networks are of.
#[derive(Debug, Clone, Copy)]
enum Chosen {
    Space(Space),
    General,
}

/// The name of the general networks.
const GENERAL: &str = "general";

fn space_parser() -> impl TypedValueParser<Value = Chosen> {
    let names = Space::NAMES.into_iter().chain([GENERAL]);
    PossibleValuesParser::new(names).try_map(|s| match s.as_str() {
        GENERAL => Ok(Chosen::General),
        _ => s.parse::<Space>().map(Chosen::Space),
    })
}

fn opset_parser() -> impl TypedValueParser<Value = u16> {
    let (low, high) = (*ModelOptions::OPSETS.start(), *ModelOptions::OPSETS.end());
    clap::value_parser!(u16).range(i64::from(low)..=i64::from(high))
}

/// Runs the command. All architectures are read before the first file is written.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let space = match (args.space, args.sample) {
        (Chosen::General, Some(_)) if args.shapes_models() => {
            usage("general has its own: --dataset, --weights, --batch, --opset are for spaces")
        }
        (Chosen::General, Some(count)) => {
            return space_general::run(count, args.seed, &args.out);
        }
        (Chosen::General, None) => usage("general is drawn: give --sample N alone"),
        (Chosen::Space(space), _) => space,
    };
    let options = args.options(space)?;
    let models = models(&args, space)?;
    let _lock = run_folder::lock(&args.out)?;
    write_models(&models, &args.out, &options)?;
    if args.are_numbered(space) {
        write_index(&models, &args.out)?;
    }
    super::console::print(format_args!("{} models in {}\n", models.len(), args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Whether anything is said of how models are built.
    fn shapes_models(&self) -> bool {
        let weights = self.weights.is_some() || self.batch.is_some();
        weights || self.dataset.is_some() || self.opset.is_some()
    }

    fn options(&self, space: Space) -> anyhow::Result<ModelOptions> {
        let options = model_options(space, self.dataset)?;
        Ok(ModelOptions {
            weights: match self.weights {
                None | Some(WeightsArg::None) => Weights::None,
                Some(WeightsArg::Random) => Weights::Random { seed: self.seed },
            },
            batch: self.batch.clone().unwrap_or_default(),
            opset: self.opset.unwrap_or(options.opset),
            ..options
        })
    }

    /// Whether names of files are numbers that nothing but index.csv explains.
    fn are_numbered(&self, space: Space) -> bool {
        let by_row = self.labels.is_some() && space.index_column().is_none();
        self.all || self.sample.is_some() || by_row
    }
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
    if let Some(count) = args.sample {
        match space.size() {
            Some(n) if n < count => bail!("--sample {count}: {space} has {n} architectures"),
            _ => return Ok(numbered(space.distinct(count, args.seed))),
        }
    }
    if args.all {
        anyhow::ensure!(
            space.size().is_some(),
            "--all: {space} has too many architectures to write; --sample N writes some"
        );
        return Ok(numbered(space.all()));
    }
    let named = args.arch.iter().map(|text| {
        let arch = space.parse(text)?;
        Ok((format!("{}.onnx", arch.file_stem()), arch))
    });
    named.collect()
}

/// Architectures by number, in their order.
fn numbered(archs: impl IntoIterator<Item = Arch>) -> BTreeMap<String, Arch> {
    let archs: Vec<Arch> = archs.into_iter().collect();
    let digits = archs.len().saturating_sub(1).to_string().len().max(5);
    let named = archs.into_iter().enumerate();
    named.map(|(i, arch)| (format!("{i:0digits$}.onnx"), arch)).collect()
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
