//! The reader: what it accepts, and how it refuses hostile files.

use crate::common::proto;

use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Attribute, DataType, Dim, Limits, Model, TensorData};
use proto::*;
use std::path::Path;

const FILE: &str = "some/model.onnx";

fn read_with(bytes: Vec<u8>, limits: &Limits) -> nneval::graph::Result<Model> {
    Model::from_bytes(bytes.into(), Path::new(FILE), limits)
}

fn read(bytes: Vec<u8>) -> Model {
    read_with(bytes, &Limits::default()).unwrap()
}

/// The message of a refusal, which names the file and is one line.
fn refusal(bytes: Vec<u8>) -> String {
    refusal_with(bytes, &Limits::default())
}

fn refusal_with(bytes: Vec<u8>, limits: &Limits) -> String {
    let e = read_with(bytes, limits).expect_err("must be refused").to_string();
    assert!(e.starts_with(FILE), "{e}");
    assert!(!e.contains('\n'), "{e}");
    e
}

#[track_caller]
fn refused(bytes: Vec<u8>, parts: &[&str]) {
    let e = refusal(bytes);
    for p in parts {
        assert!(e.contains(p), "{p:?} is not in {e:?}");
    }
}

/// x -> Relu -> y, with other nodes and initializers.
fn graph(nodes: Vec<Vec<u8>>, initializers: Vec<Vec<u8>>) -> Graph {
    Graph {
        nodes,
        initializers,
        inputs: vec![value("x", 1, "2x3")],
        outputs: vec![value("y", 1, "*")],
        ..Default::default()
    }
}

fn relu() -> Vec<u8> {
    node("Relu", &["x"], &["y"], &[])
}

#[test]
fn cycles_are_refused_at_a_node_on_them() {
    let after = node("Neg", &["a"], &["y"], &[name("after")]);
    let a = node("Add", &["x", "b"], &["a"], &[name("first")]);
    let b = node("Relu", &["a"], &["b"], &[name("second")]);
    let e = refusal(graph(vec![after, a, b], vec![]).model());
    assert!(e.contains("node first: ") || e.contains("node second: "), "{e}");
    assert!(e.contains("cycle"), "{e}");
    let own = node("Add", &["x", "y"], &["y"], &[]);
    refused(graph(vec![own], vec![]).model(), &["node Add #0", "cycle"]);
}

#[test]
fn hostile_sizes_are_refused() {
    let w = |dims: &[i64]| graph(vec![relu()], vec![tensor("w", 1, dims)]).model();
    refused(w(&[1 << 31, 1 << 31]), &["initializer w", "overflow"]);
    refused(w(&[i64::MAX, 3]), &["initializer w", "overflow"]);
    refused(w(&[4, -2]), &["initializer w", "negative dimension"]);
    refused(w(&[1; 65]), &["initializer w", "65 dimensions", "limit: dims"]);
    assert_eq!(read(w(&[1 << 31, 4])).values.len(), 3);
    let attribute = attr_tensor("t", &tensor("", 1, &[1 << 40, 1 << 40]));
    let n = node("Relu", &["x"], &["y"], &[attribute, name("bad")]);
    refused(graph(vec![n], vec![]).model(), &["node bad", "overflow"]);
}

fn nested(levels: usize) -> Vec<u8> {
    let mut inner = Graph {
        nodes: vec![node("Relu", &["x"], &["z"], &[])],
        outputs: vec![value("z", 1, "*")],
        ..Default::default()
    };
    for i in 0..levels {
        let out = format!("z{i}");
        let n = node("Body", &[], &[&out], &[attr_graph("body", &inner.bytes()), domain("d")]);
        inner = Graph { nodes: vec![n], outputs: vec![value(&out, 1, "*")], ..Default::default() };
    }
    let last = format!("z{}", levels - 1);
    inner.inputs = vec![value("x", 1, "2")];
    inner.outputs = vec![value(&last, 1, "*")];
    inner.model()
}

#[test]
fn deep_nesting_is_refused() {
    assert!(read_with(nested(24), &Limits::default()).is_ok());
    refused(nested(25), &["nested deeper than 24", "limit: depth"]);
    refused(nested(60), &["recursion limit"]);
    refused(nested(2000), &["recursion limit"]);
    let e = refusal_with(nested(3), &Limits { depth: 2, ..Limits::default() });
    assert!(e.contains("deeper than 2"), "{e}");
}

#[test]
fn malformed_encodings_are_refused() {
    let good = graph(vec![relu()], vec![]).model();
    refused(Vec::new(), &["empty"]);
    refused(b"PK\x03\x04 a zip file, not a model".to_vec(), &["no ONNX model but a zip archive"]);
    refused(
        vec![0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &["not an ONNX model"],
    );
    refused([&good[..], &[0xff; 11]].concat(), &["not an ONNX model"]);
    refused([good.clone(), varint(7 << 3 | 4)].concat(), &["not an ONNX model"]);
    for cut in 1..good.len() {
        // A cut may leave a complete model only where it drops trailing fields.
        let _ = read_with(good[..cut].to_vec(), &Limits::default());
    }
    let bad_name = [text(1, "x"), text(2, "y"), field(4, &[0xff, 0xfe])].concat();
    refused(graph(vec![bad_name], vec![]).model(), &["NodeProto.op_type", "UTF-8"]);
}

#[test]
fn missing_fields_are_refused() {
    refused(int(1, 10), &["there is no graph"]);
    refused(
        Graph { nodes: vec![relu()], inputs: vec![value("x", 1, "2")], ..Default::default() }
            .model(),
        &["no outputs"],
    );
    let untyped = [text(1, "x"), text(2, "y"), text(3, "n7")].concat();
    refused(graph(vec![untyped], vec![]).model(), &["no operator type"]);
    let with =
        |a: Vec<u8>| graph(vec![node("Relu", &["x"], &["y"], &[a, name("n")])], vec![]).model();
    refused(with(field(5, &int(20, 2))), &["node n", "has no name"]);
    refused(with(attribute("t", 4, vec![])), &["node n", "attribute \"t\" has no value"]);
    refused(with(attribute("t", 99, vec![])), &["node n", "attribute \"t\" has type 99"]);
    refused(
        with([attr_int("k", 1), attr_int("k", 2)].concat()),
        &["node n", "\"k\" is given twice"],
    );
    let constant = node("Constant", &[], &["y"], &[name("c")]);
    refused(graph(vec![constant], vec![]).model(), &["node c", "Constant without a value"]);
}

#[test]
fn wrong_names_are_refused() {
    let twice = vec![relu(), node("Neg", &["x"], &["y"], &[name("again")])];
    refused(graph(twice, vec![]).model(), &["node again", "value \"y\" is defined twice"]);
    refused(graph(vec![relu()], vec![tensor("y", 1, &[1])]).model(), &["\"y\" is defined twice"]);
    let w = tensor("w", 1, &[1]);
    refused(graph(vec![relu()], vec![w.clone(), w]).model(), &["\"w\" is defined twice"]);
    let dangling = node("Add", &["x", "nowhere"], &["y"], &[name("n")]);
    refused(
        graph(vec![dangling], vec![]).model(),
        &["node n", "input \"nowhere\" is produced by no node"],
    );
    refused(
        graph(vec![node("Relu", &["x"], &["z"], &[])], vec![]).model(),
        &["output \"y\" is produced by no node"],
    );
}

fn external(location: Option<&str>) -> Vec<u8> {
    let entry = |k, v| field(13, &[text(1, k), text(2, v)].concat());
    let mut t = [tensor("w", 1, &[4]), int(14, 1), entry("offset", "0")].concat();
    t.extend(location.map(|l| entry("location", l)).unwrap_or_default());
    graph(vec![relu()], vec![t]).model()
}

#[test]
fn external_data_is_checked_and_never_opened() {
    for inside in ["weights.bin", "sub/weights.bin", "./weights.bin", "a..b"] {
        let m = read(external(Some(inside)));
        let t = m.values.iter().find_map(|v| v.tensor.clone()).unwrap();
        assert_eq!(t.data, TensorData::External);
    }
    for outside in ["../weights.bin", "/etc/passwd", "a/../../b", "..\\weights.bin"] {
        refused(external(Some(outside)), &["initializer w", "outside the model's folder"]);
    }
    refused(external(None), &["initializer w", "without a location"]);
}

#[test]
fn limits_are_named() {
    let bytes =
        graph(vec![node("Neg", &["x"], &["a"], &[]), node("Relu", &["a"], &["y"], &[])], vec![])
            .model();
    let e = refusal_with(bytes.clone(), &Limits { nodes: 1, ..Limits::default() });
    assert!(e.contains("more than 1 nodes") && e.contains("limit: nodes"), "{e}");
    let e = refusal_with(bytes, &Limits { entries: 5, ..Limits::default() });
    assert!(e.contains("limit: entries"), "{e}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.onnx");
    std::fs::write(&path, graph(vec![relu()], vec![]).model()).unwrap();
    let e = Model::open(&path, &Limits { file_bytes: 10, ..Limits::default() })
        .unwrap_err()
        .to_string();
    assert!(e.contains("m.onnx") && e.contains("limit: file-bytes"), "{e}");
}

#[test]
fn many_empty_messages_do_not_claim_memory() {
    let nodes = field(1, &[]).repeat(3_000_000);
    let e = refusal(model(&nodes, &[]));
    assert!(e.contains("limit: nodes"), "{e}");
}

#[test]
fn every_encoding_of_a_payload_is_read() {
    let shape = |payload: Vec<u8>| {
        let t = [int(1, 2), int(2, 7), text(8, "s"), payload].concat();
        let n = node("Reshape", &["x", "s"], &["y"], &[]);
        let m = read(graph(vec![n], vec![t]).model());
        let y = m.graph.outputs[0];
        Shapes::infer(&m, &Bindings::default()).known(y)
    };
    let raw = field(9, &[[3u8, 0, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0]].concat());
    let packed = field(7, &[3, 2]);
    let single = [int(7, 3), int(7, 2)].concat();
    let runs = [field(7, &[3]), field(7, &[2])].concat();
    for payload in [raw, packed, single, runs] {
        assert_eq!(shape(payload), Some(vec![3, 2]));
    }
}

#[test]
fn unusual_tensors_are_accepted() {
    let strings = [tensor("s", 8, &[2]), text(6, "a"), text(6, "b")].concat();
    let unsigned = [tensor("u", 13, &[2]), field(11, &[5, 6])].concat();
    let nibbles = [tensor("n", 22, &[3]), field(9, &[0x21, 0x0f])].concat();
    let double = [tensor("d", 11, &[1]), field(10, &1.5f64.to_le_bytes())].concat();
    let m = read(graph(vec![relu()], vec![strings, unsigned, nibbles, double]).model());
    let get =
        |n: &str| m.values.iter().find(|v| v.name == n).and_then(|v| v.tensor.clone()).unwrap();
    assert_eq!(get("s").dtype, DataType::String);
    assert_eq!(get("u").ints(9).unwrap(), [5, 6]);
    assert_eq!(get("n").ints(9).unwrap(), [1, 2, -1]);
    assert_eq!(get("d").floats(9).unwrap(), [1.5]);
    let values = field(1, &tensor("sp", 1, &[2]));
    let sparse = field(15, &[values, int(3, 10), int(3, 20)].concat());
    let m = read(Graph { more: sparse, ..graph(vec![relu()], vec![]) }.model());
    let t = m.values.iter().find(|v| v.name == "sp").and_then(|v| v.tensor.clone()).unwrap();
    assert_eq!(
        (t.dims.clone(), t.data.clone(), t.bytes()),
        (vec![10, 20], TensorData::Sparse(2), Some(8))
    );
}

#[test]
fn versions_and_opsets() {
    for ir in 3..=14 {
        for opset in 1..=28 {
            let g = graph(vec![relu()], vec![]).bytes();
            let m = read([int(1, ir), field(7, &g), field(8, &int(2, opset))].concat());
            assert_eq!((m.ir_version, m.opset()), (ir, opset));
        }
    }
    let g = graph(vec![relu()], vec![]).bytes();
    assert_eq!(read([int(1, 8), field(7, &g)].concat()).opset(), 1);
    let twice =
        [field(8, &int(2, 9)), field(8, &[text(1, "ai.onnx"), int(2, 18)].concat())].concat();
    assert_eq!(read([int(1, 8), field(7, &g), twice].concat()).opset(), 18);
}

#[test]
fn initializers_may_be_inputs_too() {
    let mut g = graph(vec![node("Add", &["x", "w"], &["y"], &[])], vec![tensor("w", 1, &[3])]);
    g.inputs.push(value("w", 1, "3"));
    let m = read(g.model());
    assert_eq!(m.graph.inputs.len(), 1);
    g.inputs.push(value("x", 1, "3"));
    refused(g.model(), &["\"x\" is defined twice"]);
}

#[test]
fn dimensions_of_every_kind() {
    let mut g = graph(vec![relu()], vec![]);
    g.inputs = vec![value("x", 1, "-1xbatch_size*8x2*seq + 1x?xNx7")];
    let m = read(g.model());
    let dims = m.value(m.graph.inputs[0]).unwrap().ty.shape.clone().unwrap();
    assert_eq!(dims[0], Dim::Unknown);
    assert_eq!(dims[3], Dim::Unknown);
    let bound = Bindings { dims: [("seq".to_owned(), 5)].into(), ..Default::default() };
    let s = Shapes::infer(&m, &bound);
    let t = s.get(m.graph.outputs[0]).unwrap();
    let shown: Vec<String> = t.dims.as_ref().unwrap().iter().map(|d| s.symbols.text(d)).collect();
    assert_eq!(shown, ["x[0]", "8*batch_size", "11", "x[3]", "N", "7"]);
}

#[test]
fn containers_are_accepted() {
    let inner = field(1, &int(1, 1));
    let seq = field(4, &field(1, &inner));
    let optional = field(9, &field(1, &seq));
    let map = field(5, &[int(1, 7), field(2, &inner)].concat());
    let sparse = field(8, &int(1, 1));
    let list = field(4, &field(1, &map));
    for (ty, container) in [
        (seq, "seq"),
        (optional, "opt:seq"),
        (map, "map.i64"),
        (sparse, "sparse"),
        (list, "seq:map.i64"),
    ] {
        let mut g = graph(vec![node("Identity", &["x"], &["y"], &[])], vec![]);
        g.inputs = vec![[text(1, "x"), field(2, &ty)].concat()];
        let m = read(g.model());
        let t = &m.value(m.graph.inputs[0]).unwrap().ty;
        assert_eq!((t.container.as_deref(), t.dtype), (Some(container), Some(DataType::F32)));
    }
}

#[test]
fn unknown_operators_and_omitted_inputs() {
    let n = node("Fancy", &["x", "", "x"], &["y"], &[domain("org.example"), attr_int("k", 3)]);
    let m = read(graph(vec![n], vec![]).model());
    let n = &m.graph.nodes[0];
    assert_eq!((n.domain.as_str(), n.input(1), n.int("k")), ("org.example", None, Some(3)));
    assert!(
        nneval::opstring::write(&nneval::opstring::of_model(&m).unwrap())
            .contains("org.example.Fancy")
    );
}

#[test]
fn nodes_may_be_in_any_order_and_capture_outer_values() {
    let body = Graph {
        nodes: vec![node("Neg", &["h"], &["b"], &[])],
        outputs: vec![value("b", 1, "*")],
        ..Default::default()
    };
    let branches =
        [attr_graph("then_branch", &body.bytes()), attr_graph("else_branch", &body.bytes())];
    let nodes = vec![node("If", &["c"], &["y"], &branches), node("Relu", &["x"], &["h"], &[])];
    let mut g = graph(nodes, vec![]);
    g.inputs.push(value("c", 9, ""));
    let m = read(g.model());
    assert_eq!(m.graph.nodes[0].op_type, "Relu");
    assert_eq!(Shapes::infer(&m, &Bindings::default()).known(m.graph.outputs[0]), Some(vec![2, 3]));
}

/// A weight of 3 GB: the file has a hole, the reader does not touch it.
#[test]
fn files_over_two_gigabytes_are_read() {
    use std::io::{Seek, SeekFrom, Write};
    let size = 3u64 << 30;
    let head = |n: u64| [varint(9 << 3 | 2), varint(n)].concat();
    let mut t = tensor("w", 2, &[size as i64]);
    t.extend(head(size));
    let mut g = graph(vec![relu()], vec![]).bytes();
    g.extend([varint(5 << 3 | 2), varint(t.len() as u64 + size), t].concat());
    let front =
        [int(1, 10), field(8, &int(2, 21)), varint(7 << 3 | 2), varint(g.len() as u64 + size), g]
            .concat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.onnx");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&front).unwrap();
    file.seek(SeekFrom::Start(front.len() as u64 + size - 1)).unwrap();
    file.write_all(&[0]).unwrap();
    let m = Model::open(&path, &Limits::default()).unwrap();
    let costs = nneval::costs::of_model(&m, &Bindings::default()).unwrap();
    assert_eq!(costs.weight_bytes, size);
}

#[test]
fn folders_pipes_and_absent_files_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let open = |p: &Path| Model::open(p, &Limits::default()).unwrap_err().to_string();
    assert!(open(dir.path()).contains("is a folder"));
    assert!(open(&dir.path().join("no.onnx")).contains("no.onnx"));
    #[cfg(unix)]
    assert!(open(Path::new("/dev/null")).contains("device or pipe"));
}

fn scaled() -> Vec<u8> {
    let constant = node("Constant", &[], &["k"], &[attr_ref("value_float", "by", 1)]);
    let mul = node("Mul", &["a", "k"], &["m"], &[]);
    let flat = node("Flatten", &["m"], &["r"], &[attr_ref("axis", "axis", 2)]);
    let default = field(11, &[text(1, "axis"), int(3, 1), int(20, 2)].concat());
    function(
        "f",
        "Scaled",
        &["a", "unused"],
        &["r", "a"],
        &[constant, mul, flat],
        &[text(6, "by"), default],
    )
}

#[test]
fn functions_are_inlined() {
    let half = attribute("by", 1, [varint(2 << 3 | 5), 0.5f32.to_le_bytes().to_vec()].concat());
    let twice = function(
        "f",
        "Twice",
        &["a"],
        &["r"],
        &[
            node("Scaled", &["a"], &["b"], &[domain("f"), half.clone(), name("one")]),
            node("Scaled", &["b"], &["r"], &[domain("f"), half, attr_int("axis", 0)]),
        ],
        &[],
    );
    let g = graph(vec![node("Twice", &["x"], &["y"], &[domain("f"), name("call")])], vec![]);
    let m = read(model(&g.bytes(), &[scaled(), twice]));
    let flat = m.inlined().unwrap();
    let kinds: Vec<&str> = flat.graph.nodes.iter().map(|n| n.op_type.as_str()).collect();
    assert_eq!(kinds, ["Mul", "Flatten", "Mul", "Flatten"]);
    assert!(flat.functions.is_empty());
    assert_eq!(flat.graph.nodes[0].name, "call/one/");
    let axes: Vec<_> = flat.graph.nodes.iter().filter_map(|n| n.int("axis")).collect();
    assert_eq!(axes, [1, 0]);
    let k = flat.graph.nodes[0].input(1).unwrap();
    assert_eq!(flat.value(k).unwrap().tensor.as_ref().unwrap().floats(1).unwrap(), [0.5]);
    assert_eq!(flat.graph.nodes[3].outputs[0], Some(m.graph.outputs[0]));
    let shapes = Shapes::infer(&m, &Bindings::default());
    assert_eq!(shapes.known(m.graph.outputs[0]), Some(vec![1, 6]));
    let inside = m.functions[0].graph.inputs[0];
    assert_eq!(shapes.known(inside), None);
}

#[test]
fn a_function_may_return_its_input() {
    let by = attribute("by", 1, [varint(2 << 3 | 5), 2f32.to_le_bytes().to_vec()].concat());
    let g = graph(vec![node("Scaled", &["x"], &["z", "y"], &[domain("f"), by])], vec![]);
    let flat = read(model(&g.bytes(), &[scaled()])).inlined().unwrap();
    let last = flat.graph.nodes.last().unwrap();
    assert_eq!((last.op_type.as_str(), last.input(0)), ("Identity", Some(flat.graph.inputs[0])));
}

#[test]
fn recursive_functions_are_refused() {
    let calls = |callee: &str| [node(callee, &["a"], &["r"], &[domain("f")])];
    let f = |own: &str, callee: &str| function("f", own, &["a"], &["r"], &calls(callee), &[]);
    let g = graph(vec![node("A", &["x"], &["y"], &[domain("f")])], vec![]).bytes();
    refused(model(&g, &[f("A", "A")]), &["node A", "calls itself"]);
    refused(model(&g, &[f("A", "B"), f("B", "A")]), &["calls itself"]);
    let chain: Vec<Vec<u8>> =
        (0..30).map(|i| f(&format!("F{i}"), &format!("F{}", i + 1))).collect();
    refused(model(&g, &chain), &["functions are nested deeper than 24", "limit: depth"]);
}

/// Twenty functions, each of which calls the next one sixteen times.
#[test]
fn expansion_is_bounded() {
    let f = |i: usize| {
        let callee = format!("F{}", i + 1);
        let names: Vec<String> = (0..=16).map(|k| format!("v{k}")).collect();
        let nodes: Vec<Vec<u8>> =
            names.windows(2).map(|w| node(&callee, &[&w[0]], &[&w[1]], &[domain("f")])).collect();
        function("f", &format!("F{i}"), &["v0"], &["v16"], &nodes, &[])
    };
    let functions: Vec<Vec<u8>> = (0..20).map(f).collect();
    let g = graph(vec![node("F0", &["x"], &["y"], &[domain("f")])], vec![]).bytes();
    let m = read(model(&g, &functions));
    let e = m.inlined().unwrap_err().to_string();
    assert!(e.contains("limit: inlined-nodes"), "{e}");
    assert!(nneval::costs::of_model(&m, &Bindings::default()).is_err());
    let _ = Shapes::infer(&m, &Bindings::default());
}

/// A long attribute that every node of a function refers to.
#[test]
fn copies_of_attributes_are_bounded() {
    let long = attr_ints("big", &[1; 4096]);
    let nodes: Vec<Vec<u8>> = (0..200)
        .map(|i| node("Relu", &["a"], &[&format!("v{i}")], &[attr_ref("axes", "big", 7)]))
        .collect();
    let f = function("f", "F", &["a"], &["v0"], &nodes, &[text(6, "big")]);
    let g = graph(vec![node("F", &["x"], &["y"], &[domain("f"), long])], vec![]).bytes();
    let limits = Limits { inlined_nodes: 1000, ..Limits::default() };
    let e = read_with(model(&g, &[f]), &limits).unwrap().inlined().unwrap_err().to_string();
    assert!(e.contains("limit: inlined-nodes"), "{e}");
}

#[test]
fn attributes_of_every_type() {
    let floats = attribute("fs", 6, [varint(7 << 3 | 5), 1f32.to_le_bytes().to_vec()].concat());
    let strings = attribute("ss", 8, [text(9, "a"), field(9, &[0xff])].concat());
    let types = attribute("tp", 13, field(14, &field(1, &int(1, 7))));
    let n = node("Relu", &["x"], &["y"], &[floats, strings, types, attr_ints("is", &[1, -1])]);
    let m = read(graph(vec![n], vec![]).model());
    let n = &m.graph.nodes[0];
    assert!(matches!(n.attribute("fs"), Some(Attribute::Floats(v)) if v == &[1.0]));
    assert!(matches!(n.attribute("ss"), Some(Attribute::Strings(v)) if v.len() == 2));
    assert!(matches!(n.attribute("tp"), Some(Attribute::Types(v)) if v.len() == 1));
    assert_eq!(n.ints("is"), Some(&[1, -1][..]));
}

fn program(bytes: &[u8]) -> (std::process::Output, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hostile.onnx");
    std::fs::write(&path, bytes).unwrap();
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_nneval")).arg("string").arg(path).output();
    (output.unwrap(), dir)
}

#[test]
fn the_program_explains_hostile_files() {
    let own = node("Add", &["x", "y"], &["y"], &[name("loop")]);
    let cases = [
        (graph(vec![own], vec![]).model(), "node loop: the graph has a cycle"),
        (nested(2000), "recursion limit"),
        (
            graph(vec![relu()], vec![tensor("w", 1, &[1 << 40, 1 << 40])]).model(),
            "node initializer w",
        ),
    ];
    for (bytes, expected) in cases {
        let (output, _dir) = program(&bytes);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("hostile.onnx") && stderr.contains(expected), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}
