//! Text on its way out: C strings.

use std::ffi::CString;
use std::path::Path;

/// `text` up to its end; NUL, which C cannot hold, becomes U+FFFD.
pub(crate) fn c_string(text: impl Into<Vec<u8>>) -> CString {
    let holds_nul = |e: std::ffi::NulError| {
        let parts: Vec<Vec<u8>> = e.into_vec().split(|b| *b == 0).map(<[u8]>::to_vec).collect();
        CString::new(parts.join("\u{FFFD}".as_bytes())).unwrap_or_default()
    };
    CString::new(text).unwrap_or_else(holds_nul)
}

/// A path as C programs pass it to the system.
#[cfg(unix)]
pub(crate) fn c_path(path: &Path) -> CString {
    use std::os::unix::ffi::OsStrExt;
    c_string(path.as_os_str().as_bytes())
}

/// A path in UTF-8.
#[cfg(not(unix))]
pub(crate) fn c_path(path: &Path) -> CString {
    c_string(path.to_string_lossy().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_replaced() {
        assert_eq!(c_string("a\0b"), CString::new("a\u{FFFD}b").unwrap());
        assert_eq!(c_string("plain"), CString::new("plain").unwrap());
    }
}
