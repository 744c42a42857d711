//! Tasks of this repository: `cargo xtask install`, `cargo xtask notices`.

mod artifacts;
mod cmake;
mod install;
mod notices;
mod pkgconfig;
mod tree;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Tasks of the nneval repository")]
enum Task {
    /// Build the C libraries and install them with headers, pkg-config and CMake files.
    Install(install::Args),
    /// Write THIRD-PARTY.md: what nneval is built of, under which licences.
    Notices(notices::Args),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Install(args) => install::run(&args),
        Task::Notices(args) => notices::run(&args),
    }
}
