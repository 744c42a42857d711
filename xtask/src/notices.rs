//! `cargo xtask notices`: THIRD-PARTY.md, from what cargo knows of the packages.

use crate::artifacts::repository;
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Fail where the file is not what it should be, instead of writing it.
    #[arg(long)]
    check: bool,
}

const FILE: &str = "THIRD-PARTY.md";
/// What is not a package of cargo's.
const PREFACE: &str = include_str!("notices.md");
/// Packages of this repository that are built into what users get.
const SHIPPED: [&str; 2] = ["nneval", "nneval-capi"];

pub fn run(args: &Args) -> anyhow::Result<()> {
    let (path, text) = (repository().join(FILE), text()?);
    match args.check {
        false => std::fs::write(&path, text).with_context(|| path.display().to_string()),
        true if std::fs::read_to_string(&path).is_ok_and(|t| t == text) => Ok(()),
        true => bail!("{FILE} does not list the packages of Cargo.lock: cargo xtask notices"),
    }
}

/// The file's content.
fn text() -> anyhow::Result<String> {
    let metadata = metadata()?;
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).filter_map(|p| Some((p["id"].as_str()?, p))).collect();
    let mut rows = Vec::new();
    for id in linked(&metadata, &packages) {
        let package = packages.get(id).with_context(|| format!("no package {id}"))?;
        if package["source"].is_null() {
            continue;
        }
        let of = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let licence = match of("license") {
            l if l.is_empty() => format!("see its {}", of("license_file")),
            l => l,
        };
        rows.push([of("name"), of("version"), licence, of("repository")]);
    }
    rows.sort();
    let mut text = PREFACE.to_owned();
    for [name, version, licence, repository] in rows {
        writeln!(text, "| {name} | {version} | {licence} | {repository} |")?;
    }
    Ok(text)
}

/// What `cargo metadata` says of the packages in Cargo.lock.
fn metadata() -> anyhow::Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--locked"]).current_dir(repository());
    let output = command.output().context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Ids of all packages that the shipped ones are built of, on any platform;
/// what only tests or build scripts use is left out.
fn linked<'m>(metadata: &'m Value, packages: &BTreeMap<&str, &'m Value>) -> BTreeSet<&'m str> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).filter_map(|n| Some((n["id"].as_str()?, n))).collect();
    let shipped = |p: &&Value| p["source"].is_null() && SHIPPED.iter().any(|s| p["name"] == *s);
    let mut open: Vec<&str> = packages
        .values()
        .copied()
        .filter(|p| shipped(p))
        .filter_map(|p| p["id"].as_str())
        .collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        let normal = |d: &&Value| list(&d["dep_kinds"]).any(|k| k["kind"].is_null());
        open.extend(list(&node["deps"]).filter(normal).filter_map(|d| d["pkg"].as_str()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_those_of_the_lock_file() {
        run(&Args { check: true }).unwrap();
    }
}
