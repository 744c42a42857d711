//! The `nneval` program.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    forbid_telemetry();
    leave_out_caught_panics();
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

/// A panic that becomes an error is told as that error alone.
fn leave_out_caught_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !nneval::tables::panics_are_caught() {
            usual(panic);
        }
    }));
}

/// Tells ONNX Runtime, of this process and its children, to record nothing.
#[allow(unsafe_code)]
fn forbid_telemetry() {
    // SAFETY: `main` calls this first, while the process has one thread: nobody
    // else reads or changes the environment.
    unsafe { std::env::set_var(nneval::runtime::NO_TELEMETRY, "1") }
}
