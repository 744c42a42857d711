//! `nneval tokenizer`.

use std::process::ExitCode;

/// Build a tokenizer vocabulary from models.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not there yet")
}
