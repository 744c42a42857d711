//! Bundles: folders that hold an evaluator. A bundle loads whole or not at all.

use super::manifest::{FORMAT, Manifest};
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use crate::weights::outside;
use nneval_files::{HEAD_BYTES, JSON, foreign_format, sha256, write_atomic};
use nneval_graph::opstring;
use std::path::Path;

const MODEL: &str = "evaluator.onnx";
const TOKENIZER: &str = "tokenizer.json";
const MANIFEST: &str = "evaluator.json";
const RECIPE: &str = "recipe.toml";

/// Largest file of a bundle that is read, in bytes: 2 GiB, which no ONNX file exceeds.
const MOST_BYTES: u64 = 1 << 31;
/// Longest window, in tokens.
const MOST_TOKENS: usize = 1 << 20;

/// The content of a regular file that is what its name says.
///
/// # Errors
/// What is wrong with it, after its name.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let meta = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "is missing".to_owned(),
        _ => format!("cannot be read: {e}"),
    })?;
    if !meta.is_file() || meta.len() > MOST_BYTES {
        return Err("is no file, or too large".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|e| format!("cannot be read: {e}"))?;
    let format = foreign_format(bytes.get(..HEAD_BYTES).unwrap_or(&bytes));
    match format.filter(|f| f.name != JSON) {
        Some(format) => Err(format!("is {format}")),
        None => Ok(bytes),
    }
}

/// The content of an evaluator folder (`docs/bundle-format.md`).
///
/// ```
/// use nneval_evaluator::{Bundle, shipped};
/// let bundle = Bundle::open(&shipped::find("nats-tss").expect("a shipped evaluator"))?;
/// assert_eq!(bundle.manifest.metrics[0].spec.name, "cifar10_test_acc_pct");
/// # Ok::<(), nneval_evaluator::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Bundle {
    /// What it predicts.
    pub manifest: Manifest,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// Its model, as ONNX bytes.
    pub model: Vec<u8>,
    /// The recipe that it was trained by, as TOML. Nothing that is predicted depends on it, so it
    /// has no checksum and may be missing.
    pub recipe: Option<String>,
}

impl Bundle {
    /// A bundle of its three parts.
    pub fn new(manifest: Manifest, tokenizer: Tokenizer, model: Vec<u8>) -> Self {
        Self { manifest, tokenizer, model, recipe: None }
    }

    /// Reads the folder `dir` and checks versions and checksums.
    ///
    /// # Errors
    /// [`Error::Bundle`] where a file is missing, altered or of another version.
    pub fn open(dir: &Path) -> Result<Self> {
        let bad = |reason: String| Error::Bundle { path: dir.to_owned(), reason };
        if !dir.is_dir() {
            return Err(bad("there is no such folder".into()));
        }
        let read = |name: &str| read(&dir.join(name)).map_err(|e| bad(format!("{name} {e}")));
        let manifest: Manifest = serde_json::from_slice(&read(MANIFEST)?)
            .map_err(|e| bad(format!("{MANIFEST} is not an evaluator description: {e}")))?;
        if !(1..=FORMAT).contains(&manifest.format) {
            let v = manifest.format;
            return Err(bad(format!("has layout version {v}; this nneval reads 1 to {FORMAT}")));
        }
        if !(1..=opstring::VERSION).contains(&manifest.string_version) {
            let (v, own) = (manifest.string_version, opstring::VERSION);
            return Err(bad(format!(
                "was made for operation string version {v}; this nneval writes versions 1 to {own}"
            )));
        }
        let checked = |name: &str| {
            let bytes = read(name)?;
            match manifest.files.get(name) {
                Some(sum) if *sum == sha256(&bytes) => Ok(bytes),
                Some(_) => Err(bad(format!("{name} is altered: its SHA-256 differs"))),
                None => Err(bad(format!("{MANIFEST} lists no checksum for {name}"))),
            }
        };
        let (model, tokenizer) = (checked(MODEL)?, checked(TOKENIZER)?);
        match outside(&model) {
            Ok(None) => {}
            Ok(Some(what)) => {
                return Err(bad(format!("{MODEL} has {what}; a bundle holds all that it needs")));
            }
            Err(reason) => return Err(bad(format!("{MODEL} is no ONNX model: {reason}"))),
        }
        if manifest.metrics.is_empty() || !(1..=MOST_TOKENS).contains(&manifest.window) {
            return Err(bad(format!("{MANIFEST} names no metrics or no window")));
        }
        if let Some(fault) = manifest.fault() {
            return Err(bad(format!("{MANIFEST}: {fault}")));
        }
        let tokenizer = Tokenizer::from_bytes(&tokenizer).map_err(|e| bad(e.to_string()))?;
        let recipe = std::fs::read_to_string(dir.join(RECIPE)).ok();
        Ok(Self { manifest, tokenizer, model, recipe })
    }

    /// Token numbers of an operation string, in the bundle's style.
    ///
    /// # Errors
    /// [`Error::Graph`] for what is no operation string, where the style is another
    /// than [`opstring::Style::V1`], or as [`Tokenizer::encode`].
    pub fn tokens(&self, string: &str) -> Result<Vec<u32>> {
        self.tokenizer.encode(&self.manifest.string_style.of_string(string)?)
    }

    /// Writes the bundle to the folder `dir`: each file whole, the description last.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::Tokenizer`].
    pub fn save(mut self, dir: &Path) -> Result<()> {
        let tokenizer = self.tokenizer.to_json()?;
        self.manifest.files = [
            (MODEL.to_owned(), sha256(&self.model)),
            (TOKENIZER.to_owned(), sha256(tokenizer.as_bytes())),
        ]
        .into();
        let manifest = serde_json::to_string_pretty(&self.manifest).map_err(|e| Error::Bundle {
            path: dir.to_owned(),
            reason: format!("{MANIFEST}: {e}"),
        })?;
        write_atomic(&dir.join(MODEL), &self.model)?;
        write_atomic(&dir.join(TOKENIZER), tokenizer.as_bytes())?;
        if let Some(recipe) = &self.recipe {
            write_atomic(&dir.join(RECIPE), recipe.as_bytes())?;
        }
        write_atomic(&dir.join(MANIFEST), format!("{manifest}\n").as_bytes())?;
        Ok(())
    }
}
