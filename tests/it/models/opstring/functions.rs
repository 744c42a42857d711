//! Model-local functions in the string.

use super::{graph_of, string_of};
use crate::common::mutate::{ALL, mutate};
use crate::common::onnx::*;
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::{AttributeProto, FunctionProto, ModelProto, NodeProto, OperatorSetIdProto};

fn node(domain: &str, op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        domain: domain.into(),
        op_type: op.into(),
        input: inputs.iter().map(|s| s.to_string()).collect(),
        output: outputs.iter().map(|s| s.to_string()).collect(),
        ..Default::default()
    }
}

fn function(name: &str, nodes: Vec<NodeProto>) -> FunctionProto {
    FunctionProto {
        name: name.into(),
        domain: "own".into(),
        input: vec!["x".into()],
        output: vec!["y".into()],
        node: nodes,
        ..Default::default()
    }
}

/// `own.Leaky(x) = LeakyRelu(x * scale)` with attributes `alpha` and `scale`.
fn leaky() -> FunctionProto {
    let scale = NodeProto {
        attribute: vec![reference("value_float", "scale", AttributeType::FLOAT)],
        ..node("", "Constant", &[], &["s"])
    };
    let leaky = NodeProto {
        attribute: vec![reference("alpha", "alpha", AttributeType::FLOAT)],
        ..node("", "LeakyRelu", &["m"], &["y"])
    };
    FunctionProto {
        attribute: vec!["alpha".into()],
        attribute_proto: vec![float("scale", 2.0)],
        ..function("Leaky", vec![scale, node("", "Mul", &["x", "s"], &["m"]), leaky])
    }
}

fn calls(attributes: &[Vec<AttributeProto>], functions: Vec<FunctionProto>) -> ModelProto {
    let mut b = Builder::new("v");
    let mut x = b.input(F32, &[3]);
    for a in attributes {
        x = b.op("Leaky", &[&x], a.clone());
        if let Some(n) = b.graph.node.last_mut() {
            n.domain = "own".into();
        }
    }
    b.output(&x, F32, &[3]);
    ModelProto { functions, ..b.model(17) }
}

#[test]
fn a_call_is_an_operation_with_the_body_in_brackets() {
    let own = vec![float("alpha", 0.3)];
    let s = string_of(&calls(&[own, vec![]], vec![leaky()]));
    let bound = "own.Leaky [= |1:Input i0@*:?+Mul c2.0+LeakyRelu alpha=0.3]";
    let default = "own.Leaky [= |1:Input i0@*:?+Mul c2.0+LeakyRelu]";
    assert!(s.contains(bound) && s.contains(default), "{s}");
}

#[test]
fn bound_attributes_tell_calls_apart() {
    let of = |a: Vec<AttributeProto>| string_of(&calls(&[a], vec![leaky()]));
    assert_ne!(of(vec![float("scale", 3.0)]), of(vec![]));
    assert_eq!(of(vec![float("scale", 2.0)]), of(vec![]));
    assert_ne!(of(vec![float("alpha", 0.3)]), of(vec![]));
}

#[test]
fn calls_are_canonical() {
    let model = calls(&[vec![float("alpha", 0.3)], vec![], vec![]], vec![leaky()]);
    for seed in 0..32 {
        assert_eq!(string_of(&mutate(&model, ALL, seed)), string_of(&model));
    }
}

#[test]
fn functions_call_functions() {
    let outer = FunctionProto {
        attribute: vec!["a".into()],
        ..function(
            "Outer",
            vec![NodeProto {
                attribute: vec![reference("alpha", "a", AttributeType::FLOAT)],
                ..node("own", "Leaky", &["x"], &["y"])
            }],
        )
    };
    let mut model = calls(&[vec![float("a", 0.7)]], vec![outer, leaky()]);
    model.graph.as_mut().unwrap().node[0].op_type = "Outer".into();
    let s = string_of(&model);
    let nested =
        "own.Outer [= |1:Input i0@*:?+own.Leaky [= |1:Input i0@*:?+Mul c2.0+LeakyRelu alpha=0.7]]";
    assert!(s.contains(nested), "{s}");
}

/// What `op` means in a function is decided by the function's own imports.
#[test]
fn a_function_is_of_its_own_operator_sets() {
    let softmax = |own: Option<i64>, outer: i64| {
        let import = |version| OperatorSetIdProto { version, ..Default::default() };
        let f = FunctionProto {
            opset_import: own.map(import).into_iter().collect(),
            ..function("Leaky", vec![node("", "Softmax", &["x"], &["y"])])
        };
        let mut model = calls(&[vec![]], vec![f]);
        model.opset_import[0].version = outer;
        string_of(&model)
    };
    let (before, after) = (softmax(Some(12), 17), softmax(Some(13), 17));
    assert!(before.contains("Softmax a1 flatten=1"), "{before}");
    assert!(!after.contains("flatten"), "{after}");
    assert_eq!(softmax(Some(12), 11), before);
    assert_eq!(softmax(Some(18), 11), after);
    assert_eq!((softmax(None, 12), softmax(None, 17)), (before, after));
}

#[test]
fn a_function_that_calls_itself_is_refused() {
    let own = function("Leaky", vec![node("own", "Leaky", &["x"], &["y"])]);
    let error = graph_of(&calls(&[vec![]], vec![own])).unwrap_err().to_string();
    assert!(error.contains("itself"), "{error}");
}

/// 40 functions, each calling the next twice, stand for 2^40 operations.
#[test]
fn functions_that_double_are_refused() {
    let name = |i: usize| if i == 0 { "Leaky".to_owned() } else { format!("F{i}") };
    let doubling = |i: usize| {
        let next = name(i + 1);
        let calls = vec![node("own", &next, &["x"], &["m"]), node("own", &next, &["m"], &["y"])];
        FunctionProto { name: name(i), ..function("", calls) }
    };
    let mut functions: Vec<FunctionProto> = (0..20).map(doubling).collect();
    functions.push(FunctionProto {
        name: name(20),
        ..function("", vec![node("", "Relu", &["x"], &["y"])])
    });
    let error = graph_of(&calls(&[vec![]], functions)).unwrap_err().to_string();
    assert!(error.contains("more than") || error.contains("deeper"), "{error}");
}
