//! The `nneval` program.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = cli::Cli::parse();
    match cli::run(args) {
        Ok(code) => code,
        Err(e) if cli::console::is_closed_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            cli::console::error(cli::message::of(&e));
            ExitCode::FAILURE
        }
    }
}
