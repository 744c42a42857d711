//! Models in memory.

use crate::argument::{path, slice};
use crate::error::Error;
use nneval_evaluator::{Evaluator, Network};
use nneval_graph::costs::{self, Costs};
use nneval_graph::shape::Bindings;
use nneval_graph::{Blob, Limits, Model, budget, opstring};
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
    /// What errors call it; NULL: `<memory>`.
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
        // SAFETY: taken from a slice in `Memory::model`, whose result does not outlive that.
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

    /// The operation string of the model.
    pub(crate) fn operation_string(&self) -> nneval_graph::Result<String> {
        let limits = Limits::default();
        budget::within(&self.name, &limits, || {
            Ok(opstring::write(&opstring::of_model(&self.model(&limits)?)?))
        })
    }

    /// The model as `evaluator` reads it.
    pub(crate) fn network(&self, evaluator: &Evaluator) -> nneval_evaluator::Result<Network> {
        let limits = evaluator.limits();
        budget::within(&self.name, limits, || evaluator.network(&self.model(limits)?))
    }

    /// The static costs of the model.
    pub(crate) fn costs(&self, bindings: &Bindings) -> nneval_graph::Result<Costs> {
        let limits = Limits::default();
        budget::within(&self.name, &limits, || costs::of_model(&self.model(&limits)?, bindings))
    }

    /// The model, whose weights are slices of the caller's bytes, neither copied
    /// nor touched. It must be dropped before `self` is: the callers here return
    /// text and numbers.
    fn model(&self, limits: &Limits) -> nneval_graph::Result<Model> {
        let bytes = Blob::from_owner(Borrowed(self.data.as_ptr(), self.data.len()));
        Model::from_bytes(bytes, &self.name, limits)
    }
}
