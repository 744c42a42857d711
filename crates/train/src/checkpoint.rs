//! Checkpoints: the whole state of a run in one file.
//!
//! Layout: the magic line, a line of JSON (progress, lengths, SHA-256 of the
//! rest), then the four vectors as little-endian f32.

use super::environment::Environment;
use super::step::State;
use crate::error::{CheckpointFault, Error, Result};
use nneval_files::{sha256, write_atomic};
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAGIC: &str = "nneval checkpoint 1";

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Fingerprint of the run's settings and data; a resumed run must match.
    pub fingerprint: String,
    /// What the steps were computed with; a resumed run must match, or its
    /// losses would not be bit-equal.
    #[serde(default)]
    pub environment: Environment,
    /// Epochs finished.
    pub epoch: usize,
    /// Steps taken.
    pub step: u64,
    /// Best validation score so far and its epoch.
    pub best: Option<(f64, usize)>,
    /// Losses of the epoch in progress, summed, and their number.
    pub loss: (f64, u64),
}

#[derive(Serialize, Deserialize)]
struct Header {
    progress: Progress,
    n: usize,
    sha256: String,
}

/// Writes a checkpoint; an earlier one at `path` is replaced whole or not at all.
///
/// # Errors
/// [`Error::Base`].
pub fn save(path: &Path, progress: &Progress, state: &State) -> Result<()> {
    let vectors = [&state.params, &state.adam_m, &state.adam_v, &state.average];
    let body: Vec<u8> =
        vectors.iter().flat_map(|v| v.iter()).flat_map(|x| x.to_le_bytes()).collect();
    let header =
        Header { progress: progress.clone(), n: state.params.len(), sha256: sha256(&body) };
    let header = serde_json::to_string(&header).map_err(|e| Error::Data(e.to_string()))?;
    let mut bytes = format!("{MAGIC}\n{header}\n").into_bytes();
    bytes.extend(body);
    Ok(write_atomic(path, &bytes)?)
}

/// Reads a checkpoint.
///
/// # Errors
/// [`Error::Base`], or [`Error::Checkpoint`] where the file is damaged.
pub fn load(path: &Path) -> Result<(Progress, State)> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let damaged = || Error::Checkpoint { path: path.to_owned(), fault: CheckpointFault::Damaged };
    parse(&bytes).ok_or_else(damaged)
}

/// The averaged parameters in a checkpoint.
///
/// # Errors
/// [`Error::File`], or [`Error::Checkpoint`] where the file is damaged.
pub fn checkpoint_parameters(path: &Path) -> Result<Vec<f32>> {
    load(path).map(|(_, state)| state.average)
}

fn parse(bytes: &[u8]) -> Option<(Progress, State)> {
    let rest = bytes.strip_prefix(MAGIC.as_bytes())?.strip_prefix(b"\n")?;
    let end = rest.iter().position(|&b| b == b'\n')?;
    let header: Header = serde_json::from_slice(rest.get(..end)?).ok()?;
    let body = rest.get(end + 1..)?;
    if sha256(body) != header.sha256 || body.len() != header.n.checked_mul(16)? {
        return None;
    }
    let floats = |i: usize| -> Vec<f32> {
        let part = body.get(i * header.n * 4..(i + 1) * header.n * 4).unwrap_or_default();
        part.as_chunks::<4>().0.iter().map(|&c| f32::from_le_bytes(c)).collect()
    };
    let step = header.progress.step;
    let state =
        State { params: floats(0), adam_m: floats(1), adam_v: floats(2), average: floats(3), step };
    Some((header.progress, state))
}
