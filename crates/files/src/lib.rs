//! Whole-file writes, locks on outputs, temporary files, checksums, text for
//! terminals, and what files are that are something else.
//!
//! A file is written under a temporary name in its own folder and renamed, so
//! that a reader sees the old content or the new, never half.

pub mod error;
mod foreign;
#[cfg(feature = "write")]
mod lock;
mod printable;
mod sha256;
#[cfg(feature = "write")]
mod temporary;
#[cfg(feature = "write")]
mod write;

pub use error::{Error, Result};
pub use foreign::{ForeignFormat, HEAD_BYTES, JSON, foreign_format};
#[cfg(feature = "write")]
pub use lock::OutputLock;
pub use printable::{printable, printable_json};
pub use sha256::sha256;
#[cfg(feature = "write")]
pub use temporary::{TemporaryFolder, remove_leftovers, remove_temporaries};
#[cfg(feature = "write")]
pub use write::{check_writable, is_stream, write_atomic};
