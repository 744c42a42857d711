//! What TensorRT is told: precision, the shapes to expect, where engines are kept.

use super::locate::cache_dir;
use ort::ep;
use std::path::PathBuf;

/// Options of the TensorRT provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TensorRt {
    /// Lets TensorRT compute in half precision where it finds that faster.
    pub fp16: bool,
    /// The shapes to expect. Without them an engine is built again for each
    /// shape that is outside of those seen.
    pub profile: Option<Profile>,
    /// Keeps built engines in nneval's cache folder, for models given as bytes.
    pub keep_engines: bool,
}

/// An optimisation profile: the shapes \[batch, length\] that an engine is built
/// for. Every one of the inputs has that shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Names of the inputs.
    pub inputs: &'static [&'static str],
    /// The smallest shape.
    pub least: [usize; 2],
    /// The shape that the engine is tuned for.
    pub usual: [usize; 2],
    /// The largest shape.
    pub most: [usize; 2],
}

impl Profile {
    /// `NAME:1x8,NAME:1x8`, as ONNX Runtime takes shapes.
    fn spelled(&self, shape: [usize; 2]) -> String {
        let [batch, length] = shape;
        let one = |name: &&str| format!("{name}:{batch}x{length}");
        self.inputs.iter().map(one).collect::<Vec<_>>().join(",")
    }
}

impl TensorRt {
    /// The provider with these options. Engines are kept under `key`, which must
    /// tell models apart that differ in their weights alone: ONNX Runtime names an
    /// engine after the structure of its graph. Without a key none are kept.
    pub(super) fn provider(&self, key: Option<&str>) -> ep::TensorRT {
        let mut provider = ep::TensorRT::default().with_fp16(self.fp16);
        if let Some(folder) = key.and_then(engines) {
            let folder = folder.display().to_string();
            provider = provider
                .with_engine_cache(true)
                .with_engine_cache_path(&folder)
                .with_timing_cache(true)
                .with_timing_cache_path(&folder);
        }
        if let Some(p) = &self.profile {
            provider = provider
                .with_profile_min_shapes(p.spelled(p.least))
                .with_profile_opt_shapes(p.spelled(p.usual))
                .with_profile_max_shapes(p.spelled(p.most));
        }
        provider
    }
}

/// The folder of a model's engines, `tensorrt/KEY` in nneval's cache.
fn folder(key: &str) -> Option<PathBuf> {
    Some(cache_dir()?.join("tensorrt").join(key))
}

/// The folder of a model's engines, made where it is missing; `None` where there
/// is no cache folder or it cannot be written to.
fn engines(key: &str) -> Option<PathBuf> {
    let folder = folder(key)?;
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

/// Removes the folder of a model's engines where none came to be.
pub(super) fn discard_empty(key: &str) {
    if let Some(folder) = folder(key) {
        // A folder with engines in it stays, and so does the one of all models.
        let _ = std::fs::remove_dir(&folder);
        let _ = folder.parent().map(std::fs::remove_dir);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_spelled_for_every_input() {
        let profile =
            Profile { inputs: &["a", "b"], least: [1, 8], usual: [2, 8], most: [64, 512] };
        assert_eq!(profile.spelled(profile.most), "a:64x512,b:64x512");
    }
}
