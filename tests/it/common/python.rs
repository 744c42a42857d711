//! Python with packages that pip puts below the target folder.

use super::success;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Python 3 with what a file of requirements pins. The packages are fetched at
/// the first call and kept for later runs of the tests.
pub fn python(requirements: &str) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages(requirements)).env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

fn packages(requirements: &str) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = nneval::files::sha256(&std::fs::read(requirements).unwrap());
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = scratch.join(format!("python-packages-{}", &sum[..8]));
    if !folder.is_dir() {
        let work = tempfile::tempdir_in(scratch).unwrap();
        let mut pip = Command::new("python3");
        let options = "-m pip install --quiet --no-input --disable-pip-version-check \
                       --only-binary=:all: --requirement";
        pip.args(options.split_whitespace()).arg(requirements);
        success(pip.env("PIP_REQUIRE_VIRTUALENV", "0").arg("--target").arg(work.path()));
        if std::fs::rename(work.path(), &folder).is_ok() {
            let _ = work.keep();
        }
    }
    folder
}
