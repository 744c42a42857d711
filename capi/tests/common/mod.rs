//! What these tests share.
#![allow(dead_code)] // each test file uses a part

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// This crate's folder.
pub static CAPI: LazyLock<PathBuf> = LazyLock::new(|| Path::new(env!("CARGO_MANIFEST_DIR")).into());

/// The repository.
pub fn root() -> PathBuf {
    CAPI.parent().unwrap().to_owned()
}
