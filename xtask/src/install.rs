//! `cargo xtask install`: the program, and what C and C++ programs need, below a prefix.
//!
//! Nothing installed holds the prefix: pkg-config and CMake files find it from
//! where they lie, so the tree may be moved as a whole.

use crate::artifacts::{self, ABI, Artifacts, VERSION};
use crate::tree::Tree;
use crate::{cmake, pkgconfig};
use anyhow::{Context, bail};
use std::path::{Component, Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to install.
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
    /// Folder that stands for / while installing, as packagers use it.
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
    /// Folder of the libraries below the prefix.
    #[arg(long, value_name = "DIR", default_value = "lib")]
    libdir: PathBuf,
    /// Read tokenizer files of other kinds too, as imported T5 checkpoints have them. The
    /// library is larger.
    #[arg(long)]
    foreign_tokenizers: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("only the library names of Linux are known to this task");
    }
    let prefix = std::path::absolute(&args.prefix).context("--prefix")?;
    let root = match &args.destdir {
        Some(destdir) => destdir.join(below_root(&prefix)),
        None => prefix.clone(),
    };
    let plain = |c: Component| matches!(c, Component::Normal(_));
    if !args.libdir.components().all(plain) || args.libdir.as_os_str().is_empty() {
        bail!("--libdir {}: is not a folder below the prefix", args.libdir.display());
    }
    let source = artifacts::repository();
    let features: &[&str] = if args.foreign_tokenizers { &["tokenizer-build"] } else { &[] };
    let built = artifacts::build(&source, features)?;
    let tree = Tree::at(root);
    libraries(&tree, &args.libdir, &built)?;
    tree.copy_program(&built.program, Path::new("bin/nneval"))?;
    for header in ["nneval.h", "nneval.hpp"] {
        tree.copy(&source.join("include").join(header), &Path::new("include").join(header))?;
    }
    evaluators(&tree, &source.join("models"))?;
    tree.write(&args.libdir.join("pkgconfig/nneval.pc"), &pkgconfig::file(&args.libdir))?;
    for (name, text) in cmake::files(&args.libdir) {
        tree.write(&args.libdir.join("cmake/nneval").join(name), &text)?;
    }
    println!("Installed nneval {VERSION} to {}", tree.root().display());
    Ok(())
}

/// `path` without what makes it absolute.
fn below_root(path: &Path) -> PathBuf {
    path.components().filter(|c| matches!(c, Component::Normal(_))).collect()
}

fn libraries(tree: &Tree, libdir: &Path, built: &Artifacts) -> anyhow::Result<()> {
    let (full, soname) = (format!("libnneval.so.{VERSION}"), format!("libnneval.so.{ABI}"));
    tree.copy(&built.shared, &libdir.join(&full))?;
    tree.link(&full, &libdir.join(&soname))?;
    tree.link(&soname, &libdir.join("libnneval.so"))?;
    tree.copy(&built.archive, &libdir.join("libnneval.a"))
}

/// The evaluators that come with nneval: the folders that hold one.
fn evaluators(tree: &Tree, models: &Path) -> anyhow::Result<()> {
    let entries = models.read_dir().with_context(|| models.display().to_string())?;
    for entry in entries {
        let folder = entry?.path();
        if !folder.join("evaluator.json").is_file() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default();
        for file in ["evaluator.json", "evaluator.onnx", "tokenizer.json"] {
            let to = Path::new("share/nneval/models").join(name).join(file);
            tree.copy(&folder.join(file), &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_goes_below_the_destination() {
        assert_eq!(below_root(Path::new("/usr/local")), Path::new("usr/local"));
    }
}
