//! Whole-file writes that leave either the old file or the new one, never half.

use crate::error::{Error, Result};
use crate::temporary::{PREFIX, TemporaryFile, remove_leftovers};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Symbolic links that are followed to a file, at most; as Linux does.
const MOST_LINKS: usize = 40;

/// Writes `bytes` to `path` under a temporary name in the same folder, syncs,
/// then renames. Missing parent folders are created. A file that was there gives
/// the new one its permissions.
///
/// A symbolic link is followed and stays. What is no regular file (a device, a
/// pipe, standard output by its name in `/dev`) is written to and stays.
///
/// # Errors
/// [`Error`] naming `path`; an existing file at `path` is then untouched.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    match destination(path).map_err(|e| Error::io(path, e))? {
        Destination::Stream(at) => write_stream(&at, bytes).map_err(|e| Error::io(path, e)),
        Destination::File(file) => write_file(path, &file, bytes),
    }
}

fn write_file(path: &Path, file: &Path, bytes: &[u8]) -> Result<()> {
    let dir = match file.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, e))?;
    clean_once(dir);
    let old = std::fs::metadata(file).ok();
    let write = || -> io::Result<()> {
        let new = TemporaryFile::new(dir, old.as_ref())?;
        new.file()?.write_all(bytes)?;
        new.file()?.sync_all()?;
        new.persist(file)
    };
    write().map_err(|e| Error::io(path, e))
}

/// Removes what killed processes have left in a folder, at the first write to it.
fn clean_once(dir: &Path) {
    static CLEANED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if CLEANED.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.to_owned()) {
        remove_leftovers(dir, PREFIX);
    }
}

/// Standard output and error are written by their handles, so that what is
/// written later follows; others at their end.
fn write_stream(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut stream: Box<dyn Write> = match descriptor(path).as_deref() {
        Some("1") => Box::new(io::stdout()),
        Some("2") => Box::new(io::stderr()),
        _ => Box::new(OpenOptions::new().append(true).open(path)?),
    };
    stream.write_all(bytes)?;
    stream.flush()
}

/// Where bytes for a path go.
enum Destination {
    /// To a file that is replaced, or made.
    File(PathBuf),
    /// Through something that is no regular file.
    Stream(PathBuf),
}

fn destination(path: &Path) -> io::Result<Destination> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        if descriptor(&at).is_some() {
            return Ok(Destination::Stream(at));
        }
        match std::fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_symlink() => {
                let target = std::fs::read_link(&at)?;
                at = at.parent().unwrap_or(Path::new("")).join(target);
            }
            Ok(meta) if meta.is_file() => return Ok(Destination::File(at)),
            Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => return Ok(Destination::Stream(at)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Destination::File(at)),
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// The number of an open file of this process that a path like `/dev/fd/3` names.
fn descriptor(path: &Path) -> Option<String> {
    let (folder, name) = (path.parent()?.to_str()?, path.file_name()?.to_str()?);
    let own = format!("/proc/{}/fd", std::process::id());
    let known = ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd", own.as_str()];
    let number = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    (number && known.contains(&folder)).then(|| name.to_owned())
}

/// Whether `path` is there and bytes for it go through something that is no
/// regular file: a device, a pipe, an open file by its number.
pub fn is_stream(path: &Path) -> bool {
    matches!(std::fs::metadata(path), Ok(meta) if !meta.is_dir())
        && !matches!(destination(path), Ok(Destination::File(_)))
}

/// Makes sure that files can be written to the folder `dir`, which is created
/// where it is missing. Removes what killed processes have left there.
///
/// # Errors
/// [`Error`] naming `dir`.
pub fn check_writable(dir: &Path) -> Result<()> {
    let probe = || {
        std::fs::create_dir_all(dir)?;
        remove_leftovers(dir, PREFIX);
        TemporaryFile::new(dir, None)
    };
    probe().map(drop).map_err(|e| Error::io(dir, e))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_followed_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/file"), "old").unwrap();
        std::fs::set_permissions(at("sub/file"), PermissionsExt::from_mode(0o600)).unwrap();
        symlink("sub/file", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("sub/new", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        write_atomic(&at("two"), b"new").unwrap();
        write_atomic(&at("dangling"), b"made").unwrap();
        assert_eq!(std::fs::read(at("sub/file")).unwrap(), b"new");
        assert_eq!(std::fs::read(at("sub/new")).unwrap(), b"made");
        assert!(at("one").is_symlink() && at("two").is_symlink() && at("dangling").is_symlink());
        let mode = std::fs::metadata(at("sub/file")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "permissions stay");
        assert!(write_atomic(&at("loop"), b"x").is_err());
        assert!(write_atomic(&at("sub"), b"x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 5, "nothing is left");
    }

    #[test]
    fn pipes_and_devices_are_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        write_atomic(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(is_stream(&pipe));
        let link = dir.path().join("null");
        symlink("/dev/null", &link).unwrap();
        write_atomic(&link, b"x").unwrap();
        assert!(link.is_symlink() && is_stream(&link));
        assert!(!is_stream(dir.path()) && !is_stream(&dir.path().join("none")));
        assert_eq!(
            write_atomic(Path::new("/dev/full"), b"x").unwrap_err().path(),
            Path::new("/dev/full")
        );
    }

    #[test]
    fn leftovers_of_killed_writers_go_at_the_next_write() {
        let dir = tempfile::tempdir().unwrap();
        let left = dir.path().join(".nneval-abc");
        std::fs::write(&left, "half").unwrap();
        write_atomic(&dir.path().join("a"), b"1").unwrap();
        assert!(!left.exists());
        std::fs::write(&left, "half").unwrap();
        check_writable(dir.path()).unwrap();
        assert!(!left.exists());
    }
}
