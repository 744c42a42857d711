//! `nneval space`, and the networks it writes against the published costs.

use crate::common;

use assert_cmd::Command;
use common::{entries as files, shared};
use nneval::spaces::{Batch, Dataset, ModelOptions, Space, SssArch, TssArch, Weights, to_bytes};
use onnx_protobuf::{Message, ModelProto, NodeProto};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

const ARCH: &str =
    "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";
const DATASETS: [Dataset; 3] = [Dataset::Cifar10, Dataset::Cifar100, Dataset::ImageNet16_120];

fn space(args: &[&str], out: &Path) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("nneval").unwrap();
    command.arg("space").args(args).arg("--out").arg(out).assert()
}

fn read_model(path: &Path) -> ModelProto {
    ModelProto::parse_from_bytes(&std::fs::read(path).unwrap()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

#[test]
fn arch_writes_one_file_named_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("new/folder");
    space(&["nats-tss", "--arch", ARCH, "--arch", ARCH], &out).success();
    let name = "nor_conv_3x3-0+none-0.avg_pool_3x3-1+skip_connect-0.nor_conv_1x1-1.none-2.onnx";
    assert_eq!(files(&out), [name]);
    let written = std::fs::read(out.join(name)).unwrap();
    let expected = Space::NatsTss.onnx_bytes(ARCH, &ModelOptions::default()).unwrap();
    assert_eq!(written, expected);
}

#[test]
fn options_reach_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["--dataset", "ImageNet16-120", "--batch", "4", "--opset", "18"];
    let weights = ["--weights", "random", "--seed", "5"];
    let arch = ["nats-sss", "--arch", "8:16:24:32:40"];
    space(&[&arch[..], &options[..], &weights[..]].concat(), dir.path()).success();
    let model = read_model(&dir.path().join("8-16-24-32-40.onnx"));
    assert_eq!(model.opset_import.first().unwrap().version, 18);
    assert_eq!(dims(&model, true), ["4", "3", "16", "16"]);
    assert_eq!(dims(&model, false), ["4", "120"]);
    for tensor in &model.graph.initializer {
        let count: i64 = tensor.dims.iter().product();
        assert_eq!(tensor.raw_data.len() as i64, 4 * count, "{}", tensor.name);
    }
    let options = ModelOptions {
        dataset: Dataset::ImageNet16_120,
        weights: Weights::Random { seed: 5 },
        batch: Batch::Fixed(4),
        opset: 18,
    };
    let arch: SssArch = "8:16:24:32:40".parse().unwrap();
    assert_eq!(model, arch.model(&options).unwrap());
}

#[test]
fn labels_name_files_by_index() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("t.csv");
    std::fs::write(&table, format!("x,arch_str,arch_index\n1,{ARCH},7\n2,{ARCH},12\n")).unwrap();
    let out = dir.path().join("out");
    space(&["nats-tss", "--labels", table.to_str().unwrap()], &out).success();
    assert_eq!(files(&out), ["12.onnx", "7.onnx"]);
}

#[test]
fn labels_may_be_json_lines_parquet_or_stdin() {
    use nneval::tables::{Cell, Column, Format, Kind, Writer};
    let dir = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Jsonl, Format::Parquet] {
        let columns =
            vec![Column::new("arch_index", Kind::Integer), Column::new("arch_str", Kind::Text)];
        let mut table = Writer::new(format, Vec::new(), columns, &[]).unwrap();
        table.row([Cell::from(3u64), Cell::from("8:8:8:8:64")]).unwrap();
        let bytes = table.finish().unwrap();
        let path = dir.path().join(format!("t.{}", format.ending()));
        std::fs::write(&path, &bytes).unwrap();
        let out = dir.path().join(format!("{format:?}"));
        space(&["nats-sss", "--labels", path.to_str().unwrap()], &out).success();
        assert_eq!(files(&out), ["3.onnx"], "{format:?}");
        let (piped, mut command) = (out.join("piped"), Command::cargo_bin("nneval").unwrap());
        command.args(["space", "nats-sss", "--labels", "-", "--out"]).arg(&piped);
        command.write_stdin(bytes).assert().success();
        assert_eq!(files(&piped), ["3.onnx"], "{format:?}");
    }
}

#[test]
fn labels_may_be_compressed() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("t.csv.gz");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(b"arch_index,arch_str\n3,8:8:8:8:64\n").unwrap();
    let bytes = gz.finish().unwrap();
    std::fs::write(&table, &bytes).unwrap();
    let out = dir.path().join("out");
    let args = ["nats-sss", "--labels", table.to_str().unwrap()];
    space(&args, &out).success();
    assert_eq!(files(&out), ["3.onnx"]);

    std::fs::write(&table, &bytes[..bytes.len() - 12]).unwrap();
    let broken = dir.path().join("broken");
    let failed = space(&args, &broken).failure().code(1);
    assert!(stderr(&failed).contains("t.csv.gz"), "{}", stderr(&failed));
    assert!(files(&broken).is_empty());
}

#[test]
fn bad_tables_are_explained_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("t.csv");
    let out = dir.path().join("out");
    let args = ["nats-sss", "--labels", table.to_str().unwrap()];
    let good = "arch_index,arch_str\n1,8:8:8:8:8\n";
    let cases: [(&[u8], &str); 8] = [
        (b"", "line 1: no column \"arch_index\""),
        (b"arch_index,arch\n1,8:8:8:8:8\n", "line 1: no column \"arch_str\""),
        (&[good.as_bytes(), b"2,8:8:8:8:9\n"].concat(), "line 3: architecture \"8:8:8:8:9\""),
        (&[good.as_bytes(), b"x,8:8:8:8:8\n"].concat(), "line 3: arch_index \"x\""),
        (&[good.as_bytes(), b"../1,8:8:8:8:8\n"].concat(), "line 3: arch_index \"../1\""),
        (&[good.as_bytes(), b"1,8:8:8:8:16\n"].concat(), "arch_index 1 is on line 2 already"),
        (&[good.as_bytes(), b"2\n"].concat(), "line 3: 1 cells, the header has 2"),
        (&[good.as_bytes(), b"2,\xff\n"].concat(), "line 3: cell 2 is not UTF-8 text"),
    ];
    for (content, expected) in cases {
        std::fs::write(&table, content).unwrap();
        let text = stderr(&space(&args, &out).failure().code(1));
        assert!(text.contains("t.csv") && text.contains(expected), "{expected}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(files(&out).is_empty());
    }
    std::fs::remove_file(&table).unwrap();
    assert!(stderr(&space(&args, &out).failure().code(1)).contains("t.csv: "));
}

#[test]
fn bad_architectures_are_explained_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let failed = space(&["nats-tss", "--arch", ARCH, "--arch", "|none~0|"], &out).failure().code(1);
    assert!(stderr(&failed).contains("architecture \"|none~0|\""), "{}", stderr(&failed));
    let unknown = ARCH.replace("none~0", "max_pool_3x3~0");
    let failed = space(&["nats-tss", "--arch", &unknown], &out).failure().code(1);
    assert!(stderr(&failed).contains("unknown operation \"max_pool_3x3\""), "{}", stderr(&failed));
    space(&["nats-sss", "--arch", ARCH], &out).failure().code(1);
    assert!(files(&out).is_empty());
}

#[test]
fn wrong_usage_exits_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let arch = ["nats-sss", "--arch", "8:8:8:8:8"];
    let with = |more: &[&'static str]| [&arch[..], more].concat();
    let cases = [
        vec!["nats-sss"],
        with(&["--all"]),
        with(&["--labels", "t.csv"]),
        vec!["nas-bench-101", "--all"],
        with(&["--dataset", "mnist"]),
        with(&["--weights", "zero"]),
        with(&["--batch", "0"]),
        with(&["--opset", "9"]),
    ];
    for args in cases {
        space(&args, dir.path()).failure().code(2);
    }
    assert!(files(dir.path()).is_empty());
}

#[test]
fn an_output_folder_that_is_a_file_is_explained() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let failed = space(&["nats-sss", "--arch", "8:8:8:8:8"], file.path()).failure().code(1);
    let name = file.path().file_name().unwrap().to_str().unwrap();
    assert!(stderr(&failed).contains(name), "{}", stderr(&failed));
}

#[test]
#[ignore = "writes 15,625 files, 580 MB"]
fn all_writes_every_architecture_and_an_index() {
    let dir = tempfile::tempdir().unwrap();
    space(&["nats-tss", "--all"], dir.path()).success();
    let mut index = csv::Reader::from_path(dir.path().join("index.csv")).unwrap();
    let rows: Vec<(String, String)> = index.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), TssArch::COUNT);
    assert_eq!(files(dir.path()).len(), TssArch::COUNT + 1);
    let (file, arch) = rows.get(1234).unwrap();
    assert_eq!(file, "01234.onnx");
    let expected = arch.parse::<TssArch>().unwrap().model(&ModelOptions::default()).unwrap();
    assert_eq!(read_model(&dir.path().join(file)), expected);
}

#[test]
fn fixture_is_what_the_program_writes() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nats_tss_9930.onnx");
    let arch = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+\
                |skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";
    let bytes = Space::NatsTss.onnx_bytes(arch, &ModelOptions::default()).unwrap();
    assert!(bytes.len() < 60_000, "{}", bytes.len());
    assert_eq!(std::fs::read(fixture).unwrap(), bytes);
}

fn dims(model: &ModelProto, input: bool) -> Vec<String> {
    let values = if input { &model.graph.input } else { &model.graph.output };
    let shape = &values.first().unwrap().type_.tensor_type().shape;
    let text = |d: &onnx_protobuf::tensor_shape_proto::Dimension| {
        if d.has_dim_param() { d.dim_param().to_owned() } else { d.dim_value().to_string() }
    };
    shape.dim.iter().map(text).collect()
}

#[test]
fn graph_only_models_hold_no_weights() {
    let model = ARCH.parse::<TssArch>().unwrap().model(&ModelOptions::default()).unwrap();
    assert!(model.graph.initializer.iter().all(|t| t.raw_data.is_empty() && !t.dims.is_empty()));
    assert_eq!(dims(&model, true), ["batch", "3", "32", "32"]);
    assert_eq!(dims(&model, false), ["batch", "10"]);
    assert_eq!(model.ir_version, 8);
}

#[test]
fn names_are_unique_and_defined_before_use() {
    let options = ModelOptions::default();
    let tss = ARCH.parse::<TssArch>().unwrap().model(&options).unwrap();
    let sss = "8:16:24:32:40".parse::<SssArch>().unwrap().model(&options).unwrap();
    for model in [tss, sss] {
        let graph = &model.graph;
        let mut known: std::collections::HashSet<&str> =
            graph.initializer.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(known.len(), graph.initializer.len());
        known.extend(graph.input.iter().map(|v| v.name.as_str()));
        for node in &graph.node {
            assert!(node.input.iter().all(|i| known.contains(i.as_str())), "{}", node.name);
            assert!(node.output.iter().all(|o| known.insert(o)), "{}", node.name);
        }
        assert!(graph.output.iter().all(|v| known.contains(v.name.as_str())));
    }
}

/// Sums of a cell read its edges in order, a residual block its residual first.
#[test]
fn sums_keep_the_order_of_the_definition() {
    let model = ARCH.parse::<TssArch>().unwrap().model(&ModelOptions::default()).unwrap();
    let inputs = |name: &str| {
        let node = model.graph.node.iter().find(|n| n.name == name).unwrap();
        node.input.clone()
    };
    let input = "stem/BN";
    assert_eq!(inputs("cells.0.2<-0/Mul"), [input, "zero"]);
    assert_eq!(inputs("cells.0.2<-1/Add"), ["cells.0.2<-0/Mul", "cells.0.2<-1/AveragePool"]);
    assert_eq!(inputs("cells.0.3<-1/Add"), [input, "cells.0.3<-1/BN"]);
    assert_eq!(inputs("cells.0.3<-2/Add"), ["cells.0.3<-1/Add", "cells.0.3<-2/Mul"]);
    assert_eq!(inputs("cells.5/Add"), ["cells.5.down/Conv", "cells.5.b/BN"]);
}

#[test]
fn random_weights_depend_on_the_seed_alone() {
    let bytes = |seed| {
        let options = ModelOptions { weights: Weights::Random { seed }, ..Default::default() };
        to_bytes(&ARCH.parse::<TssArch>().unwrap().model(&options).unwrap()).unwrap()
    };
    assert!(bytes(1) == bytes(1));
    assert!(bytes(1) != bytes(2));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Costs {
    params: i64,
    /// Multiply-accumulates of Conv and Gemm for one image, without bias.
    macs: i64,
}

/// Trainable parameters and MACs of a model, by following the image size
/// (square, height = width) through the graph.
fn costs(model: &ModelProto) -> Costs {
    let graph = &model.graph;
    let shapes: HashMap<&str, &[i64]> =
        graph.initializer.iter().map(|t| (t.name.as_str(), t.dims.as_slice())).collect();
    let trainable = |name: &&str| !name.contains(".running_");
    let params = shapes.keys().filter(|n| trainable(n)).map(|n| size(shapes[n])).sum();

    let image: i64 = dims(model, true).last().unwrap().parse().unwrap();
    let mut sides: HashMap<&str, i64> = HashMap::from([(graph.input[0].name.as_str(), image)]);
    let mut macs = 0;
    for node in &graph.node {
        let read = node.input.first().and_then(|i| sides.get(i.as_str())).copied().unwrap_or(1);
        let side = side_after(node, read);
        if matches!(node.op_type.as_str(), "Conv" | "Gemm") {
            macs += size(shapes[node.input[1].as_str()]) * side * side;
        }
        sides.insert(node.output[0].as_str(), side);
    }
    Costs { params, macs }
}

fn size(dims: &[i64]) -> i64 {
    dims.iter().product()
}

fn side_after(node: &NodeProto, side: i64) -> i64 {
    let ints = |name: &str| node.attribute.iter().find(|a| a.name == name).unwrap().ints.clone();
    match node.op_type.as_str() {
        "Conv" | "AveragePool" => {
            let pads = ints("pads");
            (side + pads[0] + pads[2] - ints("kernel_shape")[0]) / ints("strides")[0] + 1
        }
        "GlobalAveragePool" => 1,
        _ => side,
    }
}

/// Published parameters and MACs of every labelled architecture, on all data
/// sets.
///
/// NATS-Bench counts with AutoDL-Projects' `flop_benchmark.py`: kernel area times
/// channels in times channels out times positions for each convolution, in
/// times out plus bias for the linear layer; pooling, batch normalization,
/// activations and sums are free. The label table rounds to 10 MACs. Of the bias
/// it has 10 MACs on CIFAR-10 (as the counter says), also 10 on CIFAR-100 (the
/// counter would say 100) and none on ImageNet16-120 (120).
#[test]
fn tss_costs_equal_the_published_ones() {
    let Some(path) = shared("data/nats_tss_open.csv.gz") else { return };
    let file = std::fs::File::open(path).unwrap();
    let mut table = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file));
    let rows: Vec<HashMap<String, String>> = table.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 12_945);
    let wrong: Vec<String> = rows.par_iter().flat_map_iter(mismatches).collect();
    assert!(wrong.is_empty(), "{} wrong, first {:?}", wrong.len(), wrong.first());
}

fn mismatches(row: &HashMap<String, String>) -> Vec<String> {
    let arch: TssArch = row["arch_str"].parse().unwrap();
    let mut wrong = Vec::new();
    for (dataset, bias) in DATASETS.into_iter().zip([10, 10, 0]) {
        let found = costs(&arch.model(&ModelOptions { dataset, ..Default::default() }).unwrap());
        let name = dataset.to_string().to_lowercase().replace('-', "_");
        let params: i64 = row[&format!("{name}_params")].parse().unwrap();
        let flops: f64 = row[&format!("{name}_flops_M")].parse().unwrap();
        let tens = (flops * 1e5).round() as i64;
        if found.params != params || (found.macs + bias) != tens * 10 {
            wrong.push(format!("{arch} {dataset}: {found:?}, table {params} {flops}"));
        }
    }
    wrong
}

/// Parameters of an SSS network, from the layer list of the definition.
fn sss_params(channels: [i64; 5], classes: i64) -> i64 {
    let conv_bn = |i: i64, o: i64, k: i64| i * o * k * k + 2 * o;
    let cell = |i: i64, o: i64| {
        let projection = if i == o { 0 } else { conv_bn(i, o, 1) };
        2 * conv_bn(i, o, 3) + 3 * conv_bn(o, o, 3) + projection
    };
    let block = |i: i64, o: i64| conv_bn(i, o, 3) + conv_bn(o, o, 3) + i * o;
    let [a, b, c, d, e] = channels;
    conv_bn(3, a, 3)
        + cell(a, a)
        + block(a, b)
        + cell(b, c)
        + block(c, d)
        + cell(d, e)
        + 2 * e
        + (e + 1) * classes
}

#[test]
fn sss_parameters_follow_the_formula() {
    for dataset in DATASETS {
        let options = ModelOptions { dataset, ..Default::default() };
        for arch in SssArch::all().step_by(41) {
            let found = costs(&arch.model(&options).unwrap()).params;
            let expected = sss_params(arch.channels().map(i64::from), dataset.classes());
            assert_eq!(found, expected, "{arch} {dataset}");
        }
    }
}
