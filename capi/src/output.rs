//! Outputs: places of the caller, checked before the work, written after it.

use crate::error::Error;
use std::ptr::NonNull;

/// A place of the caller for a `T`.
pub(crate) struct Output<T>(NonNull<T>);

impl<T> Output<T> {
    /// The place at `pointer`; `what` is the argument's name.
    ///
    /// # Safety
    /// `pointer` is NULL, or a `T` may be written to it as long as this lives.
    pub(crate) unsafe fn new(pointer: *mut T, what: &str) -> Result<Self, Error> {
        NonNull::new(pointer).map(Self).ok_or_else(|| Error::null(what))
    }

    /// Writes `value`; what was there is not looked at.
    pub(crate) fn set(self, value: T) {
        // SAFETY: promised to `new`.
        unsafe { self.0.write(value) }
    }
}

impl<T> Output<*mut T> {
    /// Writes a handle, which the caller then owns.
    pub(crate) fn give(self, value: T) {
        self.set(Box::into_raw(Box::new(value)));
    }
}
