//! The cache folder of nneval: installed libraries, built engines.

use std::ffi::OsString;
use std::path::PathBuf;

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
}
