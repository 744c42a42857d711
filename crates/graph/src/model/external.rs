//! Small tensors in external data files beside a model.

use super::tensor::Tensor;
use super::wire::StringStringEntryProto;
use prost::bytes::Bytes;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// Most bytes of a tensor that is read: 1024 integers, as many as are followed by value.
const MAX_TENSOR: u64 = 8 << 10;
/// Bytes that are read for one model.
const MAX_BYTES: u64 = 16 << 20;
/// Bytes that reading a tensor counts for at least, so that the number of reads is bounded.
const LEAST_BYTES: u64 = 256;

/// The folder of a model, in and below which external data is read.
#[derive(Debug)]
pub struct Folder {
    /// Without symbolic links; `None` where nothing may be read.
    root: Option<PathBuf>,
    left: u64,
}

impl Folder {
    /// The folder of the model file `model`.
    pub fn of(model: &Path) -> Self {
        let parent = model.parent().filter(|p| !p.as_os_str().is_empty());
        let root = std::fs::canonicalize(parent.unwrap_or(Path::new("."))).ok();
        Self { root, left: MAX_BYTES }
    }

    /// That of a model in memory: nothing is read.
    pub fn none() -> Self {
        Self { root: None, left: 0 }
    }

    /// The bytes of `tensor`, where it is small and `entries` lead to them. A file
    /// that is absent, too short, or outside the folder by a symbolic link gives
    /// none. `entries` passed [`location`].
    pub fn read(&mut self, tensor: &Tensor, entries: &[StringStringEntryProto]) -> Option<Bytes> {
        let size = tensor.bytes().filter(|&n| n > 0 && n <= MAX_TENSOR)?;
        let number = |key: &str| match entries.iter().find(|e| e.key == key) {
            Some(e) => e.value.trim().parse::<u64>().ok().map(Some),
            None => Some(None),
        };
        let offset = number("offset")?.unwrap_or(0);
        if number("length")?.is_some_and(|n| n != size) {
            return None;
        }
        let root = self.root.as_ref()?;
        self.left = self.left.checked_sub(size.max(LEAST_BYTES))?;
        let path = std::fs::canonicalize(root.join(location(entries).ok()?)).ok()?;
        // Looked at before it is opened: opening a pipe would wait for its writer.
        if !path.starts_with(root) || !std::fs::metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut file = File::open(&path).ok()?;
        file.seek(SeekFrom::Start(offset)).ok()?;
        let mut bytes = vec![0; usize::try_from(size).ok()?];
        file.read_exact(&mut bytes).ok()?;
        Some(bytes.into())
    }
}

/// Where the data lies, relative to the model's folder.
///
/// # Errors
/// The reason: no location, or one that is not in the model's own folder or below it.
pub fn location(entries: &[StringStringEntryProto]) -> Result<&Path, String> {
    let Some(e) = entries.iter().find(|e| e.key == "location") else {
        return Err("external data without a location".to_owned());
    };
    let path = Path::new(&e.value);
    let inside = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    match inside && !e.value.contains('\\') {
        true => Ok(path),
        false => Err(format!("external data {:?} lies outside the model's folder", e.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DataType, TensorData};

    fn tensor(n: u64) -> Tensor {
        Tensor { dtype: DataType::I64, dims: vec![n], data: TensorData::External }
    }

    fn entries(pairs: &[(&str, &str)]) -> Vec<StringStringEntryProto> {
        let one = |&(key, value): &(&str, &str)| StringStringEntryProto {
            key: key.into(),
            value: value.into(),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn small_tensors_of_the_own_folder_are_read() {
        let name = format!("nneval-external-{}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(dir.join("inner")).unwrap();
        let inner = dir.join("inner");
        std::fs::write(inner.join("w"), [1u8; 32]).unwrap();
        std::fs::write(dir.join("w"), [2u8; 32]).unwrap();
        let mut folder = Folder::of(&inner.join("m.onnx"));
        let mut read = |n: u64, pairs: &[(&str, &str)]| {
            folder.read(&tensor(n), &entries(pairs)).map(|b| b.len())
        };
        assert_eq!(read(4, &[("location", "w")]), Some(32));
        assert_eq!(read(2, &[("location", "./w"), ("offset", "16"), ("length", "16")]), Some(16));
        assert_eq!(read(2, &[("location", "w"), ("length", "15")]), None);
        assert_eq!(read(2, &[("location", "w"), ("offset", "17")]), None);
        assert_eq!(read(2, &[("location", "w"), ("offset", "-1")]), None);
        assert_eq!(read(2, &[("location", "absent")]), None);
        assert_eq!(read(2, &[("location", ".")]), None);
        assert_eq!(read(2, &[("location", "../w")]), None);
        assert_eq!(read(2000, &[("location", "w")]), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../w", inner.join("out")).unwrap();
            std::os::unix::fs::symlink("w", inner.join("in")).unwrap();
            assert_eq!(read(2, &[("location", "out")]), None);
            assert_eq!(read(2, &[("location", "in")]), Some(16));
        }
        assert_eq!(Folder::none().read(&tensor(2), &entries(&[("location", "w")])), None);
        folder.left = 300;
        assert!(folder.read(&tensor(2), &entries(&[("location", "w")])).is_some());
        assert!(folder.read(&tensor(2), &entries(&[("location", "w")])).is_none());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
