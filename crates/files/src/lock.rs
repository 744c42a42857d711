//! Locks on results: one run at a time writes to a folder or file.

use crate::error::{Error, Result};
use crate::temporary::is_held;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Bytes of a lock that are read, at most.
const MOST_BYTES: u64 = 4096;

/// A lock on an output, for as long as this value lives. The operating system
/// takes it from a process that dies.
///
/// It stands in a file `.nneval-lock` beside the results, which holds the words
/// that describe its holder. On a file system without locks it locks nothing.
#[derive(Debug)]
pub struct OutputLock {
    path: PathBuf,
    _file: File,
    /// Folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
}

impl OutputLock {
    /// Locks the folder `dir`, which is created where it is missing, and goes with the
    /// lock where nothing was written to it. `holder` is what the error of another run
    /// says of this one.
    ///
    /// # Errors
    /// [`Error`] naming `dir`, of kind [`io::ErrorKind::ResourceBusy`] where
    /// another run has it.
    pub fn folder(dir: &Path, holder: &str) -> Result<Self> {
        let missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let made = dir.ancestors().take_while(missing).map(Path::to_owned).collect();
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, e))?;
        acquire(&dir.join(".nneval-lock"), holder, made).map_err(|e| Error::io(dir, e))
    }

    /// Locks the file `path`, which need not exist; its folder must.
    ///
    /// # Errors
    /// As [`OutputLock::folder`], naming `path`.
    pub fn file(path: &Path, holder: &str) -> Result<Self> {
        let mut name = std::ffi::OsString::from(".nneval-lock-");
        name.push(path.file_name().unwrap_or_default());
        acquire(&path.with_file_name(name), holder, Vec::new()).map_err(|e| Error::io(path, e))
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        // Removed while it is held: who waits for it sees that its file has gone.
        let _ = std::fs::remove_file(&self.path);
        // A folder that holds something stays.
        let _ = self.made.iter().try_for_each(std::fs::remove_dir);
    }
}

fn acquire(path: &Path, holder: &str, made: Vec<PathBuf>) -> io::Result<OutputLock> {
    loop {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if is_held(file.try_lock()) {
            return Err(busy(&mut file));
        }
        if !is_at(&file, path) {
            continue;
        }
        file.set_len(0)?;
        write!(file, "process {}: {holder}", std::process::id())?;
        file.flush()?;
        return Ok(OutputLock { path: path.to_owned(), _file: file, made });
    }
}

/// The error of a lock that another process has.
fn busy(file: &mut File) -> io::Error {
    let mut words = Vec::new();
    let read = file.rewind().and_then(|()| file.take(MOST_BYTES).read_to_end(&mut words));
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    let holder = match read {
        Ok(_) if !words.is_empty() => format!(" ({words})"),
        _ => String::new(),
    };
    let reason = format!("another run writes here{holder}; wait for its end, or write elsewhere");
    io::Error::new(io::ErrorKind::ResourceBusy, reason)
}

/// Whether the file of that path is still the open one.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same =
        |a: std::fs::Metadata, b: std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata().and_then(|a| Ok(same(a, std::fs::metadata(path)?))).unwrap_or(false)
}

/// An open file keeps its name.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_run_is_told_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let first = OutputLock::folder(&out, "nneval search").unwrap();
        let error = OutputLock::folder(&out, "nneval train").unwrap_err();
        assert_eq!((error.kind(), error.path()), (io::ErrorKind::ResourceBusy, out.as_path()));
        let want = format!("(process {}: nneval search)", std::process::id());
        assert!(error.to_string().contains(&want), "{error}");
        let file = OutputLock::file(&out.join("a.csv"), "x").unwrap();
        assert!(OutputLock::file(&out.join("a.csv"), "x").is_err());
        assert!(OutputLock::file(&out.join("b.csv"), "x").is_ok());
        drop((first, file));
        assert!(OutputLock::folder(&out, "nneval train").is_ok());
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "no lock is left");
    }

    #[test]
    fn a_folder_that_nothing_was_written_to_goes() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/b");
        drop(OutputLock::folder(&out, "x").unwrap());
        assert!(!dir.path().join("a").exists());
        let lock = OutputLock::folder(&out, "x").unwrap();
        std::fs::write(out.join("result"), "").unwrap();
        drop(lock);
        assert!(out.join("result").exists());
    }

    #[test]
    fn what_a_killed_run_left_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".nneval-lock"), "process 1: gone").unwrap();
        assert!(OutputLock::folder(dir.path(), "x").is_ok());
    }
}
