//! The `nneval` program.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    forbid_telemetry();
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

/// Tells ONNX Runtime, of this process and its children, to record nothing.
#[allow(unsafe_code)]
fn forbid_telemetry() {
    // SAFETY: `main` calls this first, while the process has one thread: nobody
    // else reads or changes the environment.
    unsafe { std::env::set_var(nneval::runtime::NO_TELEMETRY, "1") }
}
