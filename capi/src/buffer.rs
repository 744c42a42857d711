//! Models in memory.

use crate::argument::{path, slice};
use crate::error::Error;
use bytes::Bytes;
use nneval::graph::{Limits, Model};
use std::ffi::{c_char, c_void};
use std::path::{Path, PathBuf};

/// An ONNX model in memory.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Buffer {
    /// The bytes of the file.
    pub data: *const c_void,
    /// Their number.
    pub size: usize,
    /// What errors call it; NULL: "<memory>".
    pub name: *const c_char,
}

/// A [`Buffer`] whose pointers have been checked.
pub(crate) struct Memory<'a> {
    data: &'a [u8],
    name: PathBuf,
}

/// The bytes of a caller, which outlive every use of this.
struct Borrowed(*const u8, usize);

// SAFETY: the bytes are only read.
unsafe impl Send for Borrowed {}

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: taken from a slice in `Memory::with_model`, which outlives this.
        unsafe { std::slice::from_raw_parts(self.0, self.1) }
    }
}

impl<'a> Memory<'a> {
    /// # Safety
    /// Nobody changes or frees the bytes and the name during `'a`.
    pub(crate) unsafe fn new(buffer: &Buffer) -> Result<Self, Error> {
        // SAFETY: as the caller promises.
        let data = unsafe { slice(buffer.data.cast::<u8>(), buffer.size, "data of a buffer") }?;
        let name = match buffer.name.is_null() {
            true => Path::new("<memory>"),
            // SAFETY: as the caller promises.
            false => unsafe { path(buffer.name, "name of a buffer") }?,
        };
        Ok(Self { data, name: name.to_owned() })
    }

    /// What `work` makes of the model. Weights are neither copied nor touched.
    pub(crate) fn with_model<T: 'static>(
        &self,
        limits: &Limits,
        work: impl FnOnce(&Model) -> nneval::Result<T>,
    ) -> nneval::Result<T> {
        // The model, and with it the last of its slices of the bytes, is dropped
        // here: `work` sees it by reference, and its result is free of borrows.
        let bytes = Bytes::from_owner(Borrowed(self.data.as_ptr(), self.data.len()));
        let model = Model::from_bytes(bytes, &self.name, limits)?;
        work(&model)
    }
}
