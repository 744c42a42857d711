//! Where the networks of a label table are: a search space, or model files.

use crate::error::{Error, Result};
use crate::network::DatasetNetwork;
use crate::request_fault::RequestFault;
use nneval_graph::costs::{self, Costs, Terms};
use nneval_graph::model::{Limits, Model};
use nneval_graph::opstring::{self, OpGraph, Style};
use nneval_graph::shape::Bindings;
use nneval_spaces::{ModelOptions, Space, model_of_arch, read_classes};
use nneval_tables::labels::{KeyKind, LabelTable, ReadOptions};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// How a table's keys become networks.
#[derive(Debug, Clone)]
pub enum NetworkSource {
    /// Keys are architecture strings of a search space.
    Space(Space, ModelOptions),
    /// Keys are file names below a folder.
    Folder(PathBuf),
}

/// Architectures of a space that are listed, at most; of a larger space a sample is.
const MOST_LISTED: usize = 50_000;

impl NetworkSource {
    /// The label table of the networks; `columns` must be there and hold numbers, as
    /// [`ReadOptions::columns`].
    ///
    /// # Errors
    /// As [`read_classes`], or [`LabelTable::read`] with the key `path`.
    pub fn read_labels(
        &self,
        file: &Path,
        columns: Option<Vec<String>>,
        class: Option<String>,
    ) -> Result<LabelTable> {
        match self {
            Self::Space(space, _) => Ok(read_classes(file, *space, columns, class)?),
            Self::Folder(_) => {
                let key = Some("path".to_owned());
                let options = ReadOptions { key, columns, class, ..Default::default() };
                Ok(LabelTable::read(file, &options)?)
            }
        }
    }

    /// Multiply-accumulate operations of the given rows' networks for one
    /// sample (symbolic dimensions are 1); `None` where they are not a number.
    ///
    /// # Errors
    /// As [`NetworkSource::read_row`].
    pub fn macs(&self, table: &LabelTable, rows: &[usize]) -> Result<Vec<Option<f64>>> {
        let macs = |c: Option<Costs>| c.and_then(|c| c.macs.known()).map(|n| n as f64);
        Ok(self.costs(table, rows)?.into_iter().map(macs).collect())
    }

    /// Static costs of the given rows' networks for one sample (symbolic
    /// dimensions are 1); `None` where they cannot be counted.
    ///
    /// # Errors
    /// As [`NetworkSource::read_row`].
    pub fn costs(&self, table: &LabelTable, rows: &[usize]) -> Result<Vec<Option<Costs>>> {
        let of = |&row: &usize| Ok(costs::of_one_sample(&self.model(table, row)?).ok());
        rows.par_iter().map(of).collect()
    }

    /// The keys of all networks there are: architecture strings, or names of
    /// `.onnx` files in the folder. Of a space of more than 50,000 architectures a fixed
    /// sample of so many.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn keys(&self) -> Result<Vec<String>> {
        match self {
            Self::Space(space, _) => {
                let archs = space.representatives(MOST_LISTED);
                Ok(archs.iter().map(ToString::to_string).collect())
            }
            Self::Folder(dir) => onnx_files(dir),
        }
    }

    /// The network of a row, with static costs where `costs` says so.
    ///
    /// # Errors
    /// [`Error::Table`] naming the line of an unknown architecture or of a
    /// model that cannot be read.
    pub fn read_row(&self, table: &LabelTable, row: usize, costs: bool) -> Result<DatasetNetwork> {
        self.described(&self.model(table, row)?, costs)
    }

    /// The network that `key` names, with static costs where `costs` says so.
    ///
    /// # Errors
    /// [`Error::Space`], or as [`Model::open`].
    pub fn read_key(&self, key: &str, costs: bool) -> Result<DatasetNetwork> {
        self.described(&self.of_key(key)?, costs)
    }

    /// Name of the search space, or the folder.
    pub fn name(&self) -> String {
        match self {
            Self::Space(space, _) => space.to_string(),
            Self::Folder(dir) => dir.display().to_string(),
        }
    }

    /// Graph, strings and, with `costs`, static costs at the default input sizes. Networks of a
    /// space have one string in all versions.
    fn described(&self, model: &Model, costs: bool) -> Result<DatasetNetwork> {
        let network = DatasetNetwork::from(opstring::of_model(model)?);
        let of = || Terms::at_default_sizes(model, &Bindings::default());
        let costs_of = |of: &dyn Fn() -> nneval_graph::Result<Terms>| costs.then(of).transpose();
        let (filed, filed_costs) = match self {
            Self::Space(..) => (None, None),
            Self::Folder(_) => (
                Some(opstring::write(&opstring::as_filed(model)?)),
                costs_of(&|| Terms::as_filed(model, &Bindings::default()))?,
            ),
        };
        Ok(DatasetNetwork { costs: costs_of(&of)?, filed, filed_costs, ..network })
    }

    fn of_key(&self, key: &str) -> Result<Model> {
        match self {
            Self::Space(space, options) => Ok(model_of_arch(*space, key, options)?),
            Self::Folder(dir) => Ok(Model::open(dir.join(key), &Limits::default())?),
        }
    }

    fn model(&self, table: &LabelTable, row: usize) -> Result<Model> {
        if matches!(self, Self::Space(..)) && table.key_kind() == KeyKind::Path {
            let table = table.file().to_owned();
            return Err(Error::Request(RequestFault::PathsWithoutFolder { table }));
        }
        let key = table.key(row).unwrap_or_default();
        let labels = |e: Error| {
            nneval_tables::Error::malformed(table.file(), table.line(row), e.to_string())
        };
        Ok(self.of_key(key).map_err(labels)?)
    }
}

/// Names of the `.onnx` files in a folder, sorted.
fn onnx_files(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir).map_err(|e| Error::io(dir, e))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|e| Error::io(dir, e))?.file_name();
        names.extend(name.to_str().filter(|n| n.ends_with(".onnx")).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// The string of `graph` in a style, and `extra` other spellings of it, drawn
/// with `seed`; repeats left out.
pub fn spellings(graph: &OpGraph, style: Style, extra: usize, seed: u64) -> Vec<String> {
    let mut all = vec![style.write(graph)];
    for i in 0..extra as u64 {
        let other = style.write(&opstring::permute(graph, seed.wrapping_add(i)));
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}
