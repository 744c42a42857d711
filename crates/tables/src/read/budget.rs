//! The budget of a table: text and cells by the bytes of its file.

use crate::limits::{CELLS_A_BYTE, CELLS_BASE, MAX_BYTES, ROW_CELLS, TEXT_A_BYTE, TEXT_BASE};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much may be made of the bytes that were read of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    /// The budget of a file of that size.
    pub(super) fn of_size(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Bytes of text that may have been read by now.
    pub(super) fn text(&self) -> u64 {
        let stored = self.0.load(Ordering::Relaxed);
        TEXT_BASE.saturating_add(stored.saturating_mul(TEXT_A_BYTE)).min(MAX_BYTES)
    }

    /// Cells that may have been read by now.
    fn cells(&self) -> u64 {
        let stored = self.0.load(Ordering::Relaxed);
        CELLS_BASE.saturating_add(stored.saturating_mul(CELLS_A_BYTE))
    }
}

/// Counts the cells of a table against its budget.
#[derive(Debug)]
pub(super) struct Cells {
    budget: Budget,
    spent: u64,
}

impl Cells {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, spent: 0 }
    }

    /// Takes a row of so many cells; false where there are too many by now.
    pub(super) fn take(&mut self, cells: usize) -> bool {
        self.spent = self.spent.saturating_add(cells as u64).saturating_add(ROW_CELLS);
        self.spent <= self.budget.cells()
    }
}

/// Bytes of a file as they are stored, counted for its budget.
pub(super) struct Stored<R> {
    inner: R,
    budget: Budget,
}

impl<R: Read> Stored<R> {
    pub(super) fn new(inner: R, budget: Budget) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Stored<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.budget.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Text of a table; fails where there is more of it than the budget has.
pub(super) struct Limited<R> {
    inner: R,
    budget: Budget,
    read: u64,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(inner: R, budget: Budget) -> Self {
        Self { inner, budget, read: 0 }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.read = self.read.saturating_add(read as u64);
        if self.read > self.budget.text() {
            return Err(too_long());
        }
        Ok(read)
    }
}

/// The error of a table that is too long.
pub(super) fn too_long() -> io::Error {
    let reason = "more text than a label table may hold (at most 1 GiB, and 64 MiB and 24 bytes \
                  for each byte of a compressed file; unpack it first)";
    io::Error::new(io::ErrorKind::FileTooLarge, reason)
}

/// The reason to refuse a table of too many cells.
pub(super) const TOO_MANY_CELLS: &str =
    "more cells than a table of its size may hold; where it is compressed, unpack it first";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_by_what_is_stored() {
        let budget = Budget::default();
        let long = io::repeat(b'a').take(TEXT_BASE + 1);
        let error = io::copy(&mut Limited::new(long, budget.clone()), &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        io::copy(&mut Stored::new(&b"12"[..], budget.clone()), &mut io::sink()).unwrap();
        assert_eq!(budget.text(), TEXT_BASE + 2 * TEXT_A_BYTE);
    }

    #[test]
    fn rows_cost_more_than_their_cells() {
        let mut cells = Cells::new(Budget::of_size(0));
        let rows = (0..).take_while(|_| cells.take(2)).count() as u64;
        assert_eq!(rows, CELLS_BASE / (2 + ROW_CELLS));
    }
}
