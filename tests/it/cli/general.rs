//! `nneval space general`: networks of every family, their list, and that they run.

use crate::common;

use common::{entries, nneval, nneval_with_runtime, success};
use nneval::spaces::general;
use onnx_protobuf::{Message, ModelProto};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// The sample that the tests share: the first networks of every family.
fn sample(folder: &Path, count: usize, seed: u64) -> Vec<(String, String)> {
    let (count, seed) = (count.to_string(), seed.to_string());
    let mut command = nneval();
    command.args(["space", "general", "--sample", &count, "--seed", &seed, "--out"]);
    success(command.arg(folder));
    let rows = rows(folder);
    assert_eq!(rows.len().to_string(), count);
    rows
}

fn rows(folder: &Path) -> Vec<(String, String)> {
    let mut table = csv::Reader::from_path(folder.join("networks.csv")).unwrap();
    assert_eq!(table.headers().unwrap(), vec!["path", "family", "unique_rep_index"]);
    let rows: Vec<(String, String, usize)> = table.deserialize().map(Result::unwrap).collect();
    let mut names: Vec<&str> = general::families().collect();
    names.sort_unstable();
    assert!(rows.iter().all(|(_, family, class)| names[*class] == family));
    rows.into_iter().map(|(path, family, _)| (path, family)).collect()
}

#[test]
fn the_list_names_every_file_and_family() {
    let dir = tempfile::tempdir().unwrap();
    let families: Vec<&str> = general::families().collect();
    let count = families.len() + 3;
    let rows = sample(dir.path(), count, 5);
    assert_eq!(rows.len(), count);
    let mut files: Vec<String> = rows.iter().map(|r| r.0.clone()).collect();
    files.push("networks.csv".to_owned());
    files.sort();
    assert_eq!(entries(dir.path()), files);
    let found: Vec<&str> = rows.iter().map(|r| r.1.as_str()).collect();
    assert_eq!(found[..families.len()], families);
    assert_eq!(found[families.len()..], families[..3]);
    assert!(
        families.len() >= 40 && families.iter().collect::<HashSet<_>>().len() == families.len()
    );
}

#[test]
fn a_seed_means_the_same_bytes_and_a_smaller_sample_begins_a_larger_one() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
    let few = sample(&a, 4, 9);
    sample(&b, 7, 9);
    sample(&c, 4, 10);
    for (file, _) in few {
        let [a, b, c] = [&a, &b, &c].map(|folder| std::fs::read(folder.join(&file)).unwrap());
        assert!(a == b, "{file}");
        assert!(a != c, "{file}");
    }
}

/// Every family through every command that reads a network, and through ONNX
/// Runtime.
#[test]
fn every_family_is_read_and_runs() {
    let dir = tempfile::tempdir().unwrap();
    let networks = dir.path().join("networks");
    let rows = sample(&networks, general::families().count(), 3);
    success(nneval().arg("inspect").arg(&networks));
    let strings = success(nneval().arg("string").arg(&networks));
    assert_eq!(strings.lines().count(), rows.len());
    let out = dir.path().join("measured.csv");
    let mut command = nneval_with_runtime();
    command.arg("measure").arg(networks.join("networks.csv")).arg("--out").arg(&out);
    command.args(["--threads", "1", "--rounds", "1", "--min-time", "0.001"]);
    success(command.args(["--time-limit", "0.002", "--control", "none"]));
    let mut table = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(out).unwrap();
    let header = table.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|h| h == name).unwrap();
    let (path, error, latency) = (at("path"), at("error"), at("latency_ms"));
    let measured: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(measured.len(), rows.len());
    for row in measured {
        assert_eq!(&row[error], "", "{}", &row[path]);
        assert!(row[latency].parse::<f64>().unwrap() > 0.0, "{}", &row[path]);
    }
}

/// Shapes that the generator keeps are those that the graph's own rules infer:
/// the declared outputs.
#[test]
fn names_are_unique_and_defined_before_use() {
    let mut opsets = BTreeSet::new();
    for (family, number) in general::sample(general::families().count()) {
        let network = general::network(family, 1, number).unwrap();
        let bytes = network.model.write_to_bytes().unwrap();
        let model = ModelProto::parse_from_bytes(&bytes).unwrap();
        opsets.insert(model.opset_import[0].version);
        let graph = &model.graph;
        let mut known: HashSet<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(known.len(), graph.initializer.len(), "{}", network.name);
        assert!(graph.input.iter().all(|v| known.insert(&v.name)), "{}", network.name);
        for node in &graph.node {
            let mut inputs = node.input.iter().filter(|i| !i.is_empty());
            assert!(inputs.all(|i| known.contains(i.as_str())), "{} {}", network.name, node.name);
            assert!(node.output.iter().all(|o| known.insert(o)), "{} {}", network.name, node.name);
        }
        assert!(!graph.output.is_empty());
        assert!(graph.output.iter().all(|v| known.contains(v.name.as_str())), "{}", network.name);
    }
    assert!(opsets.len() >= 6 && opsets.iter().all(|v| (11..=21).contains(v)), "{opsets:?}");
}

#[test]
fn wrong_usage_exits_with_2_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [&[&str]; 8] = [
        &["general"],
        &["general", "--sample", "0"],
        &["general", "--sample", "many"],
        &["general", "--all"],
        &["general", "--arch", "8:8:8:8:8"],
        &["general", "--sample", "2", "--opset", "17"],
        &["general", "--sample", "2", "--weights", "random"],
        &["nats-tss", "--sample", "0"],
    ];
    for args in cases {
        let mut command = nneval();
        let (code, _, stderr) =
            common::run(command.arg("space").args(args).arg("--out").arg(dir.path()));
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
    }
    assert!(entries(dir.path()).is_empty());
    assert!(general::network("no-such", 1, 0).unwrap_err().to_string().contains("no-such"));
}

#[test]
fn a_folder_that_is_a_file_is_explained() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = nneval();
    command.args(["space", "general", "--sample", "2", "--out"]).arg(file.path());
    let text = common::failure(&mut command);
    assert!(text.contains(file.path().file_name().unwrap().to_str().unwrap()), "{text}");
}
