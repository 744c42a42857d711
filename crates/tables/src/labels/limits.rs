//! Limits of label tables.

/// Longest table that is read, in bytes of uncompressed text (1 GiB).
pub const MAX_BYTES: u64 = 1 << 30;
/// Most columns a table may have.
pub const MAX_COLUMNS: usize = 10_000;
