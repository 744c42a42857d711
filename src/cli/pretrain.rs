//! `nneval pretrain`: parameters to start from, learnt without any label.

use super::runtime_args::RuntimeArgs;
use super::train::{set, setting};
use super::training_view::{View, worded};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::spaces::Space;
use nneval::training::{Recipe, Shipped, Trainer};
use std::path::PathBuf;
use std::process::ExitCode;

/// Teach an encoder the structure of networks, without any label.
///
/// The targets are exact structural facts (path counts, depths, operations by
/// kind and place). DIR gets what the run folder of `nneval train` gets; its
/// checkpoint DIR/best.ckpt is what `nneval train --set from=DIR/best.ckpt` starts from.
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
    /// Set a key of a recipe, such as encoder=small, epochs=12; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    sets: Vec<(String, String)>,
    /// Go on from the last checkpoint
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut recipe = Recipe::one_stage().map_err(worded)?;
    match &args.models {
        Some(dir) => recipe.settings.models = Some(dir.clone()),
        None => recipe.settings.space = Some(args.space),
    }
    recipe.threads = Some(args.runtime.threads);
    if let Err(code) = set(&mut recipe, &args.sets) {
        return Ok(code);
    }
    recipe.resolve().map_err(worded)?;
    let _lock = super::run_folder::lock(&args.out)?;
    let (runtime, session) = args.runtime.load()?;
    let trainer = Trainer { runtime: &runtime, session, shipped: Shipped::default() };
    let mut view = View::default();
    let pretrained = trainer.pretrain(&recipe, &args.out, args.resume, &mut |p| view.show(p));
    super::console::print(format_args!("{}\n", pretrained.map_err(worded)?.display()))?;
    Ok(ExitCode::SUCCESS)
}
