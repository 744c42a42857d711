//! ONNX models written byte by byte, so that tests can also write what no
//! library would.

/// A base-128 number.
pub fn varint(mut x: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while x >= 0x80 {
        out.push(x as u8 | 0x80);
        x >>= 7;
    }
    out.push(x as u8);
    out
}

/// A length-delimited field.
pub fn field(number: u64, body: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(body.len() as u64), body.to_vec()].concat()
}

/// A text field.
pub fn text(number: u64, s: &str) -> Vec<u8> {
    field(number, s.as_bytes())
}

/// An integer field.
pub fn int(number: u64, v: i64) -> Vec<u8> {
    [varint(number << 3), varint(v.cast_unsigned())].concat()
}

/// `NodeProto`; `more` holds attributes, name, domain.
pub fn node(op: &str, inputs: &[&str], outputs: &[&str], more: &[Vec<u8>]) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|s| text(1, s));
    let outputs = outputs.iter().flat_map(|s| text(2, s));
    let mut n: Vec<u8> = inputs.chain(outputs).chain(text(4, op)).collect();
    n.extend(more.concat());
    n
}

/// Name of a node.
pub fn name(s: &str) -> Vec<u8> {
    text(3, s)
}

/// Domain of a node.
pub fn domain(s: &str) -> Vec<u8> {
    text(7, s)
}

/// An attribute of any type: `kind` is its type number, `value` its field.
pub fn attribute(key: &str, kind: i64, value: Vec<u8>) -> Vec<u8> {
    field(5, &[text(1, key), value, int(20, kind)].concat())
}

pub fn attr_int(key: &str, v: i64) -> Vec<u8> {
    attribute(key, 2, int(3, v))
}

pub fn attr_ints(key: &str, v: &[i64]) -> Vec<u8> {
    attribute(key, 7, v.iter().flat_map(|&x| int(8, x)).collect())
}

pub fn attr_floats(key: &str, v: &[f32]) -> Vec<u8> {
    let body: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
    attribute(key, 6, field(7, &body))
}

pub fn attr_text(key: &str, s: &str) -> Vec<u8> {
    attribute(key, 3, text(4, s))
}

pub fn attr_graph(key: &str, graph: &[u8]) -> Vec<u8> {
    attribute(key, 5, field(6, graph))
}

pub fn attr_tensor(key: &str, t: &[u8]) -> Vec<u8> {
    attribute(key, 4, field(5, t))
}

/// A reference to an attribute of the enclosing function.
pub fn attr_ref(key: &str, to: &str, kind: i64) -> Vec<u8> {
    attribute(key, kind, text(21, to))
}

/// `TensorProto` without data.
pub fn tensor(name: &str, dtype: i64, dims: &[i64]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|&d| int(1, d)).collect();
    [dims, int(2, dtype), text(8, name)].concat()
}

/// An int64 vector.
pub fn ints(name: &str, v: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
    [tensor(name, 7, &[v.len() as i64]), field(9, &raw)].concat()
}

/// An int64 scalar.
pub fn scalar(name: &str, v: i64) -> Vec<u8> {
    [tensor(name, 7, &[]), field(9, &v.to_le_bytes())].concat()
}

/// A float vector.
pub fn floats(name: &str, v: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
    [tensor(name, 1, &[v.len() as i64]), field(9, &raw)].concat()
}

/// `ValueInfoProto` of a tensor; a dimension is a number or a name, `*` no shape.
pub fn value(name: &str, dtype: i64, shape: &str) -> Vec<u8> {
    let dim = |d: &str| match d.parse::<i64>() {
        Ok(n) => field(1, &int(1, n)),
        Err(_) => field(1, &text(2, d)),
    };
    let dims: Vec<u8> = match shape {
        "" | "*" => Vec::new(),
        s => s.split('x').flat_map(dim).collect(),
    };
    let shape = if shape == "*" { Vec::new() } else { field(2, &dims) };
    let tensor = [int(1, dtype), shape].concat();
    [text(1, name), field(2, &field(1, &tensor))].concat()
}

/// Parts of a graph.
#[derive(Default, Clone)]
pub struct Graph {
    pub nodes: Vec<Vec<u8>>,
    pub initializers: Vec<Vec<u8>>,
    pub inputs: Vec<Vec<u8>>,
    pub outputs: Vec<Vec<u8>>,
    /// Encoding fields, as they are.
    pub more: Vec<u8>,
}

impl Graph {
    pub fn bytes(&self) -> Vec<u8> {
        let all = |number, list: &[Vec<u8>]| list.iter().flat_map(|b| field(number, b)).collect();
        let nodes: Vec<u8> = all(1, &self.nodes);
        [
            nodes,
            all(5, &self.initializers),
            all(11, &self.inputs),
            all(12, &self.outputs),
            self.more.clone(),
        ]
        .concat()
    }

    /// A model of IR version 10 and operator set 21.
    pub fn model(&self) -> Vec<u8> {
        model(&self.bytes(), &[])
    }
}

/// `ModelProto`; `more` holds functions and the like.
pub fn model(graph: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
    let opset = field(8, &int(2, 21));
    [int(1, 10), field(7, graph), opset, more.concat()].concat()
}

/// `FunctionProto` as a field of the model.
pub fn function(
    domain: &str,
    name: &str,
    inputs: &[&str],
    outputs: &[&str],
    nodes: &[Vec<u8>],
    more: &[Vec<u8>],
) -> Vec<u8> {
    let names =
        |number, list: &[&str]| list.iter().flat_map(|s| text(number, s)).collect::<Vec<u8>>();
    let nodes: Vec<u8> = nodes.iter().flat_map(|n| field(7, n)).collect();
    let body = [
        text(1, name),
        names(4, inputs),
        names(5, outputs),
        nodes,
        text(10, domain),
        more.concat(),
    ];
    field(25, &body.concat())
}
