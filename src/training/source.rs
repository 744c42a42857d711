//! Where the networks of a label table are: a search space, or model files.

use crate::error::{Error, Result};
use crate::graph::{Limits, Model};
use crate::labels::LabelTable;
use crate::opstring;
use crate::spaces::{ModelOptions, Space};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// How a table's keys become networks.
#[derive(Debug, Clone)]
pub enum Source {
    /// Keys are architecture strings of a search space.
    Space(Space, ModelOptions),
    /// Keys are file names below a folder.
    Folder(PathBuf),
}

impl Source {
    /// The operation strings of the given rows, in their order.
    ///
    /// # Errors
    /// [`Error::Labels`] naming the line of an unknown architecture or of a
    /// model that cannot be read.
    pub fn strings(&self, table: &LabelTable, rows: &[usize]) -> Result<Vec<String>> {
        rows.par_iter().map(|&row| self.string(table, row)).collect()
    }

    fn string(&self, table: &LabelTable, row: usize) -> Result<String> {
        let key = table.key(row).unwrap_or_default();
        let result = match self {
            Self::Space(space, options) => of_arch(*space, key, options),
            Self::Folder(dir) => opstring::of_file(&dir.join(key), &Limits::default()),
        };
        result.map_err(|e| Error::Labels {
            file: table.file().to_owned(),
            line: table.line(row),
            reason: e.to_string(),
        })
    }
}

/// The operation string of an architecture of a search space.
///
/// # Errors
/// [`Error::Architecture`].
pub fn of_arch(space: Space, arch: &str, options: &ModelOptions) -> Result<String> {
    let bytes = space.onnx_bytes(arch, options)?;
    let model = Model::from_bytes(bytes.into(), Path::new(arch), &Limits::default())?;
    Ok(opstring::write(&opstring::of_model(&model)?))
}
