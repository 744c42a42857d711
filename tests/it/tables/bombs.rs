//! Tables that claim or hold too much, and mutants of tables: an answer within a
//! bound on time and memory, whatever the bytes.

use crate::common;

use common::meter::Meter;
use common::{METRICS, labels, nneval, run};
use nneval::labels::{LabelTable, ReadOptions};
use nneval::tables::{Cell, Column, Format, Kind, TableReader, Writer, read_list};
use nneval::training::recipe::MetricPattern;
use nneval::training::{Datasets, LabelFiles, Plan, Recipe};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn gzip(parts: &[&[u8]]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    parts.iter().for_each(|part| gz.write_all(part).unwrap());
    gz.finish().unwrap()
}

/// `head`, then `part` so often, each packed by itself.
fn packed(head: &str, part: &[u8], times: usize) -> Vec<u8> {
    [gzip(&[head.as_bytes()]), gzip(&[part]).repeat(times)].concat()
}

/// Tables by name, each with a word of its error.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mib = 1 << 20;
    let names = |n: usize| (0..n).map(|i| format!("\"k{i}\":{i}")).collect::<Vec<_>>().join(",");
    let wide =
        format!("path,{}\n", (0..9000).map(|i| format!("c{i}")).collect::<Vec<_>>().join(","));
    let rows = format!("x{}\n", ",1".repeat(9000)).repeat(60);
    vec![
        ("json_line.gz", packed("{\"path\":\"", &vec![b'a'; 64 * mib], 32), "a row of over"),
        ("json_array.gz", packed("[{\"path\":\"", &vec![b'a'; 64 * mib], 32), "a row of over"),
        ("commas.gz", packed("path,v\n", &vec![b','; 64 * mib], 16), "columns"),
        ("header.gz", packed("path", &vec![b','; 64 * mib], 16), "a line of over"),
        ("lines.gz", packed("path,v\n", &vec![b'\n'; 64 * mib], 16), "more text than"),
        ("quote.gz", packed("path,v\n\"", &vec![b'\n'; 64 * mib], 16), "a row of over"),
        ("comment.gz", packed("# a", &vec![b'#'; 64 * mib], 16), "a line of over"),
        ("comments.gz", packed("", &b"# a: b\n".repeat(8 * mib), 16), "more text than"),
        ("cells.gz", packed(&wide, rows.as_bytes(), 100), "is already on line 2"),
        ("keys.jsonl", format!("{{{}}}\n", names(1_000_000)).into_bytes(), "a row of over"),
        ("nested.jsonl", [&b"{\"path\":"[..], &b"[".repeat(mib)].concat(), "not a JSON object"),
        ("open.json", [&b"["[..], &b"{\"a\":".repeat(mib)].concat(), "a row of over"),
    ]
}

/// Runs the command with a bound on its processor time in seconds and on its address
/// space in KiB; status and stderr.
fn bounded(command: &Command, seconds: u32, kib: u32) -> (Option<i32>, String) {
    let line = format!("ulimit -t {seconds}; ulimit -v {kib}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let (code, _, stderr) = run(&mut shell);
    (code, stderr)
}

#[cfg(target_os = "linux")]
#[test]
fn tables_that_grow_are_refused_in_time_and_memory() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes, word) in bombs() {
        let path = dir.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let mut space = nneval();
        space
            .args(["space", "nats-tss", "--labels"])
            .arg(&path)
            .arg("--out")
            .arg(dir.path().join("o"));
        let kib = (256 << 10) + (bytes.len() as u32 / 1024) * 150 + (256 << 10);
        let (code, stderr) = bounded(&space, 3, kib);
        assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{name}: {stderr}");
        let error = LabelTable::read(&path, &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(word), "{name}: {error}");
    }
}

#[test]
fn many_keys_a_row_are_read_in_linear_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.jsonl");
    let row = |i: usize, order: &dyn Fn(usize) -> usize| {
        let cells = (0..9000).map(|k| format!("\"key{}\":{i}", order(k)));
        format!("{{\"path\":\"m{i}\",{}}}\n", cells.collect::<Vec<_>>().join(","))
    };
    let text: String = (0..100).map(|i| row(i, &|k| if i == 0 { k } else { 8999 - k })).collect();
    std::fs::write(&path, text).unwrap();
    let before = std::time::Instant::now();
    let table = LabelTable::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!((table.rows(), table.column("key8999").unwrap()[99]), (100, Some(99.0)));
    assert!(before.elapsed().as_secs_f64() < 10.0);
}

#[test]
fn the_shared_tables_are_the_plain_table() {
    for (folder, all) in [("10-nan-labels", 59), ("11-excel-tables", 60)] {
        let Some(folder) = common::shared(&format!("cases/{folder}")) else { return };
        let mut seen = 0;
        for name in common::entries(&folder).iter().filter(|name| !name.ends_with(".md")) {
            let table = LabelTable::read(folder.join(name), &ReadOptions::default());
            let table = table.unwrap_or_else(|e| panic!("{name}: {e}"));
            let column = table.column("hwnas_edgegpu_lat_ms").unwrap();
            assert_eq!(column.iter().flatten().count(), all, "{name}");
            seen += 1;
        }
        assert!(seen >= 5, "{seen}");
    }
}

#[test]
fn a_table_of_paths_says_what_it_wants() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, format!("path,{}\n{}", METRICS[0], "m.onnx,1\n")).unwrap();
    let evaluator = common::bundle();
    for command in ["score", "calibrate", "report"] {
        let mut command_line = common::nneval_with_runtime();
        command_line.arg(command);
        if command == "report" {
            command_line.arg(&evaluator).args(["--rows", "all"]);
        } else {
            command_line.arg("--evaluator").arg(&evaluator);
        }
        if command == "score" {
            command_line.args(["--rows", "all"]);
        }
        let out = dir.path().join("out");
        if command != "score" {
            command_line.arg("--out").arg(&out);
        }
        let stderr = common::failure(command_line.arg("--labels").arg(&path));
        assert!(stderr.contains("--models"), "{command}: {stderr}");
    }
    let rows: String = (0..30).map(|i| format!("m{i}.onnx,{}\n", 1 + i * 7 % 11)).collect();
    std::fs::write(&path, format!("path,{}\n{rows}", METRICS[0])).unwrap();
    let mut train = common::nneval_with_runtime();
    train.args(["train", "--set", "encoder=tiny", "--metric", METRICS[0], "--labels"]).arg(&path);
    let (code, _, stderr) = run(train.arg("--out").arg(dir.path().join("trained")));
    assert!(code == Some(1) && stderr.contains("--models"), "{stderr}");
}

/// Mutants in a run of the suite; `NNEVAL_MUTANTS` names another number.
const MUTANTS: u64 = 400;
/// Mutants for each that goes through the commands of the program.
const A_COMMAND: u64 = 40;

fn mutants() -> u64 {
    std::env::var("NNEVAL_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTANTS)
}

/// One table in all formats.
fn originals(folder: &Path) -> Vec<Vec<u8>> {
    let csv = std::fs::read_to_string(labels(folder, 790)).unwrap();
    let mut reader = TableReader::from_reader("t.csv", csv.as_bytes()).unwrap();
    let kind = |name: &String| if name == "arch_str" { Kind::Text } else { Kind::Number };
    let columns: Vec<Column> = reader.names().iter().map(|n| Column::new(n, kind(n))).collect();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(row.cells().to_vec());
    }
    let mut all = vec![csv.replace(',', ";").into_bytes(), csv.replace(',', "\t").into_bytes()];
    for format in [Format::Csv, Format::Jsonl, Format::Parquet] {
        let mut table = Writer::new(format, Vec::new(), columns.clone(), &[]).unwrap();
        rows.iter().for_each(|row| table.row(row).unwrap());
        all.push(table.finish().unwrap());
    }
    let lines = String::from_utf8(all[3].clone()).unwrap();
    all.push(format!("[{}]", lines.trim_end().replace('\n', ",\n")).into_bytes());
    all.extend([2, 3].map(|at| gzip(&[&all[at]])));
    all
}

fn position(rng: &mut ChaCha8Rng, n: usize) -> usize {
    rng.random_range(0..n.max(1))
}

fn mutant(originals: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let rng = &mut ChaCha8Rng::seed_from_u64(20_261_201 ^ seed);
    let mut bytes = originals[position(rng, originals.len())].clone();
    let words: [&[u8]; 14] = [
        b",", b"\"", b"\n", b"\r", b"{", b"}", b"[", b"]", b"NaN", b"1e999", b"\xff", b"#", b"\0",
        b";",
    ];
    for _ in 0..rng.random_range(1..5) {
        let at = position(rng, bytes.len());
        match rng.random_range(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << rng.random_range(0..8)),
            2 => bytes.iter_mut().skip(at).take(4).for_each(|b| *b = rng.random()),
            3 => {
                let word = words[position(rng, words.len())];
                bytes.splice(at..at, word.repeat(rng.random_range(1..300)));
            }
            4 => {
                let long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
                bytes.splice(at..at, long[..rng.random_range(1..=9)].iter().copied());
            }
            _ => {
                let end = bytes.len().min(at + position(rng, 300));
                let part = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = position(rng, bytes.len());
                bytes.splice(to..to, part);
            }
        }
    }
    bytes
}

fn commands(table: &Path, out: &Path) -> Vec<Command> {
    let evaluator = common::bundle();
    let with = |arguments: &[&str]| {
        let mut command = common::nneval_with_runtime();
        command.args(arguments);
        command
    };
    let mut score = with(&["score", "--rows", "all", "--bootstrap", "0", "--labels"]);
    score.arg(table).arg("--evaluator").arg(&evaluator);
    let mut calibrate = with(&["calibrate", "--labels"]);
    calibrate.arg(table).arg("--evaluator").arg(&evaluator).arg("--out").arg(out.join("c"));
    let mut adapt = with(&["adapt", "--suggest", "3", "--labels"]);
    adapt.arg(table).arg("--evaluator").arg(&evaluator);
    let mut space = with(&["space", "nats-tss", "--labels"]);
    space.arg(table).arg("--out").arg(out.join("s"));
    let mut search =
        with(&["search", "--space", "nats-tss", "--minimize", "params", "--budget", "2"]);
    search.args(["--evaluator", "none", "--out"]).arg(out.join("r")).arg("--among").arg(table);
    vec![score, calibrate, adapt, space, search]
}

/// The error of the plan of a training on the table.
fn planned(table: &Path) -> Option<String> {
    let mut recipe = Recipe::one_stage().unwrap();
    recipe.set_metrics(vec![MetricPattern::new(METRICS[0], 1.0)]);
    let plan = Plan::new(&recipe, &LabelFiles::one(table), &mut Datasets::default());
    plan.err().map(|e| e.to_string())
}

/// Each mutant is read or refused by one line, by the library and by every command that
/// reads tables.
#[test]
fn mutants_of_tables_are_read_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let originals = originals(dir.path());
    let path: PathBuf = dir.path().join("mutant");
    let (mut read, mut meter) = (0, Meter::new());
    for seed in 0..mutants() {
        let bytes = mutant(&originals, seed);
        std::fs::write(&path, &bytes).unwrap();
        // What every command reads a table by.
        let readers = || {
            let table = LabelTable::read(&path, &ReadOptions::default());
            let works = table.is_ok();
            let _ = TableReader::open_with_comments(&path).and_then(TableReader::rows);
            (works, [table.err(), read_list(&path, "arch_str").err()], planned(&path))
        };
        let (works, errors, refused) = meter.measure(seed, bytes.len(), readers);
        read += usize::from(works);
        for text in errors.into_iter().flatten().map(|e| e.to_string()) {
            assert!(text.contains("mutant") && !text.chars().any(char::is_control), "{text:?}");
        }
        assert!(refused.is_none_or(|text| !text.chars().any(char::is_control)), "seed {seed}");
        if seed % A_COMMAND != 0 {
            continue;
        }
        let out = dir.path().join("out");
        for mut command in commands(&path, &out) {
            let (code, stdout, stderr) = run(&mut command);
            let failed = code == Some(1) && stderr.lines().count() >= 1;
            assert!(
                code == Some(0) || failed,
                "seed {seed}: {command:?}: {code:?} {stdout} {stderr}"
            );
            assert!(!stderr.contains("panicked"), "seed {seed}: {stderr}");
        }
        let _ = std::fs::remove_dir_all(&out);
    }
    println!("mutants of tables: {read} are tables still; {meter}");
    // Other tests run beside this one, but where a number is asked for.
    assert!(meter.faults.is_empty() || mutants() == MUTANTS, "{:#?}", meter.faults);
}
