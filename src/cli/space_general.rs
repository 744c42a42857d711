//! `nneval space general`: a sample of general networks and its list.

use anyhow::Context;
use nneval::files::write_atomic;
use nneval::spaces::{general, to_bytes};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Writes the sample; the list is written last.
pub fn run(count: usize, seed: u64, out: &Path) -> anyhow::Result<ExitCode> {
    let _lock = super::run_folder::lock(out)?;
    let look = "{bar:30} {pos}/{len} networks, {per_sec}, ETA {eta}";
    let bar = super::verbosity::bar(count as u64, look);
    let sample: Vec<(&str, usize)> = general::sample(count).collect();
    let written = sample.par_iter().map(|&(family, number)| {
        let network = general::network(family, seed, number)?;
        let file = format!("{}.onnx", network.name);
        write_atomic(&out.join(&file), &to_bytes(&network.model)?)?;
        bar.inc(1);
        Ok([file, family.to_owned()])
    });
    let rows: nneval::Result<Vec<[String; 2]>> = written.collect();
    bar.finish_and_clear();
    write_list(&rows?, out)?;
    super::console::print(format_args!("{count} models in {}\n", out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// `networks.csv`, as `nneval measure` and `nneval train` read it. The class of a
/// network is its family, in alphabetical order, so that splits keep families whole.
fn write_list(rows: &[[String; 2]], out: &Path) -> anyhow::Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["path", "family", "unique_rep_index"])?;
    let families: BTreeSet<&str> = general::families().collect();
    for [path, family] in rows {
        let class = families.iter().position(|f| f == family).unwrap_or_default();
        table.write_record([path, family, &class.to_string()])?;
    }
    let bytes = table.into_inner().context("networks.csv")?;
    write_atomic(&out.join("networks.csv"), &bytes)?;
    Ok(())
}
