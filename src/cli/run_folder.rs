//! The command line of this process, and names of evaluators.

use nneval::files::OutputLock;
pub use nneval::training::evaluator_name;
use std::path::Path;

/// The lock of this run on the folder that it writes to.
///
/// # Errors
/// Another run has it; the error names that one.
pub fn lock(dir: &Path) -> anyhow::Result<OutputLock> {
    Ok(OutputLock::folder(dir, &command())?)
}

/// The command line, the program by its name alone, without --resume.
pub fn command() -> String {
    let quoted = |a: String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
        match !a.is_empty() && a.chars().all(plain) {
            true => a,
            false => format!("'{}'", a.replace('\'', r"'\''")),
        }
    };
    let rest = std::env::args().skip(1).filter(|a| a != "--resume").map(quoted);
    std::iter::once("nneval".to_owned()).chain(rest).collect::<Vec<_>>().join(" ")
}
