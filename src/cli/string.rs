//! `nneval string`.

use std::process::ExitCode;

/// Print the operation string of ONNX models.
#[derive(Debug, clap::Args)]
pub struct Args {
    paths: Vec<std::path::PathBuf>,
}

/// Runs the command.
pub fn run(a: Args) -> anyhow::Result<ExitCode> {
    for p in a.paths {
        match nneval::opstring::of_file(&p) {
            Ok(s) => println!("{s}"),
            Err(e) => eprintln!("error: {e}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}
