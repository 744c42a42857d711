//! Whole-file writes that leave either the old file or the new one, never half.

use crate::error::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Writes `bytes` to `path` under a temporary name in the same folder, syncs,
/// then renames. Missing parent folders are created.
///
/// # Errors
/// [`Error`] naming `path`; an existing file at `path` is then untouched.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, e))?;
    let mut tmp = tempfile::Builder::new()
        .prefix(".nneval-")
        .tempfile_in(dir)
        .map_err(|e| Error::io(path, e))?;
    tmp.write_all(bytes).map_err(|e| Error::io(path, e))?;
    tmp.as_file().sync_all().map_err(|e| Error::io(path, e))?;
    set_default_mode(tmp.path()).map_err(|e| Error::io(path, e))?;
    tmp.persist(path).map_err(|e| Error::io(path, e.error))?;
    Ok(())
}

/// Makes sure that files can be written to the folder `dir`, which is created
/// where it is missing.
///
/// # Errors
/// [`Error`] naming `dir`.
pub fn check_writable(dir: &Path) -> Result<()> {
    let probe = || {
        std::fs::create_dir_all(dir)?;
        tempfile::Builder::new().prefix(".nneval-").tempfile_in(dir)
    };
    probe().map(drop).map_err(|e| Error::io(dir, e))
}

/// Temporary files are created private; give the result ordinary permissions.
#[cfg(unix)]
fn set_default_mode(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_default_mode(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
