//! `nneval completions`: a completion script for a shell.

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use std::process::ExitCode;

/// Print a completion script for a shell.
///
/// For bash: nneval completions bash > ~/.local/share/bash-completion/completions/nneval
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    generate(args.shell, &mut super::Cli::command(), "nneval", &mut script);
    super::console::print(String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
