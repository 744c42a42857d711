//! Shared bytes of a model file.

use prost::bytes::Bytes;
use std::fmt;
use std::ops::Deref;

/// Bytes of a model, cheap to clone. Those of a file that was opened by path
/// are part of its memory map.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Blob(Bytes);

impl Blob {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    pub(crate) fn into_inner(self) -> Bytes {
        self.0
    }
}

impl Blob {
    /// The bytes of `owner`, which are not copied. It is dropped with the last
    /// clone.
    pub fn from_owner(owner: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self(Bytes::from_owner(owner))
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}
