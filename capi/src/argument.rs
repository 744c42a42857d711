//! Arguments on their way in: checked pointers.

use crate::error::Error;
use std::ffi::{CStr, c_char};
use std::path::Path;

/// The handle or struct at `pointer`; `what` is the argument's name.
///
/// # Safety
/// `pointer` is NULL, or points at a `T` that nobody changes or frees during `'a`.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Error> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| Error::null(what))
}

/// The handle at `pointer`, to change it.
///
/// # Safety
/// `pointer` is NULL, or points at a `T` that nobody else uses during `'a`.
pub(crate) unsafe fn reference_mut<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Error> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_mut() }.ok_or_else(|| Error::null(what))
}

/// The `count` items at `pointer`, which may be NULL where there are none.
///
/// # Safety
/// `pointer` is NULL, or points at `count` items that nobody changes or frees during `'a`.
pub(crate) unsafe fn slice<'a, T>(
    pointer: *const T,
    count: usize,
    what: &str,
) -> Result<&'a [T], Error> {
    let bytes = count.checked_mul(size_of::<T>()).and_then(|n| isize::try_from(n).ok());
    match (pointer.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Error::null(what)),
        _ if bytes.is_none() => Err(Error::invalid(what, "is larger than the address space")),
        // SAFETY: not NULL, of a size that can be, and as the caller promises.
        _ => Ok(unsafe { std::slice::from_raw_parts(pointer, count) }),
    }
}

/// The bytes of a C string without its end.
///
/// # Safety
/// `pointer` is NULL, or points at a C string that nobody changes or frees during `'a`.
unsafe fn bytes<'a>(pointer: *const c_char, what: &str) -> Result<&'a [u8], Error> {
    match pointer.is_null() {
        true => Err(Error::null(what)),
        // SAFETY: not NULL, and as the caller promises.
        false => Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes()),
    }
}

/// UTF-8 text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Error> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { bytes(pointer, what) }?;
    std::str::from_utf8(bytes).map_err(|e| Error::invalid(what, &format!("is not UTF-8: {e}")))
}

/// UTF-8 text that is not empty.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn some_text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Error> {
    // SAFETY: as the caller promises.
    match unsafe { text(pointer, what) }? {
        "" => Err(Error::invalid(what, "is empty")),
        text => Ok(text),
    }
}

/// A path, spelled as the system does (on Windows: UTF-8); not empty.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, what: &str) -> Result<&'a Path, Error> {
    // SAFETY: as the caller promises.
    let path = unsafe { system_path(pointer, what) }?;
    match path.as_os_str().is_empty() {
        true => Err(Error::invalid(what, "is empty")),
        false => Ok(path),
    }
}

#[cfg(unix)]
unsafe fn system_path<'a>(pointer: *const c_char, what: &str) -> Result<&'a Path, Error> {
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: as the caller promises.
    let bytes = unsafe { bytes(pointer, what) }?;
    Ok(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
unsafe fn system_path<'a>(pointer: *const c_char, what: &str) -> Result<&'a Path, Error> {
    // SAFETY: as the caller promises.
    unsafe { text(pointer, what) }.map(Path::new)
}
