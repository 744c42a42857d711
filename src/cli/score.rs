//! `nneval score`.

use std::process::ExitCode;

/// Compare an evaluator's predictions with reported values.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not there yet")
}
