//! Files of known kinds, each as bad as its kind gets: sizes and counts are
//! parameters, so that a test takes small ones and an attack large ones.

use crate::proto::*;

/// A file under a name that tells its kind.
pub type Case = (String, Vec<u8>);

/// Sizes that break arithmetic.
pub const EXTREMES: [i64; 12] =
    [0, 1, -1, 2, -2, 1 << 31, 1 << 40, 1 << 62, i64::MAX, i64::MIN, i64::MIN + 1, -(1 << 31)];

fn graph(nodes: Vec<Vec<u8>>, inputs: Vec<Vec<u8>>, constants: Vec<Vec<u8>>, out: &str) -> Graph {
    Graph {
        nodes,
        initializers: constants,
        inputs,
        outputs: vec![value(out, 1, "*")],
        ..Graph::default()
    }
}

fn chain(op: &str, n: usize, more: &[Vec<u8>], second: Option<&str>) -> Vec<Vec<u8>> {
    let step = |i: usize| {
        let (from, to) = (format!("v{i}"), format!("v{}", i + 1));
        let inputs: Vec<&str> = [from.as_str()].into_iter().chain(second).collect();
        node(op, &inputs, &[&to], more)
    };
    (0..n).map(step).collect()
}

/// One node of `n` inputs, `x` and `y` in turn.
pub fn wide(op: &str, n: usize) -> Vec<u8> {
    let inputs: Vec<&str> = (0..n).map(|i| if i % 2 == 0 { "x" } else { "y" }).collect();
    let ports = vec![value("x", 1, "a"), value("y", 1, "b")];
    graph(vec![node(op, &inputs, &["out"], &[])], ports, vec![], "out").model()
}

/// `n` nodes, each of which nests a formula once more.
pub fn deep(op: &str, n: usize) -> Vec<u8> {
    let mut nodes = vec![node("Shape", &["x"], &["v0"], &[]), node("Shape", &["y"], &["s"], &[])];
    nodes.extend(chain(op, n, &[], Some("s")));
    let last = format!("v{n}");
    nodes.push(node("ConstantOfShape", &[&last], &["out"], &[]));
    graph(nodes, vec![value("x", 1, "a"), value("y", 1, "b")], vec![], "out").model()
}

/// Arithmetic on powers of two that reach the ends of 128 bits.
pub fn extremes(op: &str, base: i64, exponent: i64, other: i64) -> Vec<u8> {
    let nodes = vec![
        node("Pow", &["b", "e"], &["p"], &[]),
        node(op, &["p", "o"], &["q"], &[]),
        node(op, &["o", "p"], &["r"], &[]),
        node("Abs", &["q"], &["s"], &[]),
        node("Neg", &["r"], &["t"], &[]),
        node("Range", &["s", "t", "o"], &["out"], &[]),
    ];
    let constants = vec![ints("b", &[base]), ints("e", &[exponent]), ints("o", &[other])];
    graph(nodes, vec![], constants, "out").model()
}

/// A node whose constant claims `dims` and has few bytes.
pub fn claimed(op: &str, dims: &[i64], more: &[Vec<u8>]) -> Vec<u8> {
    let constant = |name: &str| [tensor(name, 7, dims), field(9, &[1, 2, 3])].concat();
    let nodes = vec![
        node(op, &["a", "b"], &["c"], more),
        node("Concat", &["c", "a", "c"], &["d"], &[attr_int("axis", 1)]),
        node("Expand", &["a", "e"], &["f"], &[]),
        node("Sum", &["c", "d", "f"], &["out"], &[]),
    ];
    graph(nodes, vec![], vec![constant("a"), constant("b"), ints("e", dims)], "out").model()
}

/// `calls` calls of a function that calls another as often, whose one node has
/// `inputs` inputs and a name of `name` bytes.
pub fn inlined(calls: usize, inputs: usize, name: usize, attribute: usize) -> Vec<u8> {
    let long = "n".repeat(name);
    let values = vec![7i64; attribute];
    let body = node(
        "Sum",
        &vec!["x"; inputs],
        &["y"],
        &[text(3, &long), attr_ints("v", &values), attr_text("t", &long)],
    );
    let inner = node("Relu", &["y"], &[&format!("{long}z")], &[]);
    let f = function("d", "f", &["x"], &["y"], &[body, inner], &[]);
    let call = |f: &str, i: usize| node(f, &["x"], &[&format!("c{i}")], &[domain("d")]);
    let many = |f: &str| (0..calls).map(|i| call(f, i)).collect::<Vec<_>>();
    let g = function("d", "g", &["x"], &["c0"], &many("f"), &[]);
    model(&graph(many("g"), vec![value("x", 1, "1")], vec![], "c0").bytes(), &[f, g])
}

/// Functions each of which calls the one before it `times` times.
pub fn functions(n: usize, times: usize, reversed: bool) -> Vec<u8> {
    let name = |i: usize| format!("f{i}");
    let mut all =
        vec![function("d", "f0", &["x"], &["y"], &[node("Relu", &["x"], &["y"], &[])], &[])];
    for i in 1..n {
        let calls: Vec<Vec<u8>> = (0..times)
            .map(|k| node(&name(i - 1), &["x"], &[&format!("y{k}")], &[domain("d")]))
            .collect();
        all.push(function("d", &name(i), &["x"], &["y0"], &calls, &[]));
    }
    if reversed {
        all.reverse();
    }
    let call = node(&name(n - 1), &["x"], &["out"], &[domain("d")]);
    model(&graph(vec![call], vec![value("x", 1, "1")], vec![], "out").bytes(), &all)
}

/// A function with `params` attribute parameters that is called `calls` times,
/// each call with `given` integers.
pub fn parameters(params: usize, calls: usize, given: usize) -> Vec<u8> {
    let names: Vec<Vec<u8>> = (0..params).map(|i| text(6, &format!("a{i}"))).collect();
    let uses = node("Foo", &["x"], &["y"], &[attr_ref("k", "a0", 7)]);
    let g = function("d", "g", &["x"], &["y"], &[uses], &names);
    let pass =
        |i: usize| node("g", &["x"], &[&format!("y{i}")], &[domain("d"), attr_ref("a0", "a", 7)]);
    let calls: Vec<Vec<u8>> = (0..calls).map(pass).collect();
    let f = function("d", "f", &["x"], &["y0"], &calls, &[text(6, "a")]);
    let call = node("f", &["x"], &["out"], &[domain("d"), attr_ints("a", &vec![1; given])]);
    model(&graph(vec![call], vec![value("x", 1, "1")], vec![], "out").bytes(), &[f, g])
}

/// Formulas of 45 symbols as `elements` elements, through `n` nodes.
pub fn formulas(op: &str, elements: i64, n: usize) -> Vec<u8> {
    let shape: Vec<String> = (0..44).map(|i| format!("s{i}")).collect();
    let mut nodes = vec![
        node("Shape", &["x"], &["s"], &[]),
        node("ReduceSum", &["s"], &["t"], &[attr_int("keepdims", 1)]),
        node("Expand", &["t", "e"], &["v0"], &[]),
    ];
    let second = (op != "Relu").then_some("v0");
    nodes.extend(chain(op, n, &[], second));
    let ports = vec![value("x", 1, &shape.join("x"))];
    graph(nodes, ports, vec![ints("e", &[elements])], &format!("v{n}")).model()
}

/// `n` nodes with a declared shape of `rank` products of sums.
pub fn declared(n: usize, rank: usize, distinct: bool) -> Vec<u8> {
    let mut g =
        graph(chain("Foo", n, &[], None), vec![value("v0", 1, "a")], vec![], &format!("v{n}"));
    for i in 1..n {
        let dim = |k: usize| {
            let tail = if distinct { format!("*n{}", i * rank + k) } else { String::new() };
            format!("(a+b)*(c+d)*(e+f)*(g+h)*(i+j)*(k+l)*(m+n){tail}")
        };
        let dims: Vec<Vec<u8>> = (0..rank).map(|k| field(1, &text(2, &dim(k)))).collect();
        let ty = [int(1, 1), field(2, &dims.concat())].concat();
        let v = [text(1, &format!("v{i}")), field(2, &field(1, &ty))].concat();
        g.more.extend(field(13, &v));
    }
    g.model()
}

/// `n` Pads of 63 dimensions that are sums of 45 symbols.
pub fn padded(n: usize) -> Vec<u8> {
    let letters: Vec<String> = ('a'..='z').chain('A'..='S').map(String::from).collect();
    let dim = letters.join("+");
    let dims = vec![dim.as_str(); 63].join("x");
    // `x` is a symbol, too: spelled without it.
    let dims = dims.replace("+x+", "+X+");
    let pads = vec![1i64; 126];
    let nodes = chain("Pad", n, &[], Some("p"));
    graph(nodes, vec![value("v0", 1, &dims)], vec![ints("p", &pads)], &format!("v{n}")).model()
}

/// One Concat of `n` inputs of different sizes.
pub fn concatenated(n: usize, distinct: bool) -> Vec<u8> {
    let name = |i: usize| if distinct { format!("x{i}") } else { format!("x{}", i % 2) };
    let inputs: Vec<String> = (0..n).map(name).collect();
    let refs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let count = if distinct { n } else { 2 };
    let ports = (0..count).map(|i| value(&format!("x{i}"), 1, &format!("s{i}"))).collect();
    graph(vec![node("Concat", &refs, &["out"], &[attr_int("axis", 0)])], ports, vec![], "out")
        .model()
}

/// One node with `n` subgraphs that are empty.
pub fn empty_graphs(n: usize) -> Vec<u8> {
    let graphs: Vec<u8> = (0..n).flat_map(|_| field(11, &[])).collect();
    let names: Vec<Vec<u8>> = chain("Relu", n / 4, &[], None);
    let mut nodes = vec![node("Foo", &["v0"], &["z"], &[attribute("g", 10, graphs)])];
    nodes.extend(names);
    graph(nodes, vec![value("v0", 1, "a")], vec![], "z").model()
}

/// `n` Ifs with a node in each branch.
pub fn ifs(n: usize) -> Vec<u8> {
    let branch = |i: usize, k: usize| {
        let out = format!("b{i}_{k}");
        graph(vec![node("Relu", &["v0"], &[&out], &[])], vec![], vec![], &out).bytes()
    };
    let one = |i: usize| {
        let more =
            [attr_graph("then_branch", &branch(i, 0)), attr_graph("else_branch", &branch(i, 1))];
        node("If", &["c"], &[&format!("v{}", i + 1)], &more)
    };
    let ports = vec![value("c", 9, ""), value("v0", 1, "a")];
    graph((0..n).map(one).collect(), ports, vec![], &format!("v{n}")).model()
}

/// Loops within loops, `n` deep, whose states grow.
pub fn loops(n: usize, states: usize) -> Vec<u8> {
    let mut inner: Option<Vec<u8>> = None;
    for level in 0..n {
        let name = |s: &str, k: usize| format!("l{level}{s}{k}");
        let mut nodes = Vec::new();
        let mut outs = vec![name("c", 0)];
        for k in 0..states {
            let (from, to) = (name("i", k), name("o", k));
            nodes.push(node("Concat", &[&from, &from], &[&to], &[attr_int("axis", 0)]));
            outs.push(to);
        }
        if let Some(body) = &inner {
            let inputs: Vec<String> = (0..states).map(|k| name("o", k)).collect();
            let mut all = vec!["", ""];
            all.extend(inputs.iter().map(String::as_str));
            let results: Vec<String> = (0..states).map(|k| name("r", k)).collect();
            let results: Vec<&str> = results.iter().map(String::as_str).collect();
            nodes.push(node("Loop", &all, &results, &[attr_graph("body", body)]));
        }
        let mut ports = vec![value(&name("n", 0), 7, ""), value(&name("c", 0), 9, "")];
        ports.extend((0..states).map(|k| value(&name("i", k), 1, "*")));
        let outputs = outs.iter().map(|o| value(o, 1, "*")).collect();
        inner = Some(Graph { nodes, inputs: ports, outputs, ..Graph::default() }.bytes());
    }
    let mut inputs = vec!["", ""];
    inputs.extend(vec!["x"; states]);
    let outs: Vec<String> = (0..states).map(|k| format!("out{k}")).collect();
    let outs: Vec<&str> = outs.iter().map(String::as_str).collect();
    let top = node("Loop", &inputs, &outs, &[attr_graph("body", &inner.unwrap_or_default())]);
    graph(vec![top], vec![value("x", 1, "axb")], vec![], "out0").model()
}

/// `n` inputs with open dimensions, read by one node and then a chain.
pub fn inputs(n: usize, rank: usize, followed: usize) -> Vec<u8> {
    let names: Vec<String> = (0..n).map(|i| format!("x{i}")).collect();
    let refs: Vec<&str> = names.iter().map(String::as_str).collect();
    let unknown: Vec<u8> = (0..rank).flat_map(|_| field(1, &[])).collect();
    let port = |name: &str| {
        let ty = [int(1, 1), field(2, &unknown)].concat();
        [text(1, name), field(2, &field(1, &ty))].concat()
    };
    let mut nodes = vec![node("Concat", &refs, &["v0"], &[attr_int("axis", 0)])];
    nodes.extend(chain("Identity", followed, &[], None));
    graph(nodes, refs.iter().map(|n| port(n)).collect(), vec![], &format!("v{followed}")).model()
}

/// An Einsum over `n` letters.
pub fn einsum(n: u32) -> Vec<u8> {
    let letters: String = (0..n).filter_map(|i| char::from_u32(0x4e00 + i)).collect();
    let dims = vec!["1"; n as usize].join("x");
    let equation = format!("{letters},{letters}->");
    let nodes = vec![node("Einsum", &["x", "x"], &["out"], &[attr_text("equation", &equation)])];
    graph(nodes, vec![value("x", 1, &dims)], vec![], "out").model()
}

/// A Split into `n` outputs of 64 dimensions.
pub fn split(n: usize, rank: usize) -> Vec<u8> {
    let outs: Vec<String> = (0..n).map(|i| format!("{i:x}")).collect();
    let refs: Vec<&str> = outs.iter().map(String::as_str).collect();
    let dims = vec![n.to_string()].into_iter().chain(vec!["a".to_owned(); rank - 1]);
    let dims: Vec<String> = dims.collect();
    let nodes = vec![node("Split", &["x"], &refs, &[attr_int("axis", 0)])];
    graph(nodes, vec![value("x", 1, &dims.join("x"))], vec![], "0").model()
}

/// `n` Reshapes by one constant of `len` integers.
pub fn digests(n: usize, len: usize) -> Vec<u8> {
    let constant = [tensor("c", 7, &[len as i64]), field(7, &vec![1u8; len])].concat();
    let nodes = chain("Reshape", n, &[], Some("c"));
    graph(nodes, vec![value("v0", 1, "*")], vec![constant], &format!("v{n}")).model()
}

/// `n` nodes of one operator in a row.
pub fn row(op: &str, n: usize) -> Vec<u8> {
    graph(chain(op, n, &[], None), vec![value("v0", 1, "1xa")], vec![], &format!("v{n}")).model()
}

/// A node whose operator, attribute, input and node have a long name.
pub fn names(n: usize) -> Vec<u8> {
    let long = "q".repeat(n);
    let nodes = vec![
        node(&long, &["x"], &[&long], &[attr_int(&long, 1), text(3, &long), domain(&long)]),
        node("Relu", &[&long], &["out"], &[]),
    ];
    graph(nodes, vec![value("x", 1, &long.replace('x', "y"))], vec![], "out").model()
}

/// Names that hold controls, escapes and quotes.
pub fn controls() -> Vec<u8> {
    let bad = "a\n\r\x1b[31m\u{202e}=1+2|'\"\0b";
    let nodes = vec![
        node(bad, &[bad], &["m"], &[attr_text(bad, bad), text(3, bad), domain(bad)]),
        node("Relu", &["m"], &["out"], &[text(3, bad)]),
    ];
    graph(nodes, vec![value(bad, 1, "a")], vec![], "out").model()
}

/// `n` times the same field of two bytes in one of the messages.
pub fn empty_fields(place: &str, n: usize) -> Vec<u8> {
    let many = |number: u64| field(number, &[]).repeat(n);
    let good =
        graph(vec![node("Relu", &["x"], &["out"], &[])], vec![value("x", 1, "a")], vec![], "out");
    let with = |more: Vec<u8>| Graph { more, ..good.clone() }.model();
    match place {
        "node" => with(many(1)),
        "initializer" => with(many(5)),
        "value_info" => with(many(13)),
        "sparse" => with(many(15)),
        "attribute" => with(field(1, &node("Foo", &["x"], &["z"], &[many(5)]))),
        "input" => with(field(1, &node("Foo", &[], &["z"], &[many(1)]))),
        "output" => with(field(1, &node("Foo", &["x"], &[], &[many(2)]))),
        "tensors" => with(field(1, &node("Foo", &["x"], &["z"], &[attribute("t", 9, many(10))]))),
        "graphs" => with(field(1, &node("Foo", &["x"], &["z"], &[attribute("t", 10, many(11))]))),
        "types" => with(field(1, &node("Foo", &["x"], &["z"], &[attribute("t", 14, many(15))]))),
        "strings" => with(field(1, &node("Foo", &["x"], &["z"], &[attribute("t", 8, many(9))]))),
        "ints" => {
            with(field(1, &node("Foo", &["x"], &["z"], &[attribute("t", 7, int(8, 1).repeat(n))])))
        }
        "floats" => {
            let floats = field(7, &vec![0; 4 * n]);
            with(field(1, &node("Foo", &["x"], &["z"], &[attribute("t", 6, floats)])))
        }
        "string_data" => with(field(5, &[tensor("s", 8, &[n as i64]), many(6)].concat())),
        "external" => with(field(5, &[tensor("s", 8, &[1]), many(13)].concat())),
        "dims" => with(field(5, &int(1, 1).repeat(n))),
        "declared_dims" => {
            let ty = [int(1, 1), field(2, &many(1))].concat();
            let v = [text(1, "y"), field(2, &field(1, &ty))].concat();
            with([field(11, &v), field(12, &v)].concat())
        }
        "opsets" => model(&good.bytes(), &[many(8)]),
        "functions" => model(&good.bytes(), &[many(25)]),
        other => panic!("no place is called {other}"),
    }
}

pub const PLACES: [&str; 19] = [
    "node",
    "initializer",
    "value_info",
    "sparse",
    "attribute",
    "input",
    "output",
    "tensors",
    "graphs",
    "types",
    "strings",
    "ints",
    "floats",
    "string_data",
    "external",
    "dims",
    "declared_dims",
    "opsets",
    "functions",
];

/// Distinct names, as short as they get: outputs, inputs, constants.
pub fn distinct_names(place: &str, n: usize) -> Vec<u8> {
    let name = |i: usize| format!("{i:x}_");
    let good =
        graph(vec![node("Relu", &["x"], &["out"], &[])], vec![value("x", 1, "a")], vec![], "out");
    let names = |number: u64| (0..n).flat_map(|i| text(number, &name(i))).collect::<Vec<u8>>();
    let more = match place {
        "outputs" => field(1, &node("Foo", &["x"], &[], &[names(2)])),
        "initializers" => (0..n).flat_map(|i| field(5, &text(8, &name(i)))).collect(),
        "inputs" => (0..n).flat_map(|i| field(11, &text(1, &name(i)))).collect(),
        "symbols" => {
            let dims: Vec<u8> = (0..n).flat_map(|i| field(1, &text(2, &name(i)))).collect();
            let ty = [int(1, 1), field(2, &dims)].concat();
            field(11, &[text(1, "y"), field(2, &field(1, &ty))].concat())
        }
        "attributes" => {
            let one = |i: usize| field(5, &[text(1, &name(i)), int(20, 2)].concat());
            field(1, &node("Foo", &["x"], &["z"], &[(0..n).flat_map(one).collect()]))
        }
        "operators" => (0..n)
            .flat_map(|i| field(1, &[text(4, &name(i)), text(2, &name(i))].concat()))
            .collect(),
        other => panic!("no place is called {other}"),
    };
    Graph { more, ..good }.model()
}

pub const NAMED: [&str; 6] =
    ["outputs", "initializers", "inputs", "symbols", "attributes", "operators"];

/// Element types that no version of ONNX defines.
pub fn element_type(n: i64) -> Vec<u8> {
    let constant = tensor("w", n, &[2, 3]);
    let cast = node("Cast", &["x"], &["y"], &[attr_int("to", n)]);
    let own = node("Foo", &["y", "w", "x"], &["out"], &[attr_tensor("t", &tensor("", n, &[2]))]);
    let mut g = graph(vec![cast, own], vec![value("x", n, "a")], vec![constant], "out");
    let key = [int(1, n), field(2, &field(1, &int(1, n)))].concat();
    g.inputs.push([text(1, "m"), field(2, &field(5, &key))].concat());
    g.model()
}

/// Every kind, `scale` times as large as in a test.
pub fn all(scale: usize) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    let mut add = |name: String, bytes: Vec<u8>| all.push((name, bytes));
    for op in ["Sum", "Max", "Min", "Mean", "Concat", "SequenceConstruct", "Foo"] {
        add(format!("wide_{op}"), wide(op, 80_000 * scale));
    }
    for op in ["Max", "Min", "Sum", "Mul", "Div", "Sub", "Mod", "Add", "Concat"] {
        add(format!("deep_{op}"), deep(op, 2_000 * scale));
    }
    for op in ["Div", "Mod", "Mul", "Add", "Sub", "Max", "Pow", "Range"] {
        for (b, e, o) in [(-2, 127, -1), (2, 126, i64::MIN), (i64::MIN, 2, i64::MIN), (-2, 63, 0)] {
            add(format!("extremes_{op}_{b}_{e}"), extremes(op, b, e, o));
        }
    }
    for op in ["Concat", "Expand", "Tile", "Gather", "Pad", "Split", "Reshape", "Add", "Slice"] {
        for dims in [[1 << 40, 0], [0, 1 << 62], [i64::MAX, 0], [1 << 31, 1 << 31]] {
            let more = [attr_int("axis", 1)];
            add(format!("claimed_{op}_{}_{}", dims[0], dims[1]), claimed(op, &dims, &more));
        }
    }
    add("inline_inputs".into(), inlined(1000, 10_000, 1, 0));
    add("inline_names".into(), inlined(200, 1, 1_000_000, 0));
    add("inline_attributes".into(), inlined(1000, 1, 1, 100_000));
    add("inline_nodes".into(), inlined(1400, 1, 1, 0));
    add("functions_double".into(), functions(21, 2, false));
    add("functions_long".into(), functions(10_000 * scale, 1, false));
    add("functions_reversed".into(), functions(10_000 * scale, 1, true));
    add("functions_24".into(), functions(24, 3, true));
    add("parameters_many".into(), parameters(10_000, 5_000 * scale, 10));
    add("parameters_long".into(), parameters(1, 5_000 * scale, 100_000));
    for op in ["Add", "Relu", "Mul", "Max", "Div"] {
        add(format!("formulas_{op}"), formulas(op, 1024, 500 * scale));
    }
    add("declared".into(), declared(500 * scale, 8, false));
    add("declared_distinct".into(), declared(500 * scale, 8, true));
    add("padded".into(), padded(2_000 * scale));
    add("concat_distinct".into(), concatenated(10_000 * scale, true));
    add("concat_two".into(), concatenated(10_000 * scale, false));
    add("empty_graphs".into(), empty_graphs(100_000 * scale));
    add("ifs".into(), ifs(2_000 * scale));
    add("loops_24".into(), loops(22, 3));
    add("loops_deep".into(), loops(300, 1));
    add("inputs_many".into(), inputs(8_000 * scale, 1, 0));
    add("inputs_followed".into(), inputs(4_000 * scale, 1, 10_000));
    add("inputs_rank".into(), inputs(2_000 * scale, 64, 0));
    add("einsum".into(), einsum(20_000));
    add("split".into(), split(20_000 * scale, 64));
    add("digests".into(), digests(2_000 * scale, 1 << 20));
    for op in ["Relu", "Foo", "Shape"] {
        add(format!("row_{op}"), row(op, 20_000 * scale));
    }
    for n in [65_535, 65_536, 1_000_000] {
        add(format!("names_{n}"), names(n));
    }
    add("controls".into(), controls());
    for place in PLACES {
        add(format!("empty_{place}"), empty_fields(place, 200_000 * scale));
    }
    for place in NAMED {
        add(format!("distinct_{place}"), distinct_names(place, 50_000 * scale));
    }
    for n in [-2, -1, 0, 27, 99, i32::MIN.into(), i32::MAX.into(), i64::MAX] {
        add(format!("element_type_{n}"), element_type(n));
    }
    all
}
