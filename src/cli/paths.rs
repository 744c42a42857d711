//! Model files from paths: files as given, folders walked for `*.onnx`.

use anyhow::bail;
use std::path::{Path, PathBuf};

/// The model files that `paths` name, folders in the order of their names. A
/// path that does not exist counts as a file: reading it fails, alone. Links are
/// followed, but for those to a folder that they lie in.
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
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_model(entry.path()) => {
                    out.push(entry.into_path());
                }
                Ok(_) => {}
                // A link to a folder that it lies in leads nowhere new.
                Err(e) if e.loop_ancestor().is_some() => {}
                Err(e) => match e.path() {
                    Some(at) if at == path => return Err(e.into()),
                    Some(at) if is_model(at) => out.push(at.to_owned()),
                    _ => super::console::note(format_args!("not read: {e}")),
                },
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
