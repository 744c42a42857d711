//! Parameters told from tables, of float and quantized networks; declarations,
//! formulas of dimensions, external shapes.

use crate::common::{proto, shared};

use nneval::costs::{Costs, of_model};
use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model};
use nneval::inputs::plan;
use proto::*;
use serde_json::Value as Json;
use std::path::Path;

const FLOAT: i64 = 1;
const U8: i64 = 2;
const I8: i64 = 3;
const I64: i64 = 7;
const MICROSOFT: &str = "com.microsoft";

fn opened(bytes: Vec<u8>) -> nneval::graph::Result<Model> {
    Model::from_bytes(bytes.into(), Path::new("m.onnx"), &Limits::default())
}

/// Costs of nodes that read `x` and give `y`.
fn costs(nodes: &[Vec<u8>], constants: &[Vec<u8>], x: &str) -> Costs {
    let g = Graph {
        nodes: nodes.to_vec(),
        initializers: constants.to_vec(),
        inputs: vec![value("x", FLOAT, x), value("ids", I64, "2x5")],
        outputs: vec![value("y", FLOAT, "*")],
        ..Default::default()
    };
    of_model(&opened(g.model()).unwrap(), &Bindings::default()).unwrap()
}

/// Parameters and buffers.
fn stored(nodes: &[Vec<u8>], constants: &[Vec<u8>], x: &str) -> (u64, u64) {
    let c = costs(nodes, constants, x);
    (c.parameters, c.buffers)
}

fn weights(name: &str, dims: &[i64]) -> Vec<u8> {
    tensor(name, FLOAT, dims)
}

/// What is moved, cut, cast or bounded before it is used stays a parameter.
#[test]
fn parameters_pass_through_operators_that_pass_elements_on() {
    let use_of_w = node("Add", &["x", "w"], &["y"], &[]);
    let steps: [(&str, Vec<u8>); 8] = [
        ("Expand", ints("a", &[2, 3, 4])),
        ("Reshape", ints("a", &[3, 4])),
        ("Tile", ints("a", &[1, 1, 1])),
        ("Unsqueeze", ints("a", &[0])),
        ("Clip", floats("a", &[1.0])),
        ("Cast", ints("unread", &[1])),
        ("Transpose", ints("unread", &[1])),
        ("Identity", ints("unread", &[1])),
    ];
    for (op, more) in steps {
        let inputs: &[&str] = match op {
            "Cast" | "Transpose" | "Identity" => &["p"],
            "Clip" => &["p", "low"],
            _ => &["p", "a"],
        };
        let attributes = match op {
            "Cast" => vec![attr_int("to", FLOAT)],
            "Transpose" => vec![attr_ints("perm", &[0, 1, 2])],
            _ => vec![],
        };
        let low = tensor("low", FLOAT, &[]);
        let nodes = [node(op, inputs, &["w"], &attributes), use_of_w.clone()];
        let found = stored(&nodes, &[weights("p", &[1, 3, 4]), more, low], "2x3x4");
        assert_eq!(found, (12, 0), "{op}");
    }
    // A class token, expanded to a batch that only a run knows.
    let token = [
        node("Shape", &["x"], &["s"], &[attr_int("end", 1)]),
        node("Concat", &["s", "rest"], &["t"], &[attr_int("axis", 0)]),
        node("Expand", &["p", "t"], &["w"], &[]),
        node("Concat", &["w", "x"], &["y"], &[attr_int("axis", 1)]),
    ];
    let constants = [weights("p", &[1, 1, 4]), ints("rest", &[-1, -1])];
    assert_eq!(stored(&token, &constants, "Nx3x4"), (4, 0));
}

/// The parameters of a network before and after quantization are the same.
#[test]
fn quantized_networks_have_the_parameters_of_the_float_network() {
    let scale = || tensor("s", FLOAT, &[]);
    let zero = || tensor("z", I8, &[]);
    let of = |nodes: &[Vec<u8>], constants: &[Vec<u8>]| {
        stored(nodes, &[constants, &[scale(), zero()]].concat(), "2x8")
    };
    // An int8 table, looked up and then scaled; in part; through a cast.
    let look_up = [
        node("Gather", &["t", "ids"], &["g"], &[]),
        node("DequantizeLinear", &["g", "s", "z"], &["y"], &[]),
    ];
    assert_eq!(of(&look_up, &[tensor("t", I8, &[50, 8])]), (400, 2));
    let cut = [
        node("Slice", &["t", "from", "to"], &["part"], &[]),
        node("Concat", &["part", "u"], &["w"], &[attr_int("axis", 0)]),
        node("Cast", &["w"], &["f"], &[attr_int("to", FLOAT)]),
        node("MatMul", &["x", "f"], &["y"], &[]),
    ];
    let bounds = [ints("from", &[0]), ints("to", &[4])];
    let parts = [tensor("t", I8, &[6, 8]), tensor("u", I8, &[4, 8])];
    assert_eq!(stored(&cut, &[&parts[..], &bounds].concat(), "2x8"), (48 + 32, 0));
    // Integer addition and products with their scales.
    let pair = ["x", "s", "z", "b", "s", "z", "s", "z"];
    let sum = [node("QLinearAdd", &pair, &["y"], &[domain(MICROSOFT)])];
    assert_eq!(of(&sum, &[tensor("b", I8, &[8])]), (8, 2));
    assert_eq!(of(&sum, &[tensor("b", I8, &[])]), (0, 2));
    let product = ["x", "s", "z", "w", "s", "z", "c", "s", "z"];
    let gemm = [node("QGemm", &product, &["y"], &[domain(MICROSOFT)])];
    assert_eq!(of(&gemm, &[tensor("w", I8, &[8, 3]), tensor("c", 6, &[3])]), (24 + 3, 2));
    let attention = ["x", "w", "b", "s", "s", "", "z", "z"];
    let heads = [domain(MICROSOFT), attr_int("num_heads", 2)];
    let attention = [node("QAttention", &attention, &["y"], &heads)];
    let held = [tensor("w", I8, &[8, 24]), tensor("b", FLOAT, &[24])];
    assert_eq!(of(&attention, &held), (192 + 24, 2));
}

/// Four bits or two a weight, K·N of them, without the padding of blocks.
#[test]
fn packed_weights_count_what_they_hold() {
    let product = |op: &str, bits: i64, bytes: i64| {
        let more = [
            attr_int("K", 50),
            attr_int("N", 32),
            attr_int("bits", bits),
            attr_int("block_size", 32),
        ];
        let nodes =
            [node(op, &["x", "w", "s"], &["y"], &[&more[..], &[domain(MICROSOFT)]].concat())];
        costs(&nodes, &[tensor("w", U8, &[32, 2, bytes]), weights("s", &[64])], "2x50")
    };
    for (op, bits, bytes) in [("MatMulNBits", 4, 16), ("MatMulNBits", 2, 8), ("MatMulBnb4", 4, 16)]
    {
        let c = product(op, bits, bytes);
        assert_eq!((c.parameters, c.buffers), (1600, 64), "{op} {bits}");
        let held = 64 * bytes.unsigned_abs();
        assert_eq!((c.weight_bytes, c.weight_bytes_read.known()), (held + 256, Some(held + 256)));
    }
    let looked = |bits: i64, dtype: i64, columns: i64| {
        let more = [domain(MICROSOFT), attr_int("bits", bits), attr_int("block_size", 16)];
        let nodes = [node("GatherBlockQuantized", &["t", "ids", "s"], &["y"], &more)];
        costs(&nodes, &[tensor("t", dtype, &[100, columns]), weights("s", &[100, 2])], "1")
    };
    // A byte of two or four weights; a type of four bits (UINT4).
    for (bits, dtype, columns) in [(4, U8, 16), (2, U8, 8), (4, 21, 32)] {
        assert_eq!(looked(bits, dtype, columns).parameters, 3200, "{bits} {dtype}");
    }
}

/// A weight is read once a run, as it is stored; of a table the rows that are looked up.
#[test]
fn weights_are_read_once_in_the_bytes_that_are_stored() {
    let shared_weight = [
        node("DequantizeLinear", &["q", "s"], &["w"], &[]),
        node("MatMul", &["x", "w"], &["h"], &[]),
        node("MatMul", &["h", "w"], &["y"], &[]),
    ];
    let constants = [tensor("q", I8, &[8, 8]), tensor("s", FLOAT, &[])];
    let c = costs(&shared_weight, &constants, "2x8");
    assert_eq!((c.weight_bytes, c.weight_bytes_read.known()), (64 + 4, Some(64)));
    let table = [node("Gather", &["t", "ids"], &["y"], &[])];
    let read = |rows| costs(&table, &[weights("t", &[rows, 8])], "1").weight_bytes_read.known();
    assert_eq!((read(1000), read(3)), (Some(10 * 8 * 4), Some(3 * 8 * 4)));
    let tied = [
        node("Gather", &["t", "ids"], &["g"], &[]),
        node("Transpose", &["t"], &["w"], &[]),
        node("MatMul", &["g", "w"], &["y"], &[]),
    ];
    let c = costs(&tied, &[weights("t", &[1000, 8])], "1");
    assert_eq!((c.parameters, c.weight_bytes_read.known()), (8000, Some(32000)));
}

/// `x·cos + rotate(x)·sin`, with halves in turn or one after the other.
#[test]
fn rotary_tables_are_buffers() {
    let half =
        |name: &str, from: &str, to: &str| node("Slice", &["x", from, to, "last"], &[name], &[]);
    let bounds = [ints("zero", &[0]), ints("mid", &[4]), ints("end", &[8]), ints("last", &[-1])];
    let tables = [weights("c", &[6, 8]), weights("s", &[6, 8])];
    let constants = [&bounds[..], &tables].concat();
    let rotated = [
        half("a", "zero", "mid"),
        half("b", "mid", "end"),
        node("Neg", &["b"], &["n"], &[]),
        node("Concat", &["n", "a"], &["r"], &[attr_int("axis", -1)]),
        node("Mul", &["x", "c"], &["xc"], &[]),
        node("Mul", &["r", "s"], &["rs"], &[]),
        node("Add", &["xc", "rs"], &["y"], &[]),
    ];
    assert_eq!(stored(&rotated, &constants, "1x2x6x8"), (0, 96));
    // The same sum of other values scales what it learned.
    let mut scaled = rotated.to_vec();
    scaled[2] = node("Relu", &["b"], &["n"], &[]);
    assert_eq!(stored(&scaled, &constants, "1x2x6x8"), (96, 0));
    // Rows of cached tables, by position.
    let cached = [
        &rotated[..4],
        &[
            node("Gather", &["c", "at"], &["ci"], &[]),
            node("Gather", &["s", "at"], &["si"], &[]),
            node("Shape", &["x"], &["shape"], &[]),
            node("Slice", &["shape", "two", "three"], &["at"], &[]),
            node("Mul", &["x", "ci"], &["xc"], &[]),
            node("Mul", &["r", "si"], &["rs"], &[]),
            node("Add", &["xc", "rs"], &["y"], &[]),
        ],
    ]
    .concat();
    let more = [&constants[..], &[ints("two", &[2]), ints("three", &[3])]].concat();
    assert_eq!(stored(&cached, &more, "1x2xNx8"), (0, 96));
    // Halves on their own.
    let tables = [weights("c", &[6, 4]), weights("s", &[6, 4])];
    let halves = [
        half("a", "zero", "mid"),
        half("b", "mid", "end"),
        node("Mul", &["a", "c"], &["ac"], &[]),
        node("Mul", &["b", "s"], &["bs"], &[]),
        node("Mul", &["b", "c"], &["bc"], &[]),
        node("Mul", &["a", "s"], &["as"], &[]),
        node("Sub", &["ac", "bs"], &["p"], &[]),
        node("Add", &["bc", "as"], &["q"], &[]),
        node("Concat", &["p", "q"], &["y"], &[attr_int("axis", -1)]),
    ];
    assert_eq!(stored(&halves, &[&bounds[..], &tables].concat(), "1x2x6x8"), (0, 48));
    let fused = [node("RotaryEmbedding", &["x", "c", "s"], &["y"], &[])];
    assert_eq!(stored(&fused, &tables, "1x2x6x8"), (0, 48));
    // Frequencies, of positions that a run knows.
    let phase = [
        node("MatMul", &["f", "x"], &["p"], &[]),
        node("Transpose", &["p"], &["t"], &[attr_ints("perm", &[0, 2, 1])]),
        node("Cos", &["t"], &["c"], &[]),
        node("Sin", &["t"], &["s"], &[]),
        node("Add", &["c", "s"], &["y"], &[]),
    ];
    assert_eq!(stored(&phase, &[weights("f", &[1, 32, 1])], "1x1xN"), (0, 32));
}

/// Added to the scores of all heads alike, it is a mask; to those of each, a bias.
#[test]
fn attention_masks_are_buffers() {
    let scores = |mask: &[i64]| {
        let nodes = [
            node("Transpose", &["x"], &["k"], &[attr_ints("perm", &[0, 1, 3, 2])]),
            node("MatMul", &["x", "k"], &["s"], &[]),
            node("Add", &["s", "m"], &["a"], &[]),
            node("Softmax", &["a"], &["y"], &[]),
        ];
        stored(&nodes, &[weights("m", mask)], "2x3x6x8")
    };
    assert_eq!(scores(&[6, 6]), (0, 36));
    assert_eq!(scores(&[2, 1, 6, 6]), (0, 72));
    assert_eq!(scores(&[1, 3, 6, 6]), (108, 0));
    // The bias of a layer before a softmax is one.
    let layer = [
        node("MatMul", &["x", "w"], &["s"], &[]),
        node("Add", &["s", "b"], &["a"], &[]),
        node("Softmax", &["a"], &["y"], &[]),
    ];
    assert_eq!(stored(&layer, &[weights("w", &[8, 5]), weights("b", &[5])], "2x3x6x8"), (45, 0));
}

/// A network of coordinates or sines: its weights are parameters, what it reads is not.
#[test]
fn coordinates_and_sines_are_buffers() {
    let meta = |first: Vec<Vec<u8>>, table: &[i64], inner: i64| {
        let last = [
            node("MatMul", &["c", "w"], &["h"], &[]),
            node("Relu", &["h"], &["r"], &[]),
            node("Add", &["x", "r"], &["y"], &[]),
        ];
        let constants = [weights("t", table), weights("w", &[inner, 8])];
        stored(&[first, last.to_vec()].concat(), &constants, "6x8")
    };
    let same = || vec![node("Identity", &["t"], &["c"], &[])];
    assert_eq!(meta(same(), &[6, 2], 2), (16, 12));
    // Learned tokens have more columns.
    assert_eq!(meta(same(), &[6, 16], 16), (96 + 128, 0));
    assert_eq!(meta(vec![node("Sin", &["t"], &["c"], &[])], &[6, 16], 16), (128, 96));
}

/// What exporters fill in: scales of group normalization and of weight
/// standardisation; blur filters.
#[test]
fn what_exporters_fill_in_is_no_parameter() {
    let groups = [
        node("Reshape", &["x", "grouped"], &["g"], &[]),
        node("InstanceNormalization", &["g", "one", "zero"], &["n"], &[]),
        node("Reshape", &["n", "back"], &["r"], &[]),
        node("Mul", &["r", "w"], &["y"], &[]),
    ];
    let fours = [weights("one", &[2]), weights("zero", &[2]), weights("w", &[4, 1, 1])];
    let shapes = [ints("grouped", &[0, 2, -1]), ints("back", &[1, 4, 5, 5])];
    assert_eq!(stored(&groups, &[&fours[..], &shapes].concat(), "1x4x5x5"), (4, 4));
    let plain = [node("InstanceNormalization", &["x", "s", "b"], &["y"], &[])];
    assert_eq!(stored(&plain, &[weights("s", &[4]), weights("b", &[4])], "1x4x5x5"), (8, 0));

    let standardised = [
        node("Reshape", &["w", "flat"], &["f"], &[]),
        node("ReduceMean", &["f"], &["m"], &[attr_ints("axes", &[0, 2]), attr_int("keepdims", 0)]),
        node("Mul", &["gain", "half"], &["g"], &[]),
        node("BatchNormalization", &["f", "g", "zero", "m", "m"], &["s"], &[]),
        node("Reshape", &["s", "back"], &["k"], &[]),
        node("Conv", &["x", "k"], &["y"], &[]),
    ];
    let constants = [
        weights("w", &[6, 4, 3, 3]),
        weights("gain", &[6]),
        weights("half", &[]),
        weights("zero", &[6]),
        ints("flat", &[1, 6, -1]),
        ints("back", &[6, 4, 3, 3]),
    ];
    let c = costs(&standardised, &constants, "1x4x5x5");
    assert_eq!((c.parameters, c.buffers), (216 + 6, 6));
    let convolution = c.operators.iter().find(|o| o.operator == "BatchNormalization").unwrap();
    assert_eq!(convolution.flops.known(), Some(0), "work on constants is not repeated");

    let blurred = |mode: &str, stride: i64| {
        let more = [attr_int("group", 4), attr_ints("strides", &[stride, stride])];
        let nodes = [
            node("Pad", &["x", "pads"], &["p"], &[attr_text("mode", mode)]),
            node("Conv", &["p", "w"], &["y"], &more),
        ];
        let pads = ints("pads", &[0, 0, 1, 1, 0, 0, 1, 1]);
        stored(&nodes, &[weights("w", &[4, 1, 3, 3]), pads], "1x4x6x6")
    };
    assert_eq!(blurred("reflect", 2), (0, 36));
    assert_eq!(blurred("reflect", 1), (36, 0));
    assert_eq!(blurred("constant", 2), (36, 0));
}

/// A later declaration of an input does not make it less known.
#[test]
fn an_input_keeps_what_its_declarations_know() {
    let product = node("MatMul", &["x", "w"], &["y"], &[]);
    let of = |input: &str, again: Vec<u8>, info: Vec<Vec<u8>>| {
        let g = Graph {
            nodes: vec![product.clone()],
            initializers: vec![tensor("w", FLOAT, &[4, 5])],
            inputs: vec![value("x", FLOAT, input)],
            outputs: vec![value("y", FLOAT, "*"), again],
            more: info.iter().flat_map(|v| field(13, v)).collect(),
        };
        let model = opened(g.model())?;
        Ok::<_, nneval::graph::Error>(of_model(&model, &Bindings::default())?.macs.to_string())
    };
    for again in ["*", "axb", "-1x-1", "3x4"] {
        assert_eq!(of("3x4", value("x", FLOAT, again), vec![]).unwrap(), "60", "{again}");
        let info = vec![value("x", FLOAT, again)];
        assert_eq!(of("3x4", value("y", FLOAT, "*"), info).unwrap(), "60", "{again}");
    }
    assert_eq!(of("ax4", value("x", FLOAT, "3x-1"), vec![]).unwrap(), "60");
    for (again, what) in [("5x4", "of size 3 and of 5 in dimension 0"), ("3", "of 2 dimensions")] {
        let error = of("3x4", value("x", FLOAT, again), vec![]).unwrap_err().to_string();
        assert!(error.contains("graph input \"x\" is declared") && error.contains(what), "{error}");
    }
}

/// A branch that returns a value around it says nothing of its size.
#[test]
fn bodies_do_not_declare_values_around_them() {
    let branch = |declared: &str| {
        Graph { outputs: vec![value("x", FLOAT, declared)], ..Default::default() }.bytes()
    };
    let more = [attr_graph("then_branch", &branch("*")), attr_graph("else_branch", &branch("1x4"))];
    let g = Graph {
        nodes: vec![node("If", &["c"], &["z"], &more), node("MatMul", &["x", "w"], &["y"], &[])],
        initializers: vec![tensor("w", FLOAT, &[4, 5])],
        inputs: vec![value("x", FLOAT, "nx4"), value("c", 9, "")],
        outputs: vec![value("y", FLOAT, "*"), value("z", FLOAT, "*")],
        ..Default::default()
    };
    let c = of_model(&opened(g.model()).unwrap(), &Bindings::default()).unwrap();
    assert_eq!(c.macs.to_string(), "20*n");
}

/// A dimension that is a formula has the value of the formula, also where the size
/// of its symbol comes from another input.
#[test]
fn formulas_of_dimensions_are_evaluated() {
    let g = Graph {
        nodes: vec![
            node("Concat", &["past", "x"], &["all"], &[attr_int("axis", 0)]),
            node("Add", &["all", "mask"], &["y"], &[]),
        ],
        inputs: vec![
            value("past", FLOAT, "past_lengthx4"),
            value("x", FLOAT, "1x4"),
            value("mask", FLOAT, "past_length + 1x4"),
        ],
        outputs: vec![value("y", FLOAT, "*")],
        ..Default::default()
    };
    let model = opened(g.model()).unwrap();
    let inputs = [("past".to_owned(), vec![5, 4])].into();
    let given = Bindings { inputs, ..Default::default() };
    let planned: Vec<String> = plan(&model, &given).unwrap().iter().map(|p| p.setting()).collect();
    assert_eq!(planned, ["past=5x4", "x=1x4", "mask=6x4"]);
    let usual = plan(&model, &Bindings::default()).unwrap();
    assert_eq!(usual[2].shape, [17, 4]);
    let shapes = Shapes::infer(&model, &given);
    assert_eq!(shapes.known(model.graph.outputs[0]), Some(vec![6, 4]));
    let one = nneval::costs::of_one_sample(&model).unwrap();
    assert_eq!(one.flops.known(), Some(8), "past 1 and one token");
}

/// Reads the dimensions that the arguments of a case bind.
fn bound(args: &Json) -> Bindings {
    let args = args.as_array().into_iter().flatten().filter_map(Json::as_str);
    let dims = args.filter_map(|a| a.split_once('=')).map(|(s, n)| (s.into(), n.parse().unwrap()));
    Bindings { dims: dims.collect(), ..Default::default() }
}

#[test]
fn cases_of_parameters_and_declarations_are_right() {
    let Some(folder) = shared("cases") else { return };
    let (mut models, mut wrong) = (0, Vec::new());
    for case in std::fs::read_dir(folder).unwrap().map(|c| c.unwrap().path()) {
        let kind = case.file_name().unwrap().to_str().unwrap().get(..2).unwrap_or("").to_owned();
        let file = case.join("right.json");
        if !["04", "05", "06", "17"].contains(&kind.as_str()) {
            continue;
        }
        let right: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for (name, answer) in right.as_object().unwrap() {
            models += 1;
            let model = Model::open(case.join(name), &Limits::default()).unwrap();
            let bindings = bound(&answer["args"]);
            let costs = of_model(&model, &bindings).unwrap();
            let shapes = Shapes::infer(&model, &bindings);
            for (output, dims) in answer["shapes"].as_object().into_iter().flatten() {
                let id = model.values.iter().position(|v| v.name == *output).unwrap();
                let ours = shapes.known(id as u32);
                let size = |d: &Json| d.as_str().unwrap().parse::<u64>().unwrap();
                let theirs: Vec<u64> = dims.as_array().unwrap().iter().map(size).collect();
                if ours.as_ref() != Some(&theirs) {
                    wrong.push(format!("{name}: {output} {theirs:?}, not {ours:?}"));
                }
            }
            let counts = [("macs", costs.macs.known()), ("params", Some(costs.parameters))];
            for (what, ours) in counts {
                if answer[what].as_u64().is_some_and(|n| Some(n) != ours) {
                    wrong.push(format!("{name}: {what} {}, not {ours:?}", answer[what]));
                }
            }
        }
    }
    println!("{models} models of cases");
    assert!(wrong.is_empty() && models >= 8, "{models}: {wrong:#?}");
}

/// The shapes of a network that was saved with all tensors in a file beside it.
#[test]
fn shapes_in_external_data_are_read() {
    let Some(case) = shared("cases/09-shapes-in-external-data") else { return };
    let model = Model::open(case.join("threshold_0.onnx"), &Limits::default()).unwrap();
    let costs = of_model(&model, &Bindings::default()).unwrap();
    assert_eq!((costs.macs.known(), costs.parameters), (Some(819_200), 56_384));
    assert!(costs.unknown.is_empty(), "{:?}", costs.unknown);
}
