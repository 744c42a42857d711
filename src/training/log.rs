//! CSV logs that survive a kill: rows are appended and flushed as they come,
//! and a resumed run drops the rows after its checkpoint.

use crate::error::{Error, Result};
use crate::fsio::write_atomic;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A CSV file whose first column counts up.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens the log, keeping the rows whose first column is at most `last`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path, header: &str, last: u64) -> Result<Self> {
        let old = match last {
            0 => String::new(),
            _ => std::fs::read_to_string(path).unwrap_or_default(),
        };
        let kept = old.lines().skip(1).filter(|l| {
            l.split(',').next().and_then(|c| c.parse::<u64>().ok()).is_some_and(|c| c <= last)
        });
        let mut text = format!("{header}\n");
        kept.for_each(|l| {
            text.push_str(l);
            text.push('\n');
        });
        write_atomic(path, text.as_bytes())?;
        let file = OpenOptions::new().append(true).open(path).map_err(|e| Error::io(path, e))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn row(&mut self, row: &str) -> Result<()> {
        writeln!(self.file, "{row}").map_err(|e| Error::io(&self.path, e))
    }
}
