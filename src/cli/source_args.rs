//! Options of commands that read labels: the table, and where its networks are.

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::labels::{KeyKind, LabelTable, ReadOptions};
use nneval::spaces::{Dataset, ModelOptions, Space, read_labels};
use nneval::training::NetworkSource;
use std::path::PathBuf;

/// A label table and the networks it labels.
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// Label table: CSV or JSON lines (plain or gzip) or Parquet, with a column
    /// arch_str, the columns of --space, or path; - for stdin
    #[arg(long, value_name = "FILE")]
    pub labels: PathBuf,
    #[command(flatten)]
    pub networks: NetworkArgs,
}

/// Where networks are.
#[derive(Debug, Clone, clap::Args)]
pub struct NetworkArgs {
    /// Search space of the architectures (docs/spaces.md)
    #[arg(long, conflicts_with = "models", default_value = "nats-tss",
          value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()))]
    pub space: Space,
    /// Folder that the column path is relative to
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Data set whose networks of the space are taken [default: the first of the space]
    #[arg(long, value_parser = dataset_parser())]
    pub dataset: Option<Dataset>,
}

impl SourceArgs {
    /// Reads the table; `columns` must be there and hold numbers. Paths need a folder.
    pub fn table(&self, columns: &[String]) -> anyhow::Result<LabelTable> {
        let columns = Some(columns.to_vec());
        let table = match &self.networks.models {
            None => read_labels(&self.labels, self.networks.space, columns)?,
            Some(_) => {
                let key = Some("path".to_owned());
                let options = ReadOptions { key, columns, ..Default::default() };
                LabelTable::read(&self.labels, &options)?
            }
        };
        if table.key_kind() == KeyKind::Path && self.networks.models.is_none() {
            let file = table.file().display();
            bail!("{file}: its keys are paths of models; --models DIR names their folder");
        }
        Ok(table)
    }

    /// Where the networks are.
    pub fn source(&self) -> anyhow::Result<NetworkSource> {
        self.networks.source()
    }
}

/// Parser of the names of data sets.
pub fn dataset_parser() -> impl TypedValueParser<Value = Dataset> {
    PossibleValuesParser::new(Dataset::NAMES).try_map(|s| s.parse::<Dataset>())
}

/// The networks of a space for a data set, the first of the space where none is given.
///
/// # Errors
/// A data set that the space has no networks for.
pub fn model_options(space: Space, dataset: Option<Dataset>) -> anyhow::Result<ModelOptions> {
    let options = ModelOptions::of(space);
    let Some(dataset) = dataset else { return Ok(options) };
    if !space.datasets().contains(&dataset) {
        let known: Vec<String> = space.datasets().iter().map(ToString::to_string).collect();
        let known = known.join(", ");
        bail!("--dataset {dataset}: {space} has no networks for it (known: {known})");
    }
    Ok(ModelOptions { dataset, ..options })
}

impl NetworkArgs {
    /// The data set that is asked for, or the first of the space.
    pub fn dataset(&self) -> Dataset {
        self.dataset.unwrap_or(self.space.default_dataset())
    }

    /// Where the networks are.
    pub fn source(&self) -> anyhow::Result<NetworkSource> {
        Ok(match &self.models {
            Some(dir) if !dir.is_dir() => bail!("{}: no such folder", dir.display()),
            Some(dir) => NetworkSource::Folder(dir.clone()),
            None => {
                let options = model_options(self.space, self.dataset)?;
                NetworkSource::Space(self.space, options)
            }
        })
    }
}
