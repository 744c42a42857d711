//! `nneval pretrain`: parameters to start from, learnt without any label.

use super::run_folder;
use super::runtime_args::{RuntimeArgs, tell_placement};
use super::train::open_graphs;
use super::train_data::{DataArgs, Reading};
use super::train_settings::TrainSettings;
use super::training_view::View;
use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::spaces::{ModelOptions, Space};
use nneval::training::{Environment, Examples, Run, Source};
use std::path::PathBuf;
use std::process::ExitCode;

/// Teach an encoder the structure of networks, without any label.
///
/// The targets are exact structural facts (path counts, depths, operations by
/// kind and place). DIR gets what the run folder of `nneval train` gets; its
/// checkpoint DIR/best.ckpt is what `nneval train --init` starts from.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Search space whose networks are learnt
    #[arg(long, conflicts_with = "models", default_value = "nats-tss",
          value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()))]
    space: Space,
    /// Folder whose .onnx files are learnt instead
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Folder for checkpoints and logs
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Training graphs: a name in models/graphs, or a folder
    #[arg(long, default_value = "medium")]
    graphs: String,
    /// Go on from the last checkpoint
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    settings: TrainSettings,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let source = match &args.models {
        Some(dir) if !dir.is_dir() => bail!("{}: no such folder", dir.display()),
        Some(dir) => Source::Folder(dir.clone()),
        None => Source::Space(args.space, ModelOptions::default()),
    };
    let graphs = open_graphs(&args.graphs)?;
    let reading = args.data.reading(None)?;
    let keys = source.keys()?;
    let networks = super::encoding::networks(&source, &keys)?;
    let mut train = args.data.tokens(&reading, &networks)?;
    args.data.add_structure(&mut [(networks.as_slice(), &mut train)]);
    if train.names.is_empty() {
        bail!("--structure-weight 0 leaves nothing to learn");
    }
    let none = Examples::default();
    let config = args.settings.config();
    let (runtime, session) = args.runtime.load()?;
    tell_placement(&runtime, &graphs.train, &session)?;
    let run = Run {
        runtime: &runtime,
        session,
        graphs: &graphs,
        config: &config,
        train: &train,
        valid: &none,
        unlabelled: &none,
        initial: None,
        dir: &args.out,
    };
    run.check(args.resume)?;
    nneval::files::check_writable(&args.out)?;
    describe(&args, &run, &reading)?;
    let mut view = View::new(&config, train.tokens.len(), 0, &[]);
    let mut curves = run_folder::Curves::new(&args.out);
    let outcome = run.execute(args.resume, &mut |e| {
        view.show(e);
        curves.show(e);
    })?;
    view.finish(&outcome);
    super::print(format_args!("{}\n", args.out.join("best.ckpt").display()))?;
    Ok(ExitCode::SUCCESS)
}

fn describe(args: &Args, run: &Run, reading: &Reading) -> anyhow::Result<()> {
    let options = serde_json::json!({
        "space": args.models.is_none().then(|| args.space.to_string()),
        "models": args.models,
        "graphs": args.graphs,
        "data": args.data,
        "window": reading.window,
        "rows": run.train.tokens.len(),
    });
    let description = run_folder::Description {
        config: run.config,
        environment: &Environment::new(run.runtime, &run.session),
        runtime: run.runtime,
        inputs: Vec::new(),
        graphs: run.graphs,
        tokenizer: &reading.tokenizer.to_json()?,
        options,
    };
    run_folder::write(&args.out, &description)
}
