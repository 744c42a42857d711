//! `nneval evaluate`.

use std::process::ExitCode;

/// Predict metrics for ONNX models.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not there yet")
}
