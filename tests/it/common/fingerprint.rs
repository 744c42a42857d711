//! A structural account of a model, taken from the protobuf alone: the
//! operations that the outputs need in the order of a walk from them, each
//! with its operator, attributes, constants and the numbers of what it reads.
//! Independent of the library: defaults are not known here, so that a default
//! said and a default left out differ.

use onnx_protobuf::{
    AttributeProto, GraphProto, Message, ModelProto, NodeProto, TensorProto, ValueInfoProto,
};
use protobuf::Enum;
use std::collections::HashMap;
use std::fmt::Write;

/// The account; equal for models that differ in names and order only.
pub fn fingerprint(model: &ModelProto) -> String {
    let mut f = Fingerprint { model, out: String::new(), symbols: HashMap::new() };
    let scope = Scope::new(&model.graph, None, true);
    f.graph(&scope);
    f.out
}

struct Scope<'a> {
    graph: &'a GraphProto,
    outer: Option<&'a Scope<'a>>,
    outermost: bool,
    producer: HashMap<&'a str, (usize, usize)>,
    initializer: HashMap<&'a str, &'a TensorProto>,
    input: HashMap<&'a str, &'a ValueInfoProto>,
}

impl<'a> Scope<'a> {
    fn new(graph: &'a GraphProto, outer: Option<&'a Scope<'a>>, outermost: bool) -> Self {
        let mut producer = HashMap::new();
        for (i, n) in graph.node.iter().enumerate() {
            for (k, o) in n.output.iter().enumerate().filter(|o| !o.1.is_empty()) {
                producer.insert(o.as_str(), (i, k));
            }
        }
        let initializer = graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect();
        let input = graph.input.iter().map(|v| (v.name.as_str(), v)).collect();
        Self { graph, outer, outermost, producer, initializer, input }
    }
}

struct Fingerprint<'a> {
    model: &'a ModelProto,
    out: String,
    symbols: HashMap<String, usize>,
}

/// What a walk over one graph has numbered.
#[derive(Default)]
struct Walked {
    nodes: HashMap<usize, usize>,
    others: HashMap<String, usize>,
    count: usize,
}

impl Walked {
    fn next(&mut self) -> usize {
        self.count += 1;
        self.count
    }
}

impl Fingerprint<'_> {
    fn graph(&mut self, scope: &Scope) {
        let mut walked = Walked::default();
        if !scope.outermost {
            for v in &scope.graph.input {
                let n = walked.next();
                walked.others.insert(v.name.clone(), n);
            }
        }
        let outputs: Vec<String> =
            scope.graph.output.iter().map(|o| self.value(scope, &mut walked, &o.name)).collect();
        writeln!(self.out, "return {}", outputs.join(" ")).unwrap();
    }

    /// Walks to a value; what readers write for it.
    fn value(&mut self, scope: &Scope, walked: &mut Walked, name: &str) -> String {
        if name.is_empty() {
            return "_".into();
        }
        if let Some(&(i, k)) = scope.producer.get(name) {
            let node = &scope.graph.node[i];
            return match (constant(node), copied(node)) {
                (Some(t), _) => t,
                (_, Some(from)) => self.value(scope, walked, &from),
                _ => format!("{}.{k}", self.node(scope, walked, i)),
            };
        }
        if let Some(t) = scope.initializer.get(name) {
            return tensor(t);
        }
        if let Some(&n) = walked.others.get(name) {
            return format!("{n}.0");
        }
        let of = match scope.input.get(name) {
            Some(v) => self.input(v),
            None => match outer_constant(scope, name) {
                Some(t) => return t,
                None => "captured".into(),
            },
        };
        let n = walked.next();
        walked.others.insert(name.to_owned(), n);
        writeln!(self.out, "{n}: {of}").unwrap();
        format!("{n}.0")
    }

    fn input(&mut self, v: &ValueInfoProto) -> String {
        if !v.type_.has_tensor_type() {
            return format!("input {:?}", v.type_);
        }
        let t = v.type_.tensor_type();
        let mut dims = Vec::new();
        for d in &t.shape.dim {
            dims.push(match (d.has_dim_value(), d.has_dim_param()) {
                (true, _) if d.dim_value() >= 0 => d.dim_value().to_string(),
                (_, true) if !d.dim_param().is_empty() && d.dim_param() != "?" => {
                    let n = self.symbols.len();
                    let n = *self.symbols.entry(d.dim_param().to_owned()).or_insert(n);
                    format!("s{n}")
                }
                _ => "?".into(),
            });
        }
        format!("input {} {} {}", t.elem_type, t.shape.is_some(), dims.join(","))
    }

    fn node(&mut self, scope: &Scope, walked: &mut Walked, i: usize) -> usize {
        if let Some(&n) = walked.nodes.get(&i) {
            return n;
        }
        let node = &scope.graph.node[i];
        let mut inputs: Vec<String> =
            node.input.iter().map(|v| self.value(scope, walked, v)).collect();
        while inputs.last().is_some_and(|v| v == "_") {
            inputs.pop();
        }
        let captured = self.captured(scope, walked, node);
        let mut attributes = Vec::new();
        for a in &node.attribute {
            attributes.push((a.name.clone(), self.attribute(scope, a)));
        }
        attributes.sort();
        let function = self.model.functions.iter().find(|f| {
            f.name == node.op_type && f.domain == node.domain && f.overload == node.overload
        });
        let function = function.map(|f| format!("{:?}", (&f.node.len(), &f.attribute)));
        let n = walked.next();
        walked.nodes.insert(i, n);
        let domain = if node.domain == "ai.onnx" { "" } else { &node.domain };
        writeln!(
            self.out,
            "{n}: {domain}.{} {attributes:?} {inputs:?} {captured:?} {function:?}",
            node.op_type,
        )
        .unwrap();
        n
    }

    /// Values from around the bodies of `node`.
    fn captured(&mut self, scope: &Scope, walked: &mut Walked, node: &NodeProto) -> Vec<String> {
        let mut names = Vec::new();
        bodies(node).for_each(|g| free(g, &mut Vec::new(), &mut names));
        names.dedup();
        names.iter().map(|v| self.value(scope, walked, v)).collect()
    }

    fn attribute(&mut self, scope: &Scope, a: &AttributeProto) -> String {
        if a.g.is_none() && a.graphs.is_empty() {
            return match a.t.as_ref() {
                Some(t) => tensor(t),
                None => {
                    let a = AttributeProto { doc_string: String::new(), ..a.clone() };
                    format!("{:?}", a.write_to_bytes().unwrap())
                }
            };
        }
        let mut text = String::new();
        for g in a.g.as_ref().into_iter().chain(&a.graphs) {
            let around = std::mem::take(&mut self.out);
            self.graph(&Scope::new(g, Some(scope), false));
            text.push_str(&std::mem::replace(&mut self.out, around));
        }
        text
    }
}

fn bodies(n: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    n.attribute.iter().flat_map(|a| a.g.as_ref().into_iter().chain(&a.graphs))
}

/// Names that `g` reads but does not define.
fn free(g: &GraphProto, defined: &mut Vec<String>, out: &mut Vec<String>) {
    let before = defined.len();
    defined.extend(g.input.iter().map(|v| v.name.clone()));
    defined.extend(g.initializer.iter().map(|t| t.name.clone()));
    defined.extend(g.node.iter().flat_map(|n| n.output.clone()));
    for n in &g.node {
        let unknown = n.input.iter().filter(|i| !i.is_empty() && !defined.contains(i));
        out.extend(unknown.cloned().collect::<Vec<_>>());
        bodies(n).for_each(|b| free(b, defined, out));
    }
    let unknown = g.output.iter().filter(|o| !defined.contains(&o.name));
    out.extend(unknown.map(|o| o.name.clone()).collect::<Vec<_>>());
    defined.truncate(before);
}

fn outer_constant(scope: &Scope, name: &str) -> Option<String> {
    let outer = scope.outer?;
    if let Some(t) = outer.initializer.get(name) {
        return Some(tensor(t));
    }
    match outer.producer.get(name) {
        Some(&(i, _)) => constant(&outer.graph.node[i]),
        None => outer_constant(outer, name),
    }
}

/// The tensor of a `Constant` node.
fn constant(n: &NodeProto) -> Option<String> {
    if n.op_type != "Constant" || !n.domain.is_empty() {
        return None;
    }
    let a = n.attribute.first()?;
    Some(match a.name.as_str() {
        "value" => tensor(a.t.as_ref()?),
        "value_int" => format!("7 [] {:?}", [a.i]),
        "value_ints" => format!("7 {:?} {:?}", [a.ints.len()], a.ints),
        "value_float" => format!("1 [] {:?}", [f64::from(a.f)]),
        _ => format!("{:?}", a.write_to_bytes().unwrap()),
    })
}

/// What `n` copies where it is an Identity or an idle Dropout.
fn copied(n: &NodeProto) -> Option<String> {
    let idle = match n.op_type.as_str() {
        "Identity" => true,
        "Dropout" => n.input.len() < 3 && n.output.len() == 1,
        _ => false,
    };
    (idle && n.domain.is_empty()).then(|| n.input.first().cloned()).flatten()
}

/// Type, shape, and the values of short vectors of integers and of single floats.
fn tensor(t: &TensorProto) -> String {
    let n: i64 = t.dims.iter().product();
    let head = format!("{} {:?}", t.data_type, t.dims);
    if t.dims.len() > 1 {
        return head;
    }
    let ints = int_values(t).filter(|v| v.len() as i64 == n && n <= 16);
    let floats = float_values(t).filter(|v| v.len() as i64 == n && n == 1);
    match (ints, floats) {
        (Some(v), _) if n > 0 => format!("{head} {v:?}"),
        (_, Some(v)) => format!("{head} {v:?}"),
        _ => head,
    }
}

fn int_values(t: &TensorProto) -> Option<Vec<i64>> {
    use onnx_protobuf::tensor_proto::DataType as D;
    let raw = &t.raw_data;
    match D::from_i32(t.data_type)? {
        D::INT64 if raw.is_empty() => Some(t.int64_data.clone()),
        D::INT64 => Some(raw.as_chunks().0.iter().map(|&c| i64::from_le_bytes(c)).collect()),
        D::INT32 if raw.is_empty() => Some(t.int32_data.iter().map(|&v| v.into()).collect()),
        D::INT32 => Some(raw.as_chunks().0.iter().map(|&c| i32::from_le_bytes(c).into()).collect()),
        D::BOOL | D::UINT8 if !raw.is_empty() => Some(raw.iter().map(|&b| b.into()).collect()),
        D::BOOL | D::UINT8 => Some(t.int32_data.iter().map(|&v| v.into()).collect()),
        _ => None,
    }
}

fn float_values(t: &TensorProto) -> Option<Vec<f64>> {
    use onnx_protobuf::tensor_proto::DataType as D;
    let raw = &t.raw_data;
    match D::from_i32(t.data_type)? {
        D::FLOAT if raw.is_empty() => Some(t.float_data.iter().map(|&v| v.into()).collect()),
        D::FLOAT => Some(raw.as_chunks().0.iter().map(|&c| f32::from_le_bytes(c).into()).collect()),
        D::DOUBLE if raw.is_empty() => Some(t.double_data.clone()),
        D::DOUBLE => Some(raw.as_chunks().0.iter().map(|&c| f64::from_le_bytes(c)).collect()),
        _ => None,
    }
}
