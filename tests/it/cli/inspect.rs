//! `nneval inspect`.

use crate::common::{self, proto};

use proto::*;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Output;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nats_tss_9930.onnx")
}

fn inspect(args: &[&str], paths: &[&Path]) -> Output {
    common::nneval().arg("inspect").args(args).args(paths).output().unwrap()
}

fn stdout(o: &Output) -> String {
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    String::from_utf8(o.stdout.clone()).unwrap()
}

fn stderr(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

#[test]
fn json_has_every_cost() {
    let out = stdout(&inspect(&["--format", "json", "--dim", "batch=1"], &[&fixture()]));
    let r: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(r["parameters"], 1_288_506);
    assert_eq!(r["buffers"], 6_144);
    assert_eq!(r["macs"], 184_730_240u64);
    assert_eq!(r["opsets"][0]["version"], 17);
    assert_eq!(r["inputs"][0]["shape"], serde_json::json!(["1", "3", "32", "32"]));
    assert_eq!(r["outputs"][0]["type"], "f32");
    assert_eq!(r["unknown"], serde_json::json!([]));
    assert!(r["arithmetic_intensity"].as_f64().unwrap() > 1.0);
    let conv = r["operators"].as_array().unwrap().iter().find(|o| o["operator"] == "Conv").unwrap();
    assert_eq!(conv["count"], 82);
}

#[test]
fn open_dimensions_have_usual_sizes_or_give_formulas() {
    let json = |args: &[&str]| -> Json {
        let args = [&["--format", "json"], args].concat();
        serde_json::from_str(&stdout(&inspect(&args, &[&fixture()]))).unwrap()
    };
    let r = json(&[]);
    assert_eq!(r["macs"], 184_730_240u64);
    assert_eq!(r["assumed"], serde_json::json!([{"name": "batch", "size": 1}]));
    assert_eq!(r["inputs"][0]["shape"][0], "batch", "names are not lost");
    let r = json(&["--symbolic"]);
    assert_eq!((&r["macs"], &r["assumed"]), (&"184730240*batch".into(), &serde_json::json!([])));
    assert_eq!(r["arithmetic_intensity"], Json::Null);
    let r = json(&["--input", "input=7x3x32x32"]);
    assert_eq!((&r["macs"], &r["assumed"]), (&(7 * 184_730_240u64).into(), &serde_json::json!([])));
}

#[test]
fn formulas_of_the_table_take_a_line() {
    let out = stdout(&inspect(&["--symbolic"], &[&fixture()]));
    assert!(out.contains("MACs                  184,730,240*batch"), "{out}");
    assert!(!out.contains("sizes assumed"), "{out}");
    let out = stdout(&inspect(&[], &[&fixture()]));
    assert!(
        out.contains("sizes assumed         batch = 1 (--dim and --input change them)"),
        "{out}"
    );
    let conv = out.lines().position(|l| l.trim_start().starts_with("Conv ")).unwrap();
    let relu = out.lines().position(|l| l.trim_start().starts_with("Relu ")).unwrap();
    assert!(conv < relu, "the largest contributors come first: {out}");
}

/// The fixture has three stages of five equal cells.
#[test]
fn blocks_that_repeat_stand_once() {
    let out = stdout(&inspect(&["--by", "block"], &[&fixture()]));
    let times = |l: &str| l.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok());
    let table = out.lines().skip_while(|l| !l.contains("operators  ")).skip(1);
    assert!(table.clone().filter(|l| times(l) == Some(5)).count() >= 3, "{out}");
    let out = stdout(&inspect(&["--by", "block", "--format", "json"], &[&fixture()]));
    let r: Json = serde_json::from_str(&out).unwrap();
    let blocks = r["blocks"].as_array().unwrap();
    let macs: u64 = blocks.iter().map(|b| b["macs"].as_u64().unwrap()).sum();
    assert_eq!(macs, 184_730_240);
    let of = |b: &Json| -> u64 {
        let operators = b["operators"].as_array().unwrap();
        b["count"].as_u64().unwrap() * operators.iter().map(|o| o[1].as_u64().unwrap()).sum::<u64>()
    };
    let run: u64 =
        r["operators"].as_array().unwrap().iter().map(|o| o["count"].as_u64().unwrap()).sum();
    assert!(blocks.iter().map(of).sum::<u64>() <= run);
}

#[test]
fn a_roofline_bounds_the_time() {
    let least = |rates: &str| {
        let args = ["--roofline", rates, "--format", "json"];
        let r: Json = serde_json::from_str(&stdout(&inspect(&args, &[&fixture()]))).unwrap();
        (r["roofline"]["total"]["milliseconds"].as_f64().unwrap(), r)
    };
    let (fast, r) = least("1e9,1");
    let bytes: f64 = ["activation_bytes_read", "activation_bytes_written", "weight_bytes_read"]
        .iter()
        .map(|k| r[k].as_f64().unwrap())
        .sum();
    assert!((fast / (bytes / 1e6) - 1.0).abs() < 1e-6, "all bytes at 1 GB/s: {fast}, {bytes}");
    let (slow, r) = least("1,1e9");
    assert!((slow / (r["flops"].as_f64().unwrap() / 1e6) - 1.0).abs() < 1e-6);
    let out = stdout(&inspect(&["--roofline", "1e9,1"], &[&fixture()]));
    assert!(out.contains("bound by memory") && out.contains("least ms"), "{out}");
    assert_eq!(inspect(&["--roofline", "1"], &[&fixture()]).status.code(), Some(2));
}

#[test]
fn two_models_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.onnx");
    std::fs::copy(fixture(), &copy).unwrap();
    let out = stdout(&inspect(&["--diff"], &[&fixture(), &copy]));
    assert!(out.contains("The operators are the same, with the same costs."), "{out}");
    let g = Graph {
        nodes: vec![node("Relu", &["x"], &["y"], &[])],
        inputs: vec![value("x", 1, "2x3")],
        outputs: vec![value("y", 1, "2x3")],
        ..Graph::default()
    };
    std::fs::write(&copy, g.model()).unwrap();
    let out = stdout(&inspect(&["--diff"], &[&fixture(), &copy]));
    let row = |name: &str| out.lines().find(|l| l.trim_start().starts_with(name)).unwrap();
    assert!(row("MACs").ends_with("0.000"), "{out}");
    let conv: Vec<&str> = row("Conv (count)").split_whitespace().collect();
    assert_eq!(conv, ["Conv", "(count)", "82", "-"]);
    let o = inspect(&["--diff"], &[&fixture()]);
    assert!(!o.status.success() && stderr(&o).contains("two models are compared, here are 1"));
}

#[test]
fn the_table_is_for_reading() {
    let out = stdout(&inspect(&["--dim", "batch=1"], &[&fixture()]));
    for expected in [
        "parameters            1,288,506",
        "MACs                  184,730,240",
        "input f32[1 x 3 x 32 x 32]",
    ] {
        assert!(out.contains(expected), "{out}");
    }
}

#[test]
fn csv_has_a_row_a_file() {
    let out = stdout(&inspect(&["--format", "csv"], &[&fixture(), &fixture()]));
    let mut r = csv::Reader::from_reader(out.as_bytes());
    assert_eq!(r.headers().unwrap().len(), 18);
    let rows: Vec<csv::StringRecord> = r.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(&rows[0][5], "1288506");
}

#[test]
fn what_cannot_be_read_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.onnx");
    std::fs::write(&bad, b"nonsense").unwrap();
    let o = inspect(&["--format", "json"], &[&fixture(), &bad]);
    assert_eq!(o.status.code(), Some(1));
    let lines: Vec<Json> = String::from_utf8_lossy(&o.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1]["error"].as_str().unwrap().contains("bad.onnx"));
    let o = inspect(&[], &[&bad]);
    assert_eq!((o.status.code(), stderr(&o).lines().count()), (Some(1), 1));
    let o = inspect(&[], &[&dir.path().join("none.onnx")]);
    assert_eq!(o.status.code(), Some(1));
    assert!(stderr(&o).contains("none.onnx"));
}

#[test]
fn bindings_that_fit_nothing_are_explained() {
    let failed = |args: &[&str]| {
        let o = inspect(args, &[&fixture()]);
        assert_eq!(o.status.code(), Some(1));
        stderr(&o)
    };
    assert!(
        failed(&["--dim", "seq=3"]).contains("no dimension is called \"seq\"; named ones: batch")
    );
    assert!(failed(&["--input", "x=1"]).contains("no input is called \"x\"; inputs: input"));
    assert!(failed(&["--input", "input=1x3"]).contains("has 4 dimensions, not 2"));
}

#[test]
fn limits_are_options() {
    let o = inspect(&["--limit-nodes", "10"], &[&fixture()]);
    assert_eq!(o.status.code(), Some(1));
    assert!(stderr(&o).contains("more than 10 nodes (limit: nodes)"), "{}", stderr(&o));
    let o = inspect(&["--limit-file-bytes", "10"], &[&fixture()]);
    assert!(stderr(&o).contains("limit: file-bytes"), "{}", stderr(&o));
    for limit in ["work", "memory"] {
        let o = inspect(&[&format!("--limit-{limit}"), "10"], &[&fixture()]);
        let refused = o.status.code() == Some(1);
        let within = limit == "memory" && o.status.success();
        let named = stderr(&o).contains(&format!("limit: {limit}"));
        assert!(within || (refused && named), "{}", stderr(&o));
    }
}

/// The table takes names of any length, and escapes what is not printed.
#[test]
fn names_of_any_kind_fit_the_table() {
    for name in ["q".repeat(65_536), "a\n\u{1b}[31m\u{202e}b".to_owned()] {
        let g = Graph {
            nodes: vec![node(&name, &[&name], &["y"], &[])],
            inputs: vec![value(&name, 1, "2x3")],
            outputs: vec![value("y", 1, "*")],
            ..Graph::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("names.onnx");
        std::fs::write(&path, g.model()).unwrap();
        let o = inspect(&[], &[&path]);
        assert!(o.status.success(), "{}", stderr(&o));
        let table = String::from_utf8(o.stdout).unwrap();
        let printed = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
        assert!(table.chars().all(printed) && table.lines().count() > 10, "{table}");
        assert!(name.len() < 99 || table.contains(&name));
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    for args in [
        &[][..],
        &["--dim", "batch"],
        &["--dim", "batch=x"],
        &["--input", "a=1xb"],
        &["--format", "xml"],
        &["--limit-depth", "25"],
    ] {
        let paths: &[&Path] = if args.is_empty() { &[] } else { &[&fixture()] };
        assert_eq!(inspect(args, paths).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn unknown_costs_are_listed() {
    let g = Graph {
        nodes: vec![node("Odd", &["x"], &["y"], &[domain("org.example")])],
        inputs: vec![value("x", 1, "2x3")],
        outputs: vec![value("y", 1, "*")],
        ..Default::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("odd.onnx");
    std::fs::write(&path, g.model()).unwrap();
    let out = stdout(&inspect(&[], &[&path]));
    assert!(out.contains("not in the totals     org.example.Odd x1 (work, bytes)"), "{out}");
    assert!(out.contains("y f32[*]"), "{out}");
}
