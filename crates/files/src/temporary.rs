//! Temporary files and folders that do not outlive their process for long.
//!
//! Each is locked while its process lives. A process that is killed leaves it
//! behind unlocked, and [`remove_leftovers`] of a later one removes it. A program
//! that catches signals calls [`remove_temporaries`] before it ends.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::Result;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// First characters of the name of everything temporary beside results.
pub const PREFIX: &str = ".nneval-";

/// What of this process is to be removed where a signal ends it.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary folder, removed with all its content when dropped.
#[derive(Debug)]
pub struct TemporaryFolder {
    folder: Option<tempfile::TempDir>,
    path: PathBuf,
    _lock: Option<File>,
}

impl TemporaryFolder {
    /// Makes a folder in `parent` whose name begins with `prefix`, and removes
    /// those that ended processes have left there.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn new(parent: &Path, prefix: &str) -> Result<Self> {
        remove_leftovers(parent, prefix);
        loop {
            let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
            let path = folder.path().to_owned();
            let lock = File::open(&path).ok();
            if hold(&path, lock.as_ref()) {
                return Ok(Self { folder: Some(folder), path, _lock: lock });
            }
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        drop(self.folder.take());
        forget(&self.path);
    }
}

/// A temporary file that becomes a result by its new name.
#[derive(Debug)]
pub(crate) struct TemporaryFile(Option<tempfile::NamedTempFile>);

impl TemporaryFile {
    /// Makes a file in the folder `dir`, of the permissions of `like` or else
    /// the usual ones.
    pub(crate) fn new(dir: &Path, like: Option<&std::fs::Metadata>) -> Result<Self> {
        loop {
            let file = create(dir)?;
            if let Some(like) = like {
                file.as_file().set_permissions(like.permissions())?;
            }
            if hold(file.path(), Some(file.as_file())) {
                return Ok(Self(Some(file)));
            }
        }
    }

    /// The open file.
    pub(crate) fn file(&self) -> Result<&File> {
        let gone = || std::io::Error::other("the temporary file is gone");
        self.0.as_ref().map(tempfile::NamedTempFile::as_file).ok_or_else(gone)
    }

    /// Gives the file its name, in place of what has it.
    pub(crate) fn persist(mut self, path: &Path) -> Result<()> {
        let Some(file) = self.0.take() else { return Ok(()) };
        let own = file.path().to_owned();
        let renamed = file.persist(path).map(drop).map_err(|e| e.error);
        forget(&own);
        renamed
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let path = file.path().to_owned();
            drop(file);
            forget(&path);
        }
    }
}

/// An empty file with the permissions that new files have.
fn create(dir: &Path) -> Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's mask is taken from these.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir)
}

/// Locks what was just made; false where another process has taken it for a
/// leftover meanwhile. Where the file system has no locks, nothing is removed
/// as a leftover either.
fn hold(path: &Path, file: Option<&File>) -> bool {
    let _ = file.map(File::lock);
    if !path.exists() {
        return false;
    }
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    true
}

fn forget(path: &Path) {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).retain(|p| p != path);
}

/// Removes from the folder `parent` what has a name with `prefix` and belongs to
/// no process that is alive. What cannot be removed stays.
pub fn remove_leftovers(parent: &Path, prefix: &str) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        if starts_with(&entry.file_name(), prefix) && is_plain(&entry.path()) {
            remove_if_free(&entry.path());
        }
    }
}

fn starts_with(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// A file or folder, no link, device or pipe.
fn is_plain(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|m| m.is_file() || m.is_dir())
}

fn remove_if_free(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if file.try_lock().is_ok() {
        let _ = remove(path);
    }
}

/// Whether another process holds the lock of `file`.
pub(crate) fn is_held(result: std::result::Result<(), TryLockError>) -> bool {
    matches!(result, Err(TryLockError::WouldBlock))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path)?.is_dir() {
        true => std::fs::remove_dir_all(path),
        false => std::fs::remove_file(path),
    }
}

/// Removes all temporary files and folders of this process. It is for a process
/// that is about to end.
pub fn remove_temporaries() {
    let live = std::mem::take(&mut *LIVE.lock().unwrap_or_else(PoisonError::into_inner));
    for path in live {
        // Another thread may be writing to the folder still.
        for _ in 0..5 {
            if remove(&path).is_ok() || !path.exists() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_what_is_in_use_stays() {
        let dir = tempfile::tempdir().unwrap();
        let live = TemporaryFolder::new(dir.path(), "work-").unwrap();
        let old = dir.path().join("work-old");
        std::fs::create_dir(&old).unwrap();
        std::fs::write(old.join("a"), "b").unwrap();
        std::fs::write(dir.path().join("work-file"), "").unwrap();
        std::fs::write(dir.path().join("other"), "").unwrap();
        remove_leftovers(dir.path(), "work-");
        assert!(!old.exists() && !dir.path().join("work-file").exists());
        assert!(live.path().exists() && dir.path().join("other").exists());
        let path = live.path().to_owned();
        drop(live);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_no_leftovers() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        std::fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, dir.path().join("work-link")).unwrap();
        remove_leftovers(dir.path(), "work-");
        assert!(target.exists() && dir.path().join("work-link").exists());
    }
}
