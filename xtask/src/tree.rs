//! Files below the installation's root, each put in place by renaming.

use anyhow::Context;
use std::io;
use std::path::{Path, PathBuf};

/// Permissions of a file, and of a program.
const READ: u32 = 0o644;
const RUN: u32 = 0o755;

/// The folder that files are installed below.
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Copies the file `from` to `to`, which is below the root.
    pub fn copy(&self, from: &Path, to: &Path) -> anyhow::Result<()> {
        let bytes = std::fs::read(from).with_context(|| from.display().to_string())?;
        self.put(to, READ, |temporary| std::fs::write(temporary, bytes))
    }

    /// As [`Tree::copy`], a program.
    pub fn copy_program(&self, from: &Path, to: &Path) -> anyhow::Result<()> {
        let bytes = std::fs::read(from).with_context(|| from.display().to_string())?;
        self.put(to, RUN, |temporary| std::fs::write(temporary, bytes))
    }

    /// Writes a text file.
    pub fn write(&self, to: &Path, text: &str) -> anyhow::Result<()> {
        self.put(to, READ, |temporary| std::fs::write(temporary, text))
    }

    /// Makes a symbolic link to `target`, a name in the link's folder.
    pub fn link(&self, target: &str, to: &Path) -> anyhow::Result<()> {
        self.put(to, READ, |temporary| symlink(target, temporary))
    }

    fn put(
        &self,
        to: &Path,
        mode: u32,
        make: impl FnOnce(&Path) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let path = self.root.join(to);
        let folder = path.parent().unwrap_or(&self.root);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let temporary = folder.join(format!(".{name}.{}", std::process::id()));
        let work = || -> io::Result<()> {
            std::fs::create_dir_all(folder)?;
            make(&temporary)?;
            if !temporary.is_symlink() {
                set_mode(&temporary, mode)?;
            }
            std::fs::rename(&temporary, &path)
        };
        let done = work();
        if done.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        done.with_context(|| path.display().to_string())
    }
}

#[cfg(unix)]
use std::os::unix::fs::symlink;

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn symlink(_target: &str, _link: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}
