//! `nneval space`.

use std::process::ExitCode;

/// Write the networks of a search space as ONNX models.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not there yet")
}
