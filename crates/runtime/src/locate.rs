//! Where the shared library is, without loading or downloading anything.

use super::choice::Choice;
use super::wheel::Wheel;
use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// How a library was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The caller named it.
    Explicit,
    /// `ORT_DYLIB_PATH` names it.
    Environment,
    /// It was in nneval's cache folder.
    Cache,
    /// It has just been installed into nneval's cache folder.
    Installed,
}

impl Source {
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

impl fmt::Display for Source {
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
    pub source: Source,
}

/// Searches `explicit`, then `ORT_DYLIB_PATH` (ignored when empty), then the
/// cache. `None` means that none of them has a library; nothing is downloaded.
///
/// # Errors
/// [`Error::Runtime`] naming a path that was asked for, explicitly or by
/// `ORT_DYLIB_PATH`, and is not a file: it is never passed over for the next.
pub fn locate(explicit: Option<&Path>) -> Result<Option<Located>> {
    locate_for(explicit, Choice::default())
}

/// As [`locate`] for the provider that is asked for: of two libraries in the cache
/// the one with GPU providers goes first, unless the CPU is named.
///
/// # Errors
/// As [`locate`].
pub fn locate_for(explicit: Option<&Path>, choice: Choice) -> Result<Option<Located>> {
    let variable = std::env::var_os("ORT_DYLIB_PATH");
    let cached = cache_dir().map(|cache| cached(&cache, choice)).unwrap_or_default();
    search(explicit, variable.as_deref(), &cached)
}

/// Where the cache may have a library, in order of preference.
fn cached(cache: &Path, choice: Choice) -> Vec<PathBuf> {
    let mut wheels = [Wheel::host(), Wheel::host_gpu()];
    if choice.wants_gpu() {
        wheels.reverse();
    }
    wheels.iter().flatten().map(|wheel| wheel.library_in(cache)).collect()
}

/// nneval's cache folder: `NNEVAL_CACHE`, else `nneval` below `XDG_CACHE_HOME`,
/// else below `~/.cache` (macOS: `~/Library/Caches`; Windows: `%LOCALAPPDATA%`,
/// without `XDG_CACHE_HOME`). `None` where even the home folder is unknown.
pub fn cache_dir() -> Option<PathBuf> {
    cache_dir_from(|name| std::env::var_os(name), std::env::home_dir())
}

fn cache_dir_from(
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    let path = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(own) = path("NNEVAL_CACHE") {
        return Some(own);
    }
    let home = home.filter(|h| !h.as_os_str().is_empty());
    if cfg!(windows) {
        let local = path("LOCALAPPDATA").or(home.map(|h| h.join("AppData").join("Local")));
        return local.map(|l| l.join("nneval").join("cache"));
    }
    let platform = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    // The XDG base directory specification has relative paths ignored.
    let base = path("XDG_CACHE_HOME").filter(|p| p.is_absolute());
    base.or(home.map(|h| h.join(platform))).map(|b| b.join("nneval"))
}

fn search(
    explicit: Option<&Path>,
    variable: Option<&OsStr>,
    cached: &[PathBuf],
) -> Result<Option<Located>> {
    if let Some(path) = explicit {
        check_file(path, "")?;
        return Ok(Some(Located { path: path.to_owned(), source: Source::Explicit }));
    }
    if let Some(path) = variable.filter(|v| !v.is_empty()).map(Path::new) {
        check_file(path, " (from ORT_DYLIB_PATH)")?;
        return Ok(Some(Located { path: path.to_owned(), source: Source::Environment }));
    }
    let found = cached.iter().find(|p| p.is_file()).cloned();
    Ok(found.map(|path| Located { path, source: Source::Cache }))
}

/// That `path` is a file; `origin` follows the path in the message.
pub(super) fn check_file(path: &Path, origin: &str) -> Result<()> {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(e) => Err(Error::Runtime(format!("{shown}{origin}: {e}"))),
        Ok(m) if m.is_dir() => Err(Error::Runtime(format!(
            "{shown}{origin}: is a folder; name the shared library in it"
        ))),
        Ok(m) if !m.is_file() => {
            Err(Error::Runtime(format!("{shown}{origin}: is not a regular file")))
        }
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache_for(vars: &[(&str, &str)], home: Option<&str>) -> Option<PathBuf> {
        let lookup = |name: &str| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| v.into());
        cache_dir_from(lookup, home.map(PathBuf::from))
    }

    #[test]
    fn own_variable_wins_and_empty_counts_as_unset() {
        let vars = [("NNEVAL_CACHE", "/a"), ("XDG_CACHE_HOME", "/b"), ("LOCALAPPDATA", "/b")];
        assert_eq!(cache_for(&vars, Some("/h")), Some("/a".into()));
        assert_eq!(cache_for(&[("NNEVAL_CACHE", "")], None), None);
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn xdg_then_home() {
        assert_eq!(cache_for(&[("XDG_CACHE_HOME", "/b")], Some("/h")), Some("/b/nneval".into()));
        assert_eq!(
            cache_for(&[("XDG_CACHE_HOME", "rel")], Some("/h")),
            Some("/h/.cache/nneval".into())
        );
        assert_eq!(cache_for(&[], Some("/h")), Some("/h/.cache/nneval".into()));
        assert_eq!(cache_for(&[], None), None);
    }

    #[test]
    fn explicit_then_variable_then_cache() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.so"), dir.path().join("b.so"));
        std::fs::write(&a, "").unwrap();
        std::fs::write(&b, "").unwrap();
        let source = |e: Option<&Path>, v: Option<&Path>, choice| {
            let cached = cached(dir.path(), choice);
            search(e, v.map(Path::as_os_str), &cached).unwrap().map(|l| (l.path, l.source))
        };
        let cpu = Choice::default();
        assert_eq!(source(Some(&a), Some(&b), cpu), Some((a.clone(), Source::Explicit)));
        assert_eq!(source(None, Some(&b), cpu), Some((b, Source::Environment)));
        assert_eq!(source(None, Some(Path::new("")), cpu), None);
        let mut libraries = Vec::new();
        for wheel in [Wheel::host(), Wheel::host_gpu()].into_iter().flatten() {
            let library = wheel.library_in(dir.path());
            std::fs::create_dir_all(wheel.folder_in(dir.path())).unwrap();
            std::fs::write(&library, "").unwrap();
            libraries.push(library);
            let newest = libraries.last().cloned();
            assert_eq!(source(None, None, Choice::Auto).map(|l| l.0), newest);
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
