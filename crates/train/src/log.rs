//! CSV logs that survive a kill: rows are appended and flushed as they come,
//! and a resumed run drops the rows after its checkpoint.

use crate::error::{Error, Result};
use nneval_files::write_atomic;
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
    /// Opens the log, keeping rows 1 to `last` of an earlier one; a row that a
    /// kill or a full disk cut short ends them.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path, header: &str, last: u64) -> Result<Self> {
        let old = match last {
            0 => String::new(),
            _ => std::fs::read_to_string(path).unwrap_or_default(),
        };
        let columns = header.split(',').count();
        let whole = |(n, l): &(u64, &str)| {
            let mut cells = l.split(',');
            *n <= last
                && cells.next().and_then(|c| c.parse::<u64>().ok()) == Some(*n)
                && cells.count() + 1 == columns
        };
        let kept = (1..).zip(old.lines().skip(1)).take_while(whole).map(|(_, l)| l);
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
        let line = format!("{row}\n");
        self.file.write_all(line.as_bytes()).map_err(|e| Error::io(&self.path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_after_the_checkpoint_or_a_cut_row_are_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("steps.csv");
        let reopened = |content: &str, last: u64| {
            std::fs::write(&path, content).unwrap();
            Log::open(&path, "step,loss", last).unwrap().row("9,z").unwrap();
            std::fs::read_to_string(&path).unwrap()
        };
        let old = "step,loss\n1,a\n2,b\n3,c\n";
        assert_eq!(reopened(old, 2), "step,loss\n1,a\n2,b\n9,z\n");
        assert_eq!(reopened(old, 0), "step,loss\n9,z\n");
        assert_eq!(reopened("step,loss\n1,a\n2,b\n3", 500), "step,loss\n1,a\n2,b\n9,z\n");
        assert_eq!(reopened("step,loss\n1,a\n1\n", 500), "step,loss\n1,a\n9,z\n");
    }
}
