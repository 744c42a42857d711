//! Model files from paths: files as given, folders walked for `*.onnx`.

use anyhow::bail;
use std::path::{Path, PathBuf};

/// The model files that `paths` name, folders in the order of their names. A
/// path that does not exist counts as a file: reading it fails, alone.
///
/// # Errors
/// A folder without models, or one that cannot be walked.
pub fn models(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for path in paths {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let before = out.len();
        for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() && is_model(entry.path()) {
                out.push(entry.into_path());
            }
        }
        if out.len() == before {
            bail!("{}: no *.onnx files in this folder", path.display());
        }
    }
    Ok(out)
}

fn is_model(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
}
