//! Different computations have different strings.

use super::string_of;
use crate::common::fingerprint::fingerprint;
use crate::common::{corpus, onnx::*};
use onnx_protobuf::{Message, ModelProto, NodeProto};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Groups of corpus models with one string whose files differ, by their first
/// member, and why they compute the same.
const EXPLAINED: &[(&str, &str)] = &[
    (
        "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False.onnx",
        "without padding and ceil_mode, count_include_pad counts nothing",
    ),
    ("test_gridsample_bicubic.onnx", "align_corners=0 is the default"),
    ("test_gridsample_bilinear.onnx", "align_corners=0, mode and padding_mode are defaults"),
    ("test_gridsample_nearest.onnx", "align_corners=0 is the default"),
    ("test_logsoftmax_axis_2.onnx", "the last axis of three, by number, from the back, by default"),
    ("test_rms_normalization_4d_axis_negative_1.onnx", "axis=-1 is the default"),
    ("test_split_equal_parts_1d_opset13.onnx", "axis=0 is the default"),
    ("test_split_equal_parts_1d_opset18.onnx", "axis=0 is the default"),
    ("test_split_variable_parts_1d_opset13.onnx", "axis=0 is the default"),
];

/// Models with one string are structurally the same: an account of the
/// protobuf that knows nothing of the string is equal, or says what differs.
#[test]
fn corpus_models_that_share_a_string_are_the_same() {
    let Some(models) = corpus() else { return };
    let account = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        let model = ModelProto::parse_from_bytes(&bytes).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (string_of(&model), fingerprint(&model), name)
    };
    // The account follows values back to the inputs, a few frames a node.
    let threads = rayon::ThreadPoolBuilder::new().stack_size(64 << 20).build().unwrap();
    let all: Vec<(String, String, String)> =
        threads.install(|| models.par_iter().map(account).collect());
    let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for (string, print, name) in &all {
        groups.entry(string).or_default().entry(print).or_default().push(name);
    }
    let shared = groups.values().filter(|g| g.values().map(Vec::len).sum::<usize>() > 1).count();
    assert!(shared >= 100, "{} models, {} strings, {shared} shared", all.len(), groups.len());
    let (mut unexplained, mut used) = (String::new(), 0);
    for (string, prints) in groups.iter().filter(|g| g.1.len() > 1) {
        let first = prints.values().flatten().min().unwrap();
        if EXPLAINED.iter().any(|e| e.0 == *first) {
            used += 1;
        } else {
            let end = string.len().min(200);
            unexplained.push_str(&format!("{}\n", &string[..end]));
            for (print, names) in prints {
                unexplained.push_str(&format!("  {names:?}\n{print}\n"));
            }
        }
    }
    assert!(unexplained.is_empty(), "{unexplained}");
    assert_eq!(used, EXPLAINED.len(), "explanations that no group needs");
}

/// A model of one operator with a float input `[2, 6, 4, 4]`.
fn one(op: &str, opset: i64, change: impl Fn(&mut Builder, &mut NodeProto)) -> String {
    let mut b = Builder::new("v");
    let x = b.input(F32, &[2, 6, 4, 4]);
    let y = b.op(op, &[&x], vec![]);
    b.output(&y, F32, &[2, 6, 4, 4]);
    let mut node = b.graph.node.remove(0);
    change(&mut b, &mut node);
    b.graph.node.push(node);
    string_of(&b.model(opset))
}

fn plain(op: &str, opset: i64) -> String {
    one(op, opset, |_, _| {})
}

fn with(op: &str, opset: i64, a: onnx_protobuf::AttributeProto) -> String {
    one(op, opset, move |_, n| n.attribute.push(a.clone()))
}

#[test]
fn operators_that_changed_between_versions_say_so() {
    for op in ["Softmax", "LogSoftmax", "Hardmax"] {
        assert_ne!(plain(op, 11), plain(op, 13), "{op}: flattened at axis 1, then at the last");
        assert_ne!(with(op, 11, int("axis", 2)), with(op, 13, int("axis", 2)));
        assert_eq!(with(op, 11, int("axis", 3)), plain(op, 13), "{op}: the last axis is the same");
        assert_eq!(with(op, 11, int("axis", 1)), plain(op, 11));
        assert_eq!(with(op, 13, int("axis", -1)), plain(op, 13));
    }
    assert_ne!(plain("Selu", 5), plain("Selu", 6));
    assert_ne!(plain("RoiAlign", 10), plain("RoiAlign", 16));
    assert_ne!(plain("DFT", 17), plain("DFT", 20));
    assert_ne!(plain("PRelu", 6), plain("PRelu", 7));
    let groups = || int("num_groups", 2);
    assert_ne!(with("GroupNormalization", 18, groups()), with("GroupNormalization", 21, groups()));
    assert_ne!(plain("Scan", 8), plain("Scan", 9));
}

#[test]
fn training_and_inference_differ() {
    let mode = |m| with("BatchNormalization", 14, int("training_mode", m));
    assert_ne!(mode(0), mode(1));
    assert_eq!(mode(0), plain("BatchNormalization", 14));
    let outputs = |names: &'static [&'static str]| {
        one("BatchNormalization", 9, |_, n| n.output.extend(names.iter().map(|s| s.to_string())))
    };
    assert_ne!(outputs(&[]), outputs(&["mean", "var"]));
    let momentum = |training, m| {
        one("BatchNormalization", 14, move |_, n| {
            n.attribute = vec![int("training_mode", training), float("momentum", m)];
        })
    };
    assert_eq!(momentum(0, 0.5), momentum(0, 0.9));
    assert_ne!(momentum(1, 0.5), momentum(1, 0.9));
    assert_eq!(plain("Dropout", 7), "|1:Input@2x6x4x4");
    assert_ne!(plain("Dropout", 6), "|1:Input@2x6x4x4");
    assert_eq!(with("Dropout", 6, int("is_test", 1)), "|1:Input@2x6x4x4");
}

#[test]
fn defaults_belong_to_operators() {
    let none = || text("reduction", "none");
    let loss = "SoftmaxCrossEntropyLoss";
    assert_ne!(with(loss, 13, none()), plain(loss, 13), "the default is mean");
    assert_eq!(with("ScatterElements", 16, none()), plain("ScatterElements", 16));
    let own = |a: Vec<onnx_protobuf::AttributeProto>| {
        one("Norm", 17, move |_, n| {
            n.domain = "com.example".into();
            n.attribute = a.clone();
        })
    };
    assert_ne!(own(vec![float("epsilon", 1e-5)]), own(vec![]));
    assert_ne!(own(vec![ints("strides", &[1, 1])]), own(vec![]));
}

fn pool(a: Vec<onnx_protobuf::AttributeProto>) -> String {
    one("AveragePool", 19, move |_, n| {
        n.attribute = a.clone();
        n.attribute.push(ints("kernel_shape", &[2, 2]));
    })
}

#[test]
fn windows_differ_in_every_number() {
    let pads = |p: &[i64]| pool(vec![ints("pads", p)]);
    let all = [
        pads(&[0, 0, 0, 0]),
        pads(&[1, 1, 1, 1]),
        pads(&[1, 0, 1, 0]),
        pads(&[0, 1, 0, 1]),
        pads(&[1, 1, 0, 0]),
        pads(&[0, 0, 1, 1]),
        pool(vec![ints("strides", &[2, 1])]),
        pool(vec![ints("strides", &[1, 2])]),
        pool(vec![ints("dilations", &[1, 2])]),
        pool(vec![int("ceil_mode", 1)]),
        pool(vec![int("ceil_mode", 1), int("count_include_pad", 1)]),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all.iter().skip(i + 1).all(|b| a != b), "{a}");
    }
    assert_eq!(pads(&[0; 4]), pool(vec![]));
    assert_eq!(pool(vec![int("count_include_pad", 1)]), pool(vec![]));
    // Without a rank nothing is shortened.
    let unknown = |k: &[i64]| {
        let k = k.to_vec();
        one("MaxPool", 12, move |b, n| {
            b.graph.input[0].type_ = Default::default();
            b.graph.output[0].type_ = Default::default();
            n.attribute.push(ints("kernel_shape", &k));
        })
    };
    assert_ne!(unknown(&[2, 2]), unknown(&[2, 2, 2]));
}

/// A model whose operator reads a constant at `position`, omitted inputs before.
fn constant(op: &str, position: usize, t: onnx_protobuf::TensorProto) -> String {
    one(op, 13, move |b, n| {
        n.input.resize(position, String::new());
        n.input.push(b.initializer(t.clone()));
        n.attribute.clear();
        b.graph.output[0].type_ = Default::default();
    })
}

#[test]
fn constants_that_say_what_an_operation_does_are_spelled_in_full() {
    let long = |last: i64| {
        let mut v = vec![1; 40];
        v[39] = last;
        int_tensor(&v)
    };
    for (op, at) in [("Reshape", 1), ("Slice", 2), ("Pad", 1), ("Tile", 1), ("Expand", 1)] {
        assert_ne!(constant(op, at, long(1)), constant(op, at, long(2)), "{op}");
    }
    let longer = |last: i64| {
        let mut v = vec![1; 2000];
        v[1999] = last;
        int_tensor(&v)
    };
    assert_ne!(constant("Split", 1, longer(1)), constant("Split", 1, longer(2)));
    let scales = |s: f32| onnx_protobuf::TensorProto {
        dims: vec![4],
        data_type: F32,
        float_data: vec![1.0, 1.0, s, s],
        ..Default::default()
    };
    assert_ne!(constant("Resize", 2, scales(2.0)), constant("Resize", 2, scales(2.05)));
    let one = |v, t: fn(f32) -> onnx_protobuf::TensorProto| constant("Mul", 1, t(v));
    let vector = |v| onnx_protobuf::TensorProto { dims: vec![1], ..float_scalar(v) };
    assert_ne!(one(1.0, float_scalar), one(1.5, float_scalar));
    assert_ne!(one(1.0, float_scalar), one(1.0, vector));
    let int = |v| onnx_protobuf::TensorProto { dims: vec![], ..int_tensor(&[v as i64]) };
    assert_ne!(one(1.0, float_scalar), one(1.0, int));
}

#[test]
fn single_numbers_of_any_rank_are_spelled_in_arithmetic() {
    let half =
        |dims: &[i64], v| onnx_protobuf::TensorProto { dims: dims.to_vec(), ..float_scalar(v) };
    for op in ["Mul", "Add", "Max", "Pow", "Where"] {
        let of = |dims: &[i64], v| constant(op, 1, half(dims, v));
        assert_ne!(of(&[1, 1], 0.5), of(&[1, 1], 0.25), "{op}");
        assert_ne!(of(&[1, 1], 0.5), of(&[1], 0.5), "{op}");
    }
    let weight = |v| constant("MatMul", 1, half(&[1, 1], v));
    assert_eq!(weight(0.5), weight(0.25), "a weight");
}

fn strings(dims: &[i64], v: &[&str]) -> onnx_protobuf::TensorProto {
    onnx_protobuf::TensorProto {
        dims: dims.to_vec(),
        data_type: 8,
        string_data: v.iter().map(|s| s.as_bytes().to_vec()).collect(),
        ..Default::default()
    }
}

#[test]
fn strings_are_no_weights() {
    let of = |t| constant("Equal", 1, t);
    let few = of(strings(&[2], &["a|b", "c"]));
    assert!(few.contains("c['a%7cb','c']"), "{few}");
    assert_ne!(few, of(strings(&[2], &["a|b", "d"])));
    assert_ne!(few, of(strings(&[2, 1], &["a|b", "c"])));
    let many = |last: &str| of(strings(&[40], &[&["x"; 39][..], &[last]].concat()));
    assert_ne!(many("x"), many("y"));
    let long = |end: &str| of(strings(&[], &[&("x".repeat(5000) + end)]));
    assert_ne!(long("a"), long("b"));
    assert!(long("a").len() < 200);
    for s in [few, many("x"), long("a"), of(strings(&[2, 2], &["", "b", "c", "d"]))] {
        assert_eq!(nneval::opstring::write(&nneval::opstring::parse(&s).unwrap()), s);
    }
}

/// A `Constant` with strings, in an attribute of its own or in a tensor.
#[test]
fn string_constants_are_the_same_wherever_they_stand() {
    let by_node = |a: onnx_protobuf::AttributeProto| {
        one("Equal", 13, move |b, n| {
            let c = b.op("Constant", &[], vec![a.clone()]);
            n.input.push(c);
        })
    };
    let texts = onnx_protobuf::AttributeProto {
        strings: vec![b"a".to_vec(), b"b".to_vec()],
        type_: onnx_protobuf::attribute_proto::AttributeType::STRINGS.into(),
        name: "value_strings".into(),
        ..Default::default()
    };
    let there = constant("Equal", 1, strings(&[2], &["a", "b"]));
    let tensor = tensor("value", strings(&[2], &["a", "b"]));
    for s in [there, by_node(texts), by_node(tensor)] {
        assert!(s.contains("+Equal c['a','b']"), "{s}");
    }
}

#[test]
fn lists_of_strings_in_attributes_differ() {
    let list = |last: &str| {
        let mut v = vec![b"word".to_vec(); 30];
        v[29] = last.as_bytes().to_vec();
        one("LabelEncoder", 13, move |_, n| {
            n.domain = "ai.onnx.ml".into();
            n.attribute.push(onnx_protobuf::AttributeProto {
                strings: v.clone(),
                type_: onnx_protobuf::attribute_proto::AttributeType::STRINGS.into(),
                name: "keys_strings".into(),
                ..Default::default()
            });
        })
    };
    assert_ne!(list("a"), list("b"));
}

#[test]
fn containers_keep_what_they_hold() {
    use onnx_protobuf::{TypeProto, type_proto};
    use protobuf::MessageField;
    let tensor = |t: i32| TypeProto {
        value: Some(type_proto::Value::TensorType(type_proto::Tensor {
            elem_type: t,
            ..Default::default()
        })),
        ..Default::default()
    };
    let seq = |of: TypeProto| TypeProto {
        value: Some(type_proto::Value::SequenceType(type_proto::Sequence {
            elem_type: MessageField::some(of),
            ..Default::default()
        })),
        ..Default::default()
    };
    let map = |key: i32, of: TypeProto| TypeProto {
        value: Some(type_proto::Value::MapType(type_proto::Map {
            key_type: key,
            value_type: MessageField::some(of),
            ..Default::default()
        })),
        ..Default::default()
    };
    let of = |t: TypeProto| {
        one("Thing", 13, move |b, n| {
            n.domain = "own".into();
            b.graph.input[0].type_ = MessageField::some(t.clone());
        })
    };
    let all = [
        (of(seq(tensor(1))), "@*:seq"),
        (of(seq(seq(tensor(1)))), "@*:seq:seq"),
        (of(map(7, tensor(1))), "@*:map.i64"),
        (of(map(8, tensor(1))), "@*:map.str"),
        (of(seq(map(8, tensor(7)))), "@*:i64:seq:map.str"),
    ];
    for (i, (s, spelled)) in all.iter().enumerate() {
        assert!(s.starts_with(&format!("|1:Input{spelled}+own.Thing")), "{s}");
        assert!(all.iter().skip(i + 1).all(|o| o.0 != *s), "{s}");
        assert_eq!(&nneval::opstring::write(&nneval::opstring::parse(s).unwrap()), s);
    }
}

#[test]
fn lists_and_their_lengths_differ() {
    let list = |v: &[i64]| {
        let v = v.to_vec();
        one("Trees", 13, move |_, n| {
            n.domain = "ai.onnx.ml".into();
            n.attribute.push(ints("ids", &v));
        })
    };
    assert_ne!(list(&[1165]), list(&[0; 1165]));
    let steep = |v: i64| {
        let mut list = vec![0; 600];
        list[599] = v;
        with("Transpose", 13, ints("perm", &list))
    };
    assert_ne!(steep(0), steep(1));
}

/// A Loop whose body has one carried value and captures another, or carries both.
fn loop_model(capture: bool) -> String {
    let mut b = Builder::new("v");
    let (x, y) = (b.input(F32, &[3]), b.input(F32, &[3]));
    let mut inner = Builder::new("b");
    let _ = inner.input(I64, &[]);
    let go = inner.input(BOOL, &[]);
    let state = inner.input(F32, &[3]);
    let other = if capture { y.clone() } else { inner.input(F32, &[3]) };
    let sum = inner.op("Add", &[&state, &other], vec![]);
    inner.output(&go, BOOL, &[]);
    inner.output(&sum, F32, &[3]);
    inner.output(&sum, F32, &[3]);
    let count = b.initializer(onnx_protobuf::TensorProto { dims: vec![], ..int_tensor(&[4]) });
    let body = vec![graph("body", inner.graph)];
    let out = match capture {
        true => b.ops("Loop", &[&count, "", &x], body, 2),
        false => b.ops("Loop", &[&count, "", &x, &y], body, 2),
    };
    out.iter().for_each(|o| b.output(o, F32, &[3]));
    string_of(&b.model(13))
}

#[test]
fn carried_and_captured_values_differ() {
    assert_ne!(loop_model(true), loop_model(false));
}

#[test]
fn element_types_and_connections_differ() {
    let typed =
        |t| one("Relu", 13, move |b, _| b.graph.input[0] = value_info("v1", t, &[2, 6, 4, 4]));
    assert_ne!(typed(F32), typed(10));
    let two = |swap: bool| {
        let mut b = Builder::new("v");
        let (x, y) = (b.input(F32, &[2]), b.input(F32, &[3, 2]));
        let (p, q) = if swap { (&y, &x) } else { (&x, &y) };
        let z = b.op("Sub", &[p, q], vec![]);
        b.output(&z, F32, &[3, 2]);
        string_of(&b.model(13))
    };
    assert_ne!(two(true), two(false));
}
