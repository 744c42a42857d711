//! `nneval man`: manual pages.

use clap::CommandFactory;
use clap_mangen::Man;
use nneval::files::write_atomic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write manual pages: nneval.1 and one for each command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut command = super::Cli::command();
    command.build();
    let pages = write(&command, "nneval", &args.out)?;
    super::console::print(format_args!("{pages} pages in {}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and those of its subcommands; their number.
fn write(command: &clap::Command, name: &str, dir: &Path) -> anyhow::Result<usize> {
    let mut page = Vec::new();
    let titled = command.clone().display_name(name.to_owned());
    Man::new(titled).title(name).render(&mut page)?;
    write_atomic(&dir.join(format!("{name}.1")), &page)?;
    let mut pages = 1;
    for sub in command.get_subcommands().filter(|s| s.get_name() != "help") {
        pages += write(sub, &format!("{name}-{}", sub.get_name()), dir)?;
    }
    Ok(pages)
}
