//! Files whose canonical graphs cost much: operations that become many, types that
//! are copied, branches and bodies that are rewritten.

use crate::kinds::Case;
use crate::proto::*;

/// A shape of `rank` formulas of a dozen parts.
fn long_shape(rank: usize) -> String {
    vec!["(a+b)*(c+d)*(e+f)*(g+h)"; rank].join("x")
}

fn model_of(nodes: Vec<Vec<u8>>, inputs: Vec<Vec<u8>>, stored: Vec<Vec<u8>>, out: &str) -> Vec<u8> {
    let outputs = vec![value(out, 1, "*")];
    Graph { nodes, initializers: stored, inputs, outputs, ..Graph::default() }.model()
}

/// One node of `n` inputs whose type is long, followed by some more.
fn wide_types(op: &str, n: usize, rank: usize) -> Vec<u8> {
    let inputs = vec!["x"; n];
    let nodes = vec![node(op, &inputs, &["y"], &[]), node("Relu", &["y"], &["out"], &[])];
    model_of(nodes, vec![value("x", 1, &long_shape(rank))], vec![], "out")
}

/// `n` nodes in a row, each of which reads the one before and `second`.
fn row_of(op: &str, n: usize, second: &[&str], more: &[Vec<u8>], shape: &str) -> Vec<u8> {
    let one = |i: usize| {
        let (from, to) = (format!("v{i}"), format!("v{}", i + 1));
        let inputs: Vec<&str> = [from.as_str()].into_iter().chain(second.iter().copied()).collect();
        node(op, &inputs, &[&to], more)
    };
    let stored = vec![
        floats("two", &[2.0]),
        floats("three", &[3.0, 4.0, 5.0]),
        ints("sizes", &[0, -1]),
        ints("one", &[1]),
    ];
    let last = format!("v{n}");
    model_of((0..n).map(one).collect(), vec![value("v0", 1, shape)], stored, &last)
}

/// Pairs of a gate and a product, each of the value before.
fn gates(gate: &str, n: usize) -> Vec<u8> {
    let pair = |i: usize| {
        let (x, g, y) = (format!("v{i}"), format!("g{i}"), format!("v{}", i + 1));
        [node(gate, &[&x], &[&g], &[]), node("Mul", &[&x, &g], &[&y], &[])]
    };
    let last = format!("v{n}");
    model_of((0..n).flat_map(pair).collect(), vec![value("v0", 1, "axb")], vec![], &last)
}

/// Conditionals of a constant within each other, with `n` nodes in each branch.
fn known_ifs(depth: usize, n: usize) -> Vec<u8> {
    let mut body: Option<Vec<u8>> = None;
    for level in 0..depth {
        let name = |i: usize| format!("l{level}_{i}");
        let step = |i: usize| {
            let from = if i == 0 { "x".to_owned() } else { name(i - 1) };
            node("Sigmoid", &[&from], &[&name(i)], &[])
        };
        let mut nodes: Vec<Vec<u8>> = (0..n).map(step).collect();
        let last = name(n - 1);
        let mut out = last.clone();
        if let Some(body) = &body {
            let both = [attr_graph("then_branch", body), attr_graph("else_branch", body)];
            out = format!("{last}_o");
            nodes.push(node("If", &["yes"], &[&out], &both[..1]));
        }
        let outputs = vec![value(&out, 1, "*")];
        body = Some(Graph { nodes, outputs, ..Graph::default() }.bytes());
    }
    let both = [attr_graph("then_branch", &body.unwrap_or_default())];
    let yes = [tensor("yes", 9, &[]), field(9, &[1])].concat();
    let nodes = vec![node("If", &["yes"], &["out"], &both)];
    model_of(nodes, vec![value("x", 1, "axb")], vec![yes], "out")
}

/// `n` loops whose bodies have `m` operations that rules rewrite.
fn loop_bodies(n: usize, m: usize) -> Vec<u8> {
    let one = |k: usize| {
        let name = |i: usize| format!("b{k}_{i}");
        let step = |i: usize| {
            let op = ["Sigmoid", "Reshape", "Transpose"][i % 3];
            let more = if op == "Reshape" { vec!["sizes"] } else { vec![] };
            let from = name(i);
            let inputs: Vec<&str> = [from.as_str()].into_iter().chain(more).collect();
            node(op, &inputs, &[&name(i + 1)], &[])
        };
        let (count, go) = (format!("n{k}"), format!("c{k}"));
        let body = Graph {
            nodes: (0..m).map(step).collect(),
            inputs: vec![value(&count, 7, ""), value(&go, 9, ""), value(&name(0), 1, "axb")],
            outputs: vec![value(&go, 9, ""), value(&name(m), 1, "axb")],
            ..Graph::default()
        };
        let (from, to) = (format!("v{k}"), format!("v{}", k + 1));
        node("Loop", &["", "", &from], &[&to], &[attr_graph("body", &body.bytes())])
    };
    let stored = vec![ints("sizes", &[0, -1])];
    let last = format!("v{n}");
    model_of((0..n).map(one).collect(), vec![value("v0", 1, "axb")], stored, &last)
}

/// Bodies within bodies, so many levels.
fn levels(depth: usize) -> Vec<u8> {
    // From the inside out a level adds the length of what it holds: quadratic
    // to build by copies, so the parts are laid out from the outside in.
    let mut sizes = vec![0usize; depth + 1];
    let wrap = |inner: usize| -> [usize; 3] {
        let attribute = 3 + field_head(6, inner) + inner + 3;
        let node = 4 + field_head(5, attribute) + attribute;
        let graph = field_head(1, node) + node;
        [attribute, node, graph]
    };
    for level in 0..depth {
        sizes[level + 1] = wrap(sizes[level])[2];
    }
    let mut out = Vec::new();
    for level in (0..depth).rev() {
        let [attribute, node, _] = wrap(sizes[level]);
        head(&mut out, 1, node);
        out.extend(text(4, "If"));
        head(&mut out, 5, attribute);
        out.extend(text(1, "b"));
        // The type of the attribute comes before its graph.
        out.extend(int(20, 5));
        head(&mut out, 6, sizes[level]);
    }
    model(&out, &[])
}

fn head(out: &mut Vec<u8>, number: u64, len: usize) {
    out.extend(varint(number << 3 | 2));
    out.extend(varint(len as u64));
}

fn field_head(number: u64, len: usize) -> usize {
    varint(number << 3 | 2).len() + varint(len as u64).len()
}

/// An operator, its inputs after the first, its attributes.
type Row<'a> = (&'a str, &'a [&'a str], &'a [Vec<u8>]);

/// Every kind, `scale` times as large as in a test.
pub fn all(scale: usize) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    let mut add = |name: String, bytes: Vec<u8>| all.push((name, bytes));
    for op in ["Sum", "Max", "Concat", "Mean"] {
        add(format!("wide_types_{op}"), wide_types(op, 20_000 * scale, 60));
        add(format!("fan_in_{op}"), wide_types(op, 200_000 * scale, 0));
    }
    let perm = [attr_ints("perm", &[1, 0])];
    let rows: [Row; 9] = [
        ("Mul", &["two"], &[]),
        ("Div", &["two"], &[]),
        ("Add", &["three"], &[]),
        ("Reshape", &["sizes"], &[]),
        ("Transpose", &[], &perm),
        ("Sum", &["three", "two"], &[]),
        ("ReduceMean", &["one"], &[]),
        ("Clip", &["two"], &[]),
        ("Concat", &[], &[attr_int("axis", -1)]),
    ];
    for (op, second, more) in rows {
        add(format!("row_of_{op}"), row_of(op, 20_000 * scale, second, more, "ax3"));
    }
    for (op, shape) in [("Neg", long_shape(60)), ("Identity", long_shape(60))] {
        add(format!("row_types_{op}"), row_of(op, 5_000 * scale, &[], &[], &shape));
    }
    for gate in ["Sigmoid", "HardSigmoid", "Tanh"] {
        add(format!("gates_{gate}"), gates(gate, 10_000 * scale));
    }
    add("known_ifs".into(), known_ifs(20, 500 * scale));
    add("loop_bodies".into(), loop_bodies(500 * scale, 20));
    add("loop_body".into(), loop_bodies(1, 10_000 * scale));
    add("levels".into(), levels(100_000));
    all
}
