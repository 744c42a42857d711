//! `nneval runtime`.

use std::process::ExitCode;

/// Show or install ONNX Runtime.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not there yet")
}
