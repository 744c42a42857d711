//! Where the shared library is, without loading or downloading anything.

use crate::cache::cache_dir;
use crate::error::{Error, Result};
use crate::wheel::Wheel;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// How a library was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LibraryOrigin {
    /// The caller named it.
    Explicit,
    /// `ORT_DYLIB_PATH` names it.
    Environment,
    /// It was in nneval's cache folder.
    Cache,
    /// It has just been installed into nneval's cache folder.
    Installed,
}

impl LibraryOrigin {
    /// One lower-case word for this source.
    pub fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Environment => "environment",
            Self::Cache => "cache",
            Self::Installed => "installed",
        }
    }
}

impl fmt::Display for LibraryOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A shared library and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file; relative paths are relative to the working folder.
    pub path: PathBuf,
    /// How it was found.
    pub source: LibraryOrigin,
}

/// Searches `explicit`, then `ORT_DYLIB_PATH` (ignored when empty), then the
/// cache. `None` means that none of them has a library; nothing is downloaded.
///
/// # Errors
/// [`Error::Library`] naming a path that was asked for, explicitly or by
/// `ORT_DYLIB_PATH`, and is not a file: it is never passed over for the next.
pub fn locate(explicit: Option<&Path>) -> Result<Option<Located>> {
    locate_for(explicit, false)
}

/// As [`locate`]. With `gpu` the library with GPU providers goes first where the
/// cache has both.
///
/// # Errors
/// As [`locate`].
pub fn locate_for(explicit: Option<&Path>, gpu: bool) -> Result<Option<Located>> {
    let variable = std::env::var_os("ORT_DYLIB_PATH");
    let cached = cache_dir().map(|cache| cached(&cache, gpu)).unwrap_or_default();
    search(explicit, variable.as_deref(), &cached)
}

/// Where the cache may have a library, in order of preference.
fn cached(cache: &Path, gpu: bool) -> Vec<PathBuf> {
    let mut wheels = [Wheel::host(), Wheel::host_gpu()];
    if gpu {
        wheels.reverse();
    }
    wheels.iter().flatten().map(|wheel| wheel.library_in(cache)).collect()
}

fn search(
    explicit: Option<&Path>,
    variable: Option<&OsStr>,
    cached: &[PathBuf],
) -> Result<Option<Located>> {
    if let Some(path) = explicit {
        check_file(path, "")?;
        return Ok(Some(Located { path: path.to_owned(), source: LibraryOrigin::Explicit }));
    }
    if let Some(path) = variable.filter(|v| !v.is_empty()).map(Path::new) {
        check_file(path, " (from ORT_DYLIB_PATH)")?;
        return Ok(Some(Located { path: path.to_owned(), source: LibraryOrigin::Environment }));
    }
    let found = cached.iter().find(|p| p.is_file()).cloned();
    Ok(found.map(|path| Located { path, source: LibraryOrigin::Cache }))
}

/// That `path` is a file; `origin` follows the path in the message.
pub(crate) fn check_file(path: &Path, origin: &str) -> Result<()> {
    let reason = match std::fs::metadata(path) {
        Err(e) => e.to_string(),
        Ok(m) if m.is_dir() => "is a folder; name the shared library in it".to_owned(),
        Ok(m) if !m.is_file() => "is not a regular file".to_owned(),
        Ok(_) => return Ok(()),
    };
    match origin {
        "" => Err(Error::library(path, reason)),
        origin => {
            let reason = format!("{}{origin}: {reason}", path.display());
            Err(Error::Library { path: None, reason, hint: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explicit_then_variable_then_cache() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.so"), dir.path().join("b.so"));
        std::fs::write(&a, "").unwrap();
        std::fs::write(&b, "").unwrap();
        let source = |e: Option<&Path>, v: Option<&Path>, gpu| {
            let cached = cached(dir.path(), gpu);
            search(e, v.map(Path::as_os_str), &cached).unwrap().map(|l| (l.path, l.source))
        };
        let cpu = false;
        assert_eq!(source(Some(&a), Some(&b), cpu), Some((a.clone(), LibraryOrigin::Explicit)));
        assert_eq!(source(None, Some(&b), cpu), Some((b, LibraryOrigin::Environment)));
        assert_eq!(source(None, Some(Path::new("")), cpu), None);
        let mut libraries = Vec::new();
        for wheel in [Wheel::host(), Wheel::host_gpu()].into_iter().flatten() {
            let library = wheel.library_in(dir.path());
            std::fs::create_dir_all(wheel.folder_in(dir.path())).unwrap();
            std::fs::write(&library, "").unwrap();
            libraries.push(library);
            let newest = libraries.last().cloned();
            assert_eq!(source(None, None, true).map(|l| l.0), newest);
            assert_eq!(source(None, None, cpu).map(|l| l.0), libraries.first().cloned());
        }
    }

    #[test]
    fn a_wrong_path_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone.so");
        let explicit = search(Some(&gone), None, &[]).unwrap_err().to_string();
        assert!(explicit.contains("gone.so"), "{explicit}");
        let variable = search(None, Some(gone.as_os_str()), &[]).unwrap_err().to_string();
        assert!(variable.contains("gone.so (from ORT_DYLIB_PATH)"), "{variable}");
        let folder = search(Some(dir.path()), None, &[]).unwrap_err().to_string();
        assert!(folder.contains("folder"), "{folder}");
    }
}
