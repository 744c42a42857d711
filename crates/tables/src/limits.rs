//! Limits of tables.
//!
//! What a table may hold grows with the bytes of its file as they are stored.
//! A table that is compressed further than real ones must be unpacked first.

/// Longest table that is read, in bytes of uncompressed text (1 GiB).
pub const MAX_BYTES: u64 = 1 << 30;
/// Most columns that a table may have.
pub const MAX_COLUMNS: usize = 10_000;
/// Longest row, in bytes of text (4 MiB).
pub const MAX_ROW_BYTES: usize = 4 << 20;

/// Bytes of text that any table may have, however small its file.
pub(crate) const TEXT_BASE: u64 = 64 << 20;
/// Bytes of text for each byte of the file, beyond that.
pub(crate) const TEXT_A_BYTE: u64 = 24;
/// Cells that any table may have.
pub(crate) const CELLS_BASE: u64 = 4 << 20;
/// Cells for each byte of the file, beyond that.
pub(crate) const CELLS_A_BYTE: u64 = 4;
/// What a row costs beside its cells, in cells.
pub(crate) const ROW_CELLS: u64 = 14;
