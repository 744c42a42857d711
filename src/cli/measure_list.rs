//! What `nneval measure` is to measure: files, folders, lists.

use super::paths;
use super::source_args::{dataset_parser, model_options};
use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nneval::measure::{Origin, Target};
use nneval::spaces::{Dataset, ModelOptions, Space, Weights};
use nneval::tables::{STDIN, TableReader};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How lists are read and paths are written.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Models")]
pub struct ListArgs {
    /// Folder that paths in the table are relative to [default: the folder,
    /// where one folder alone is measured; else the working folder]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Search space of a list that has arch_str and no path
    #[arg(long, default_value = "nats-tss",
          value_parser = PossibleValuesParser::new(Space::NAMES).try_map(|s| s.parse::<Space>()))]
    space: Space,
    /// Data set whose networks of the space are taken [default: the first of the space]
    #[arg(long, value_parser = dataset_parser())]
    dataset: Option<Dataset>,
}

/// All models in their order; of several with one key the first.
///
/// # Errors
/// A folder without models, a list that cannot be read.
pub fn targets(given: &[PathBuf], args: &ListArgs) -> anyhow::Result<Vec<Target>> {
    let root = args.root.clone().or_else(|| match given {
        [one] if one.is_dir() => Some(one.clone()),
        _ => None,
    });
    let mut all = Vec::new();
    for path in given {
        if is_list(path) {
            all.extend(list(path, args)?);
            continue;
        }
        for file in paths::models(std::slice::from_ref(path))? {
            all.push(Target::file(written(&file, root.as_deref()), file));
        }
    }
    let mut seen = HashSet::new();
    all.retain(|t: &Target| seen.insert(t.key().to_owned()));
    Ok(all)
}

/// The path relative to the root, with `/` between.
fn written(file: &Path, root: Option<&Path>) -> String {
    let below = root.and_then(|r| file.strip_prefix(r).ok()).unwrap_or(file);
    let text = below.display().to_string();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

fn is_list(path: &Path) -> bool {
    const ENDINGS: [&str; 6] = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet"];
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    path.as_os_str() == STDIN || path.is_file() && ENDINGS.iter().any(|e| name.ends_with(e))
}

/// Models of a list, which has a column `path` (or `file`), `arch_str`, or both.
fn list(file: &Path, args: &ListArgs) -> anyhow::Result<Vec<Target>> {
    let mut table = TableReader::open_with_comments(file)?;
    let shown = file.display();
    let path = table.find("path").or_else(|| table.find("file"));
    let carried = nneval::measure::CARRIED.map(|name| table.find(name));
    let [_, arch, _] = carried;
    if path.is_none() && arch.is_none() {
        bail!("{shown}: has neither a column path nor arch_str");
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut targets = Vec::new();
    while let Some(row) = table.next_row()? {
        if row.is_blank() {
            continue;
        }
        let cell = |at: Option<usize>| {
            at.map_or(String::new(), |at| row.cell(at).text().trim().to_owned())
        };
        let path = cell(path);
        let origin = if path.is_empty() {
            let line = row.line();
            args.space.parse(&cell(arch)).with_context(|| format!("{shown}, line {line}"))?;
            Origin::Space(args.space, args.model_options()?)
        } else {
            Origin::File(folder.join(&path))
        };
        targets.push(Target { path, carried: carried.map(cell), origin });
    }
    if targets.is_empty() {
        bail!("{shown}: the list has no rows");
    }
    Ok(targets)
}

impl ListArgs {
    fn model_options(&self) -> anyhow::Result<ModelOptions> {
        let weights = Weights::Random { seed: 0 };
        Ok(ModelOptions { weights, ..model_options(self.space, self.dataset)? })
    }
}
