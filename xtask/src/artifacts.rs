//! The libraries: what they are called, how they are built.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of the ABI, in the soname (`capi/build.rs`): grows when programs
/// must be compiled anew.
pub const ABI: &str = "0";
/// The version of nneval.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What programs that link the static library need besides.
pub const SYSTEM_LIBRARIES: [&str; 5] = ["gcc_s", "pthread", "m", "dl", "c"];

/// The built libraries.
pub struct Artifacts {
    pub shared: PathBuf,
    pub archive: PathBuf,
    pub program: PathBuf,
}

/// The repository's folder.
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Builds the release libraries of the C ABI, with `features` of nneval-capi, and the program.
pub fn build(repository: &Path, features: &[&str]) -> anyhow::Result<Artifacts> {
    let features = features.join(",");
    cargo(repository, &["--package", "nneval-capi", "--features", &features])?;
    cargo(repository, &["--package", "nneval", "--bins"])?;
    let folder = target_folder(repository)?.join("release");
    Ok(Artifacts {
        shared: folder.join("libnneval_capi.so"),
        archive: folder.join("libnneval_capi.a"),
        program: folder.join("nneval"),
    })
}

/// Runs `cargo build --release`.
fn cargo(repository: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release"]).args(arguments).current_dir(repository);
    let status = command.status().context("cargo does not start")?;
    if !status.success() {
        bail!("cargo build failed");
    }
    Ok(())
}

/// The target folder: that of this program, which cargo has built in
/// `TARGET/release` or `TARGET/debug`.
fn target_folder(repository: &Path) -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("CARGO_TARGET_DIR") {
        return Ok(repository.join(named));
    }
    let own = std::env::current_exe().context("the path of this program")?;
    let target = own.parent().and_then(Path::parent);
    Ok(target.context("this program lies in no target folder")?.to_owned())
}
