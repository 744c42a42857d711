//! Options of commands that read labels: the table, and where its networks are.

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::labels::{KeyKind, LabelTable, ReadOptions};
use nneval::spaces::{Dataset, ModelOptions, Space};
use nneval::training::NetworkSource;
use std::path::PathBuf;

/// A label table and the networks it labels.
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// Label table: CSV or JSON lines (plain or gzip) or Parquet, with a column
    /// arch_str or path; - for stdin
    #[arg(long, value_name = "FILE")]
    pub labels: PathBuf,
    #[command(flatten)]
    pub networks: NetworkArgs,
}

/// Where networks are.
#[derive(Debug, Clone, clap::Args)]
pub struct NetworkArgs {
    /// Search space of the column arch_str
    #[arg(long, conflicts_with = "models", default_value = "nats-tss",
          value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()))]
    pub space: Space,
    /// Folder that the column path is relative to
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Data set whose networks of the space are taken
    #[arg(long, default_value = "cifar10")]
    pub dataset: Dataset,
}

impl SourceArgs {
    /// Reads the table; `columns` must be there and hold numbers. Paths need a folder.
    pub fn table(&self, columns: &[String]) -> anyhow::Result<LabelTable> {
        let key = self.networks.models.as_ref().map(|_| "path".to_owned());
        let options = ReadOptions { key, columns: Some(columns.to_vec()), ..Default::default() };
        let table = LabelTable::read(&self.labels, &options)?;
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

impl NetworkArgs {
    /// Where the networks are.
    pub fn source(&self) -> anyhow::Result<NetworkSource> {
        Ok(match &self.models {
            Some(dir) if !dir.is_dir() => bail!("{}: no such folder", dir.display()),
            Some(dir) => NetworkSource::Folder(dir.clone()),
            None => {
                let options = ModelOptions { dataset: self.dataset, ..Default::default() };
                NetworkSource::Space(self.space, options)
            }
        })
    }
}
