//! `nneval measure`, from models to a table, and from the table to an evaluator.

use crate::common;

use common::onnx::{BOOL, Builder, F32, I64, bytes, graph, int_tensor, value_info};
use common::{entries, failure, nneval_with_runtime, run, shared, success};
use nneval::measure::Table;
use nneval::runtime::SessionOptions;
use nneval::spaces::{ModelOptions, Space, Weights};
use onnx_protobuf::{GraphProto, NodeProto, TensorProto};
use std::path::{Path, PathBuf};
use std::process::Command;

/// `nneval measure` with as little time as there can be.
fn measure(paths: &[&Path], out: &Path) -> Command {
    let mut command = nneval_with_runtime();
    command.arg("measure").args(paths).arg("--out").arg(out).args([
        "--threads",
        "1",
        "--rounds",
        "1",
        "--min-time",
        "0.01",
        "--time-limit",
        "0.05",
    ]);
    command
}

/// A network of the size search space that runs.
fn network(folder: &Path, arch: &str) -> PathBuf {
    let options = ModelOptions { weights: Weights::Random { seed: 1 }, ..ModelOptions::default() };
    let path = folder.join(format!("{}.onnx", arch.replace(':', "-")));
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&path, Space::NatsSss.onnx_bytes(arch, &options).unwrap()).unwrap();
    path
}

fn write(folder: &Path, name: &str, builder: Builder) {
    std::fs::write(folder.join(name), bytes(&builder.model(17))).unwrap();
}

/// ONNX Runtime refuses it: there is no such operator.
fn unknown_operator(folder: &Path) {
    let mut b = Builder::new("v");
    let x = b.input(F32, &[4]);
    let y = b.op("Nonsense", &[&x], vec![]);
    b.output(&y, F32, &[4]);
    write(folder, "unknown.onnx", b);
}

/// Index 9 of an axis of 4: found out by running it.
fn out_of_range(folder: &Path) {
    let mut b = Builder::new("v");
    let (x, i) = (b.input(F32, &[4]), b.ints(&[9]));
    let y = b.op("Gather", &[&x, &i], vec![]);
    b.output(&y, F32, &[1]);
    write(folder, "index.onnx", b);
}

/// The least integer divided by minus one, which x86 processors trap.
fn division(folder: &Path) {
    let mut b = Builder::new("v");
    let (x, least, minus) = (b.input(I64, &[1]), b.ints(&[i64::MIN]), b.ints(&[-1]));
    let (least, minus) = (b.op("Mul", &[&x, &least], vec![]), b.op("Mul", &[&x, &minus], vec![]));
    let y = b.op("Div", &[&least, &minus], vec![]);
    b.output(&y, I64, &[1]);
    write(folder, "division.onnx", b);
}

/// A loop of 2⁶² steps.
fn endless(folder: &Path) {
    let node = |op: &str, inputs: &[&str], output: &str| NodeProto {
        op_type: op.to_owned(),
        input: inputs.iter().map(|&s| s.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..Default::default()
    };
    let body = GraphProto {
        name: "body".to_owned(),
        input: vec![
            value_info("i", I64, &[]),
            value_info("on", BOOL, &[]),
            value_info("s", F32, &[4]),
        ],
        node: vec![node("Identity", &["on"], "go"), node("Sqrt", &["s"], "t")],
        output: vec![value_info("go", BOOL, &[]), value_info("t", F32, &[4])],
        ..Default::default()
    };
    let mut b = Builder::new("v");
    let x = b.input(F32, &[4]);
    let steps = TensorProto { dims: vec![], ..int_tensor(&[1 << 62]) };
    let steps = b.initializer(steps);
    let y = b.op("Loop", &[&steps, "", &x], vec![graph("body", body)]);
    b.output(&y, F32, &[4]);
    write(folder, "endless.onnx", b);
}

/// A gigabyte of zeros.
fn hog(folder: &Path) {
    let mut b = Builder::new("v");
    let (x, ones) = (b.input(I64, &[1]), b.ints(&[1 << 28]));
    let n = b.op("Mul", &[&x, &ones], vec![]);
    let zeros = b.op("ConstantOfShape", &[&n], vec![]);
    let axes = b.ints(&[0]);
    let y = b.op("ReduceSum", &[&zeros, &axes], vec![]);
    b.output(&y, F32, &[1]);
    write(folder, "hog.onnx", b);
}

fn row<'t>(table: &'t Table, path: &str) -> impl Fn(&str) -> &'t str + use<'t> {
    let at = (0..table.rows.len()).find(|&i| table.cell(i, "path") == path);
    let at = at.unwrap_or_else(|| panic!("no row {path}: {:?}", table.rows));
    move |column| table.cell(at, column)
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

#[test]
fn a_bad_model_costs_its_own_row_only() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    network(&models, "8:8:8:8:8");
    network(&models.join("below"), "24:16:8:16:8");
    for make in [unknown_operator, out_of_range, division, endless, hog] {
        make(&models);
    }
    std::fs::write(models.join("garbage.onnx"), "no model").unwrap();
    let out = dir.path().join("out/measured.csv");
    let mut command = measure(&[&models], &out);
    let stdout =
        success(command.args(["--timeout", "3", "--memory-limit", "400", "--memory-runs", "2"]));
    assert!(stdout.contains("2 measured, 6 failed"), "{stdout}");
    assert!(stdout.contains("% of the time in models"), "{stdout}");
    assert_eq!(entries(out.parent().unwrap()), ["measured.csv"]);

    let table = Table::read(&out).unwrap();
    assert_eq!(table.rows.len(), 8);
    let good = row(&table, "below/24-16-8-16-8.onnx");
    assert_eq!((good("error"), good("provider"), good("threads")), ("", "cpu", "1"));
    assert_eq!((good("output_shapes"), good("input_shapes")), ("logits=1x10", "input=1x3x32x32"));
    for column in ["latency_ms", "latency_raw_ms", "cpu_ms", "first_run_ms", "session_ms", "runs"] {
        assert!(number(good(column)) > 0.0, "{column}");
    }
    assert!(number(good("latency_p99_ms")) >= number(good("latency_p90_ms")));
    if cfg!(target_os = "linux") {
        assert!(number(good("peak_memory_mb")) > 1.0);
        assert!(number(good("arena_peak_mb")) > 0.5);
    }
    let mut expected = vec![
        ("unknown.onnx", "Nonsense"),
        ("index.onnx", "Gather"),
        ("endless.onnx", "takes longer than 3 s: ended while running it for the first time"),
        ("garbage.onnx", "garbage.onnx"),
    ];
    if cfg!(target_os = "linux") {
        expected.push(("hog.onnx", "more than the memory limit of 400 MB"));
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        expected.push(("division.onnx", "crashes (signal 8, SIGFPE)"));
    }
    for (path, want) in expected {
        let bad = row(&table, path);
        assert!(bad("error").contains(want), "{path}: {}", bad("error"));
        assert_eq!(bad("latency_ms"), "", "{path}");
    }
    let header = |name: &str| table.header.iter().find(|h| h.0 == name).unwrap().1.clone();
    assert!(!header("os").is_empty() && header("onnxruntime").starts_with("1."));
    assert!(number(&header("control_measurements")) >= 2.0);
}

#[test]
fn inputs_of_every_kind_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let mut b = Builder::new("v");
    let ids = b.input(I64, &[-1, -2]);
    let words = b.weight(&[7, 3]);
    let x = b.op("Gather", &[&words, &ids], vec![]);
    let flag = b.input(BOOL, &[]);
    let minus = b.op("Neg", &[&x], vec![]);
    let x = b.op("Where", &[&flag, &x, &minus], vec![]);
    b.output(&x, F32, &[-1, -2, 3]);
    let name = b.graph.initializer[0].name.clone();
    b.graph.initializer[0].float_data = vec![0.5; 21];
    assert!(!name.is_empty());
    write(dir.path(), "lookup.onnx", b);
    let mut b = Builder::new("v");
    let text = b.input(8, &[3]);
    let same = b.op("Identity", &[&text], vec![]);
    b.output(&same, 8, &[3]);
    write(dir.path(), "text.onnx", b);
    let out = dir.path().join("t.csv");
    success(measure(&[dir.path()], &out).args(["--dim", "d2=5", "--control", "none"]));
    let table = Table::read(&out).unwrap();
    let lookup = row(&table, "lookup.onnx");
    assert_eq!(
        (lookup("error"), lookup("output_shapes").split_once('=').unwrap().1),
        ("", "1x5x3")
    );
    assert_eq!(row(&table, "text.onnx")("error"), "");
}

#[test]
fn models_of_the_corpus_run() {
    let names = [
        "suite/test_loop13_seq.onnx",
        "suite/test_string_concat.onnx",
        "suite/test_string_split_basic.onnx",
        "suite/test_reversesequence_time.onnx",
        "suite/test_attention_4d_gqa_causal_nonpad_decode_fp16.onnx",
        "generated/gen-torch215/hf_BertModel.onnx",
        "shipped/onnxruntime/sigmoid.onnx",
    ];
    let Some(corpus) = shared("corpus") else { return };
    let there = names.map(|n| corpus.join(n));
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("t.csv");
    let paths: Vec<&Path> = there.iter().map(PathBuf::as_path).collect();
    success(measure(&paths, &out).args(["--control", "none"]));
    let table = Table::read(&out).unwrap();
    for i in 0..table.rows.len() {
        assert_eq!(table.cell(i, "error"), "", "{}", table.cell(i, "path"));
    }
    assert_eq!(table.rows.len(), there.len());
}

/// Latencies as the log has them, before the drift is taken out.
fn logged(partial: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(partial).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
    let models = lines.filter_map(|v| Some(v.get("Model")?["path"].as_str()?.to_owned()));
    models.collect()
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    // So many that the program cannot be through before it is killed.
    for i in 0..16 {
        network(&models, &format!("{}:8:{}:8:8", 8 * (1 + i % 4), 8 * (1 + i / 4)));
    }
    let (out, partial) = (dir.path().join("m.csv"), dir.path().join("m.csv.partial"));
    let with = |command: &mut Command| {
        command.args(["--control-every", "1"]);
    };
    let mut first = measure(&[&models], &out);
    with(&mut first);
    let mut child = first.spawn().unwrap();
    while logged(&partial).is_empty() {
        assert!(child.try_wait().unwrap().is_none_or(|s| s.success()), "it failed");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!out.exists(), "killed before it ended");
    let kept = logged(&partial);
    assert!(kept.len() < 16, "{kept:?}");
    let mut fresh = measure(&[&models], &out);
    with(&mut fresh);
    let refusal = failure(&mut fresh);
    assert!(refusal.contains("--resume"), "{refusal}");
    let mut other = measure(&[&models], &out);
    with(&mut other);
    let refusal = failure(other.args(["--resume", "--seed", "9"]));
    assert!(refusal.contains("seed 0, not 9"), "{refusal}");

    let mut again = measure(&[&models], &out);
    with(&mut again);
    let (code, _, stderr) = run(again.arg("--resume"));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains(&format!("{} of 16 models are measured already", kept.len())),
        "{stderr}"
    );
    let table = Table::read(&out).unwrap();
    assert_eq!((table.rows.len(), entries(dir.path()).len()), (16, 2));
    let paths: Vec<&str> = (0..kept.len()).map(|i| table.cell(i, "path")).collect();
    assert_eq!(paths, kept);

    // A finished table is added to, and what it has is not measured again.
    network(&models, "16:16:8:8:8");
    let mut more = measure(&[&models], &out);
    with(&mut more);
    success(more.arg("--resume"));
    let longer = Table::read(&out).unwrap();
    assert_eq!(longer.rows[..16], table.rows[..]);
    assert_eq!((longer.rows.len(), longer.cell(16, "path")), (17, "16-16-8-8-8.onnx"));
}

#[test]
fn an_evaluator_is_trained_on_a_measured_table() {
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    let widths = [8, 16, 24];
    for i in 0..24 {
        let w = |k: usize| widths[(i / k) % 3];
        network(&models, &format!("{}:{}:{}:8:{}", w(1), w(3), w(9), 8 * (1 + i % 2)));
    }
    for name in ["measured.csv", "measured.parquet"] {
        let out = dir.path().join(name);
        success(measure(&[&models], &out).args(["--control-every", "8"]));
        let evaluator = dir.path().join(format!("{name}-evaluator"));
        let mut train = nneval_with_runtime();
        train.args([
            "train",
            "--set",
            "encoder=tiny",
            "--set",
            "epochs=1",
            "--set",
            "batch=4",
            "--labels",
        ]);
        train.arg(&out).arg("--models").arg(&models).arg("--out").arg(&evaluator);
        success(train.args(["--metric", "latency_ms", "--metric", "peak_memory_mb"]));
        let mut evaluate = nneval_with_runtime();
        evaluate.args(["evaluate", "--format", "csv", "--evaluator"]).arg(&evaluator);
        let csv = success(evaluate.arg(models.join("8-8-8-8-8.onnx")));
        assert!(csv.lines().next().unwrap().contains("latency_ms"), "{csv}");
        assert!(csv.lines().next().unwrap().contains("peak_memory_mb"), "{csv}");
        let mut score = nneval_with_runtime();
        score.args(["score", "--rows", "all", "--bootstrap", "10", "--labels"]).arg(&out);
        score.arg("--models").arg(&models).arg("--evaluator").arg(&evaluator);
        assert!(success(&mut score).contains("latency_ms"));
    }
}

/// Peak memory is a matter of the model: another run finds it again.
#[cfg(target_os = "linux")]
#[test]
fn memory_alone_is_measured_and_agrees_with_itself() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["8:8:8:8:8", "64:64:64:64:64"].map(|arch| network(dir.path(), arch));
    let paths = [paths[0].as_path(), paths[1].as_path()];
    let alone = |out: &Path| {
        let mut command = nneval_with_runtime();
        command.arg("measure").args(paths).arg("--out").arg(out);
        command.args(["--threads", "1", "--rounds", "0"]);
        command
    };
    let table = |name: &str| {
        let out = dir.path().join(name);
        success(&mut alone(&out));
        Table::read(&out).unwrap()
    };
    let (once, again) = (table("a.csv"), table("b.csv"));
    for (i, path) in paths.iter().enumerate() {
        for column in ["latency_ms", "session_ms", "first_run_ms", "error"] {
            assert_eq!(once.cell(i, column), "", "{column}");
        }
        let [a, b] = [&once, &again].map(|t| number(t.cell(i, "peak_memory_mb")));
        assert!((a / b - 1.0).abs() < 0.03, "{a} {b}");
        let file = std::fs::metadata(path).unwrap().len() as f64 / 1e6;
        assert!(a > file, "{a} MB, with a file of {file} MB");
    }
    let reason = failure(alone(&dir.path().join("c.csv")).args(["--memory-runs", "0"]));
    assert!(reason.contains("nothing to measure"), "{reason}");
}

#[test]
fn lists_give_paths_or_architectures() {
    let dir = tempfile::tempdir().unwrap();
    network(&dir.path().join("nets"), "8:8:8:8:8");
    let list = dir.path().join("list.csv");
    let text = "# of five\npath,arch_str,unique_rep_index\nnets/8-8-8-8-8.onnx,8:8:8:8:8,4\n";
    std::fs::write(&list, text).unwrap();
    let out = dir.path().join("a.csv");
    success(measure(&[&list], &out).args(["--control", "none"]));
    let table = Table::read(&out).unwrap();
    let one = row(&table, "nets/8-8-8-8-8.onnx");
    assert_eq!((one("arch_str"), one("unique_rep_index"), one("error")), ("8:8:8:8:8", "4", ""));

    std::fs::write(&list, "arch_str\n8:8:8:8:16\n").unwrap();
    let out = dir.path().join("b.csv");
    let mut command = measure(&[&list], &out);
    success(command.args(["--control", "none", "--space", "nats-sss", "--dim", "batch=2"]));
    let table = Table::read(&out).unwrap();
    assert_eq!((table.cell(0, "path"), table.cell(0, "arch_str")), ("", "8:8:8:8:16"));
    assert_eq!((table.cell(0, "error"), table.cell(0, "output_shapes")), ("", "logits=2x10"));
}

#[test]
fn nodes_are_found_where_they_are_placed() {
    let dir = tempfile::tempdir().unwrap();
    let model = network(dir.path(), "8:8:8:8:8");
    let placed = common::runtime().placement_in_file(&model, &SessionOptions::default());
    let placed = placed.unwrap();
    assert!(placed.elsewhere.is_empty() && placed.taken() > 10, "{placed:?}");
}

#[test]
fn bad_requests_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let (model, out) = (network(dir.path(), "8:8:8:8:8"), dir.path().join("t.csv"));
    std::fs::write(&out, "kept").unwrap();
    let message = failure(&mut measure(&[&model], &out));
    assert!(message.contains("--resume"), "{message}");
    assert_eq!(std::fs::read(&out).unwrap(), b"kept");
    let message = failure(measure(&[&model], &out).arg("--resume"));
    assert!(message.contains("nneval measure"), "{message}");
    let out = dir.path().join("u.csv");
    let message = failure(measure(&[&model], &out).args(["--control", "gone.onnx"]));
    assert!(message.contains("gone.onnx"), "{message}");
    assert!(!entries(dir.path()).contains(&"u.csv.partial".to_owned()));
    let list = dir.path().join("list.csv");
    std::fs::write(&list, "name\nx\n").unwrap();
    let message = failure(&mut measure(&[&list], &dir.path().join("v.csv")));
    assert!(message.contains("arch_str"), "{message}");
    std::fs::write(&list, "arch_str\n8:8:8\n").unwrap();
    let mut command = measure(&[&list], &dir.path().join("w.csv"));
    let message = failure(command.args(["--space", "nats-sss"]));
    assert!(message.contains("line 2"), "{message}");
    // Where nothing at all could be measured, that is a failure.
    let gone = dir.path().join("gone.onnx");
    let (code, stdout, _) = run(&mut measure(&[&gone], &dir.path().join("x.csv")));
    assert_eq!(code, Some(1), "{stdout}");
}
