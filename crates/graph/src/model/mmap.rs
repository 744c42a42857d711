//! Memory-mapped files as `Bytes`.

use crate::error::{Error, Result};
use prost::bytes::Bytes;
use std::fs::File;
use std::path::Path;

/// Maps `path` read-only. Pages are loaded when touched, so weights that
/// nobody reads cost nothing.
///
/// # Errors
/// [`Error::Io`] where the file cannot be opened or mapped, [`Error::Model`]
/// where it is a folder, empty, or larger than `max_bytes`.
pub fn map(path: &Path, max_bytes: u64) -> Result<Bytes> {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let meta = std::fs::metadata(path).map_err(|e| Error::io(path, e))?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(Error::model(path, format!("is {what}, not a model file")));
    }
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let meta = file.metadata().map_err(|e| Error::io(path, e))?;
    match meta.len() {
        0 => Err(Error::model(path, "the file is empty")),
        n if n > max_bytes => Err(Error::model(
            path,
            format!("{n} bytes is over the limit of {max_bytes} bytes (limit: file-bytes)"),
        )),
        _ => map_file(&file).map(Bytes::from_owner).map_err(|e| Error::io(path, e)),
    }
}

#[allow(unsafe_code)]
fn map_file(file: &File) -> std::io::Result<memmap2::Mmap> {
    // SAFETY: the map is read-only and private to this process, and every
    // reader treats its bytes as untrusted. The one remaining hazard of a file
    // map, another process truncating or rewriting the file meanwhile, is
    // documented in the crate's reading functions: models must not be modified
    // while they are being read (the file is open only for the time of one read).
    unsafe { memmap2::Mmap::map(file) }
}
