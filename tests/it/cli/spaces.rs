//! The search spaces of benchmarks through every command that takes one.

use crate::common;

use common::{bundle, entries, failure, nneval, nneval_with_runtime, run, shared, success};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A space, the columns of its table, and two architectures as the table has them.
const SPACES: [(&str, &str, [&str; 2]); 7] = [
    ("nasbench101", "edges,ops", ["01 02 12 14 23 24 34|201", "01|"]),
    (
        "transnas-micro",
        "arch_str",
        [
            "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
            "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        ],
    ),
    ("transnas-macro", "arch", ["231112", "4443"]),
    ("nasbench-macro", "arch", ["00000001", "12012012"]),
    (
        "accel-nasbench",
        "arch",
        [
            "e6k3l1se0|e4k5l2se1|e6k3l1se0|e1k5l1se0|e6k5l1se0|e1k3l4se0|e1k3l2se1",
            "e1k3l1se1|e1k3l1se1|e1k3l1se1|e1k3l1se1|e1k3l1se1|e1k3l1se1|e1k3l1se1",
        ],
    ),
    (
        "ofa",
        "ks,e,d,r",
        [
            "7 5 5 5 7 7 5 7 5 7 3 7 5 3 7 3 5 3 5 3|6 4 4 6 6 3 4 3 3 6 3 3 3 6 3 4 6 4 3 6|\
             2 2 2 2 3|128",
            "3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3|3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3|\
             2 2 2 2 2|132",
        ],
    ),
    (
        "fbnet",
        "ops",
        [
            "k5_e6 skip k3_e1_g2 skip k5_e1 skip skip skip k5_e6 k5_e1 k3_e1_g2 k5_e1 k5_e6 k3_e6 \
             k3_e3 k5_e6 k3_e6 k3_e3 k5_e1 k3_e3 k5_e1 k5_e1_g2",
            "skip skip skip skip skip skip skip skip skip skip skip skip skip skip skip skip skip \
             skip skip skip skip skip",
        ],
    ),
];

/// A label table of a space in the columns of its benchmark, the architectures each
/// `times` times, and a latency for each row.
fn table(folder: &Path, name: &str, columns: &str, archs: &[String]) -> PathBuf {
    let mut text = format!("{columns},my_lat_ms\n");
    for (at, arch) in archs.iter().enumerate() {
        let cells = match columns.contains(',') {
            true => arch.replace('|', ","),
            false => arch.clone(),
        };
        writeln!(text, "{cells},{}", 1.0 + at as f64 / 10.0).unwrap();
    }
    let path = folder.join(format!("{name}.csv"));
    std::fs::write(&path, text).unwrap();
    path
}

fn owned(archs: [&str; 2]) -> Vec<String> {
    archs.map(str::to_owned).to_vec()
}

/// `file` and `arch_str` of each row of the index of a folder.
fn index(folder: &Path) -> Vec<(String, String)> {
    let mut table = csv::Reader::from_path(folder.join("index.csv")).unwrap();
    assert_eq!(table.headers().unwrap(), vec!["file", "arch_str"]);
    table.deserialize().map(Result::unwrap).collect()
}

#[test]
fn networks_are_written_from_architectures_and_from_label_tables() {
    let dir = tempfile::tempdir().unwrap();
    for (space, columns, archs) in SPACES {
        let (named, listed) = (dir.path().join(space), dir.path().join(format!("{space}-table")));
        let labels = table(dir.path(), space, columns, &owned(archs));
        let mut command = nneval();
        command.args(["space", space, "--arch", archs[0], "--arch", archs[1], "--out"]);
        success(command.arg(&named));
        success(nneval().args(["space", space, "--labels"]).arg(labels).arg("--out").arg(&listed));
        assert_eq!(entries(&named).len(), 2, "{space}");
        let files = entries(&listed);
        let models: Vec<&String> = files.iter().filter(|f| f.ends_with(".onnx")).collect();
        assert_eq!(models, ["0.onnx", "1.onnx"], "{space}");
        if let Some(file) = files.iter().find(|f| *f == "index.csv") {
            let texts: Vec<String> = index(&listed).into_iter().map(|row| row.1).collect();
            assert_eq!(texts, archs, "{space} {file}");
        }
        let read = |folder: &Path, file: &str| std::fs::read(folder.join(file)).unwrap();
        let mut both: Vec<Vec<u8>> = models.iter().map(|m| read(&listed, m)).collect();
        let mut own: Vec<Vec<u8>> = entries(&named).iter().map(|m| read(&named, m)).collect();
        both.sort();
        own.sort();
        assert!(both == own, "{space}");
    }
}

#[test]
fn samples_are_distinct_and_a_larger_one_begins_with_a_smaller_one() {
    let dir = tempfile::tempdir().unwrap();
    for (space, ..) in SPACES {
        let sample = |count: &str, seed: &str| {
            let out = dir.path().join(format!("{space}-{count}-{seed}"));
            let mut command = nneval();
            command.args(["space", space, "--sample", count, "--seed", seed, "--out"]);
            success(command.arg(&out));
            index(&out)
        };
        let (many, few) = (sample("5", "1"), sample("2", "1"));
        assert_eq!(few, many[..2], "{space}");
        assert_eq!(many[4].0, "00004.onnx");
        let mut texts: Vec<&String> = many.iter().map(|row| &row.1).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 5, "{space}");
    }
}

#[test]
fn what_a_space_does_not_have_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let refused = |args: &[&str]| failure(nneval().arg("space").args(args).arg("--out").arg(&out));
    for space in ["accel-nasbench", "ofa", "fbnet"] {
        assert!(refused(&[space, "--all"]).contains("--sample N writes some"), "{space}");
    }
    let many = refused(&["transnas-macro", "--sample", "4000"]);
    assert!(many.contains("--sample 4000: transnas-macro has 3256 architectures"), "{many}");
    let data = refused(&["nasbench101", "--arch", "01|", "--dataset", "imagenet"]);
    assert!(data.contains("--dataset imagenet: nasbench101 has no networks for it"), "{data}");
    let arch = refused(&["nasbench-macro", "--arch", "1"]);
    assert!(arch.contains("architecture \"1\": 1 blocks, expected 8"), "{arch}");
    assert!(entries(&out).is_empty());
}

/// Every space through ONNX Runtime, with random weights.
#[test]
fn networks_run() {
    let dir = tempfile::tempdir().unwrap();
    let networks = dir.path().join("networks");
    for (space, _, archs) in SPACES {
        let arch = if space == "nasbench101" { archs[1] } else { archs[0] };
        let mut command = nneval();
        command.args(["space", space, "--arch", arch, "--weights", "random", "--batch", "1"]);
        success(command.arg("--out").arg(networks.join(space)));
    }
    let out = dir.path().join("measured.csv");
    let mut command = nneval_with_runtime();
    command.arg("measure").arg(&networks).arg("--out").arg(&out);
    command.args(["--threads", "1", "--rounds", "1", "--min-time", "0.001"]);
    success(command.args(["--time-limit", "0.002", "--control", "none"]));
    let mut table = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(out).unwrap();
    let error = table.headers().unwrap().iter().position(|h| h == "error").unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), SPACES.len());
    assert!(rows.iter().all(|row| row[error].is_empty()), "{rows:?}");
}

/// A row for each row of a table, in its order, with the predictions of the written
/// models; a row that is no architecture fails alone.
#[test]
fn rows_of_a_table_are_evaluated_without_model_files() {
    let dir = tempfile::tempdir().unwrap();
    for (space, columns, archs) in SPACES {
        let order = [archs[1], archs[0], archs[1]].map(str::to_owned);
        let labels = table(dir.path(), space, columns, &order);
        let written = dir.path().join(format!("{space}-models"));
        success(
            nneval().args(["space", space, "--labels"]).arg(&labels).arg("--out").arg(&written),
        );
        let evaluate = |what: &[&std::ffi::OsStr]| {
            let mut command = nneval_with_runtime();
            command.args(["evaluate", "--format", "csv", "--evaluator"]).arg(bundle()).args(what);
            let text = success(&mut command);
            let mut table = csv::Reader::from_reader(text.as_bytes());
            let head = table.headers().unwrap()[0].to_owned();
            let rows: Vec<Vec<String>> =
                table.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            (head, rows)
        };
        let (head, rows) =
            evaluate(&["--space".as_ref(), space.as_ref(), "--labels".as_ref(), labels.as_ref()]);
        assert_eq!(head, "arch_str", "{space}");
        let names: Vec<&str> = rows.iter().map(|row| row[0].trim_start_matches('\'')).collect();
        assert_eq!(names, order, "{space}");
        let (head, of_files) = evaluate(&[written.as_os_str()]);
        assert_eq!(head, "path");
        let values =
            |rows: &[Vec<String>]| rows.iter().map(|r| r[1..].to_vec()).collect::<Vec<_>>();
        assert_eq!(values(&rows), values(&of_files), "{space}");
    }
    let labels = dir.path().join("bad.csv");
    std::fs::write(&labels, "arch\n00000001\n3\n00000002\n").unwrap();
    let mut command = nneval_with_runtime();
    command.args(["evaluate", "--format", "csv", "--space", "nasbench-macro", "--labels"]);
    let (code, stdout, stderr) = run(command.arg(&labels).arg("--evaluator").arg(bundle()));
    assert_eq!((code, stdout.lines().count()), (Some(1), 4), "{stderr}");
    assert!(stderr.contains("3: block '3' is not 0, 1 or 2"), "{stderr}");
}

/// A table with a repeated architecture, as that of Accel-NASBench has some.
#[test]
fn evaluators_are_trained_and_scored_on_tables_of_a_space() {
    let dir = tempfile::tempdir().unwrap();
    for (space, columns) in [("nasbench101", "edges,ops"), ("accel-nasbench", "arch")] {
        let named: nneval::spaces::Space = space.parse().unwrap();
        let mut archs: Vec<String> =
            named.distinct(24, 3).iter().map(ToString::to_string).collect();
        archs.push(archs[0].clone());
        let labels = table(dir.path(), space, columns, &archs);
        let out = dir.path().join(format!("{space}-evaluator"));
        let mut command = nneval_with_runtime();
        command.args(["train", "--space", space, "--labels"]).arg(&labels);
        command.args(["--metric", "my_lat_ms", "--set", "encoder=tiny", "--set", "epochs=1"]);
        success(command.args(["--set", "max-length=256", "--out"]).arg(&out));
        let mut command = nneval_with_runtime();
        command.args(["score", "--space", space, "--rows", "all", "--format", "csv", "--labels"]);
        let text = success(command.arg(&labels).arg("--evaluator").arg(&out));
        assert!(text.lines().any(|line| line.starts_with("my_lat_ms,")), "{text}");
    }
}

#[test]
fn every_space_is_searched() {
    let dir = tempfile::tempdir().unwrap();
    for (space, columns, archs) in SPACES {
        let out = dir.path().join(space);
        let mut command = nneval();
        command.args(["search", "--space", space, "--minimize", "params", "--budget", "30"]);
        success(command.args(["--population", "10", "--evaluator", "none", "--out"]).arg(&out));
        let among = table(dir.path(), space, columns, &owned(archs));
        let few = dir.path().join(format!("{space}-few"));
        let mut command = nneval();
        command.args(["search", "--space", space, "--minimize", "params", "--budget", "5"]);
        command.args(["--evaluator", "none", "--among"]).arg(among);
        success(command.arg("--out").arg(&few));
        let rows = |folder: &Path| {
            csv::Reader::from_path(folder.join("candidates.csv")).unwrap().into_records().count()
        };
        assert_eq!((rows(&out), rows(&few)), (30, 2), "{space}");
        assert!(entries(&out.join("winners")).len() >= 10, "{space}");
    }
}

/// The published tables as they are.
#[test]
fn published_tables_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let tables = [
        ("nasbench101", "nb101_open"),
        ("transnas-micro", "transnas_micro_open"),
        ("transnas-macro", "transnas_macro_open"),
        ("accel-nasbench", "accel_nasbench_open"),
        ("fbnet", "help_fbnet_open"),
        ("ofa", "help_ofa_open"),
        ("nasbench-macro", "nasbench_macro"),
    ];
    for (space, name) in tables {
        let Some(path) = shared(&format!("data/{name}.csv.gz")) else { continue };
        let mut command = nneval();
        command.args(["search", "--space", space, "--minimize", "params", "--budget", "3"]);
        command.args(["--algorithm", "random", "--evaluator", "none", "--among"]).arg(path);
        success(command.arg("--out").arg(dir.path().join(space)));
    }
}
