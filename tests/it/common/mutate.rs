//! Changes to a model that do not change what it computes.

use super::onnx::{float_scalar, int_tensor};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto,
};
use protobuf::MessageField;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, HashSet};

/// Which changes to make.
#[derive(Debug, Clone, Copy)]
pub struct Mutations {
    /// Permute nodes, initializers, declared types and graph inputs in the file.
    pub permute: bool,
    /// Rename all values and nodes.
    pub rename: bool,
    /// Turn `Constant` nodes into initializers and back.
    pub constants: bool,
    /// Insert `Identity`.
    pub identities: bool,
    /// Insert `Dropout` that does nothing at inference.
    pub dropouts: bool,
}

pub const ALL: Mutations =
    Mutations { permute: true, rename: true, constants: true, identities: true, dropouts: true };

/// A model that computes what `model` computes.
pub fn mutate(model: &ModelProto, which: Mutations, seed: u64) -> ModelProto {
    let mut model = model.clone();
    let opset = model.opset_import.iter().filter(|o| o.domain.is_empty() || o.domain == "ai.onnx");
    let opset = opset.map(|o| o.version).max().unwrap_or(1);
    let overridden: HashSet<String> = model.functions.iter().map(|f| f.name.clone()).collect();
    let mut m =
        Mutator { rng: ChaCha8Rng::seed_from_u64(seed), which, opset, fresh: 0, overridden };
    if let Some(g) = model.graph.as_mut() {
        m.graph(g, true);
    }
    model.functions.iter_mut().for_each(|f| m.function(f));
    if which.rename {
        let mut names = Names { rng: m.rng, of: HashMap::new() };
        if let Some(g) = model.graph.as_mut() {
            names.graph(g);
        }
        model.functions.iter_mut().for_each(|f| names.function(f));
    }
    model
}

struct Mutator {
    rng: ChaCha8Rng,
    which: Mutations,
    opset: i64,
    fresh: usize,
    overridden: HashSet<String>,
}

/// Operators whose output is a float.
const FLOAT: &[&str] =
    &["Relu", "Conv", "Gemm", "BatchNormalization", "Softmax", "Sigmoid", "Tanh", "AveragePool"];

impl Mutator {
    fn fresh(&mut self) -> String {
        self.fresh += 1;
        format!("mutant_{}", self.fresh)
    }

    fn chance(&mut self, p: f64) -> bool {
        self.rng.random_bool(p)
    }

    fn graph(&mut self, g: &mut GraphProto, outermost: bool) {
        for n in &mut g.node {
            self.bodies(n);
        }
        if self.which.constants {
            self.constants(g);
        }
        let outputs: Vec<String> = g.output.iter().map(|o| o.name.clone()).collect();
        let renamed = self.copies(&mut g.node, &outputs);
        debug_assert!(renamed.len() <= outputs.len());
        if self.which.dropouts {
            self.dropouts(g);
        }
        if self.which.permute {
            g.node.shuffle(&mut self.rng);
            g.initializer.shuffle(&mut self.rng);
            g.value_info.shuffle(&mut self.rng);
            if outermost {
                g.input.shuffle(&mut self.rng);
            }
        }
    }

    fn function(&mut self, f: &mut FunctionProto) {
        for n in &mut f.node {
            self.bodies(n);
        }
        let outputs = f.output.clone();
        self.copies(&mut f.node, &outputs);
        if self.which.permute {
            f.node.shuffle(&mut self.rng);
        }
    }

    fn bodies(&mut self, n: &mut NodeProto) {
        for a in &mut n.attribute {
            if let Some(g) = a.g.as_mut() {
                self.graph(g, false);
            }
            a.graphs.iter_mut().for_each(|g| self.graph(g, false));
        }
    }

    /// Inserts `Identity` before some inputs of nodes and before some outputs
    /// of the graph; the latter are returned.
    fn copies(&mut self, nodes: &mut Vec<NodeProto>, outputs: &[String]) -> Vec<String> {
        if !self.which.identities || self.overridden.contains("Identity") {
            return Vec::new();
        }
        let mut added = Vec::new();
        let mut renamed = Vec::new();
        for n in nodes.iter_mut() {
            for input in n.input.iter_mut().filter(|i| !i.is_empty()) {
                if self.chance(0.15) {
                    let name = self.fresh();
                    added.push(node("Identity", &[input], &[&name]));
                    *input = name;
                }
            }
            for output in &mut n.output {
                if outputs.contains(output) && self.chance(0.3) {
                    let name = self.fresh();
                    added.push(node("Identity", &[&name], &[output]));
                    renamed.push(std::mem::replace(output, name));
                }
            }
        }
        nodes.extend(added);
        renamed
    }

    /// Inserts `Dropout` before inputs that certainly are floats.
    fn dropouts(&mut self, g: &mut GraphProto) {
        if self.opset < 7 || self.overridden.contains("Dropout") {
            return;
        }
        let floats: HashSet<String> = g
            .node
            .iter()
            .filter(|n| n.domain.is_empty() && FLOAT.contains(&n.op_type.as_str()))
            .filter_map(|n| n.output.first().cloned())
            .collect();
        let mut added = Vec::new();
        for n in &mut g.node {
            for input in n.input.iter_mut().filter(|i| floats.contains(*i)) {
                if self.chance(0.2) {
                    let name = self.fresh();
                    added.push(self.dropout(&mut g.initializer, input, &name));
                    *input = name;
                }
            }
        }
        g.node.extend(added);
    }

    fn dropout(&mut self, constants: &mut Vec<TensorProto>, from: &str, to: &str) -> NodeProto {
        let mask = self.fresh();
        let outputs = if self.chance(0.3) { vec![to, &mask] } else { vec![to] };
        if self.opset < 12 || self.chance(0.3) {
            return node("Dropout", &[from], &outputs);
        }
        let (ratio, mode) = (self.fresh(), self.fresh());
        constants.push(TensorProto { name: ratio.clone(), ..float_scalar(0.5) });
        constants.push(TensorProto {
            name: mode.clone(),
            data_type: 9,
            raw_data: vec![0],
            ..Default::default()
        });
        node("Dropout", &[from, &ratio, &mode], &outputs)
    }

    fn constants(&mut self, g: &mut GraphProto) {
        let inputs: HashSet<String> = g.input.iter().map(|i| i.name.clone()).collect();
        let (mut nodes, mut initializers) = (Vec::new(), Vec::new());
        for t in std::mem::take(&mut g.initializer) {
            match !inputs.contains(&t.name) && self.chance(0.5) {
                true => nodes.push(constant(t)),
                false => initializers.push(t),
            }
        }
        for n in std::mem::take(&mut g.node) {
            match value(&n).filter(|_| self.chance(0.5)) {
                Some(t) => initializers.push(self.reencode(t)),
                None => nodes.push(n),
            }
        }
        (g.node, g.initializer) = (nodes, initializers);
    }

    /// Moves integers from their typed field to raw bytes, or not.
    fn reencode(&mut self, mut t: TensorProto) -> TensorProto {
        if t.data_type == 7 && !t.int64_data.is_empty() && self.chance(0.5) {
            t.raw_data = t.int64_data.iter().flat_map(|v| v.to_le_bytes()).collect();
            t.int64_data.clear();
        }
        t
    }
}

fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        input: inputs.iter().map(|&s| s.to_owned()).collect(),
        output: outputs.iter().map(|&s| s.to_owned()).collect(),
        ..Default::default()
    }
}

fn constant(mut t: TensorProto) -> NodeProto {
    let name = std::mem::take(&mut t.name);
    let value = AttributeProto {
        name: "value".into(),
        type_: AttributeType::TENSOR.into(),
        t: MessageField::some(t),
        ..Default::default()
    };
    NodeProto { attribute: vec![value], ..node("Constant", &[], &[&name]) }
}

/// The tensor of a `Constant` node.
fn value(n: &NodeProto) -> Option<TensorProto> {
    if n.op_type != "Constant" || !(n.domain.is_empty() || n.domain == "ai.onnx") {
        return None;
    }
    let a = n.attribute.first()?;
    let t = match a.name.as_str() {
        "value" => a.t.as_ref()?.clone(),
        "value_float" => float_scalar(a.f),
        "value_int" => TensorProto { dims: vec![], ..int_tensor(&[a.i]) },
        "value_ints" => int_tensor(&a.ints),
        _ => return None,
    };
    Some(TensorProto { name: n.output.first()?.clone(), ..t })
}

/// New names, the same for the same name everywhere.
struct Names {
    rng: ChaCha8Rng,
    of: HashMap<String, String>,
}

impl Names {
    fn change(&mut self, name: &mut String) {
        if name.is_empty() {
            return;
        }
        if !self.of.contains_key(name) {
            let new = format!("{:08x}_{}", self.rng.random::<u32>(), self.of.len());
            self.of.insert(name.clone(), new);
        }
        name.clone_from(&self.of[name]);
    }

    fn graph(&mut self, g: &mut GraphProto) {
        let infos = g.input.iter_mut().chain(&mut g.output).chain(&mut g.value_info);
        infos.for_each(|v| self.change(&mut v.name));
        g.initializer.iter_mut().for_each(|t| self.change(&mut t.name));
        for s in &mut g.sparse_initializer {
            if let Some(v) = s.values.as_mut() {
                self.change(&mut v.name);
            }
        }
        self.nodes(&mut g.node);
    }

    fn function(&mut self, f: &mut FunctionProto) {
        f.input.iter_mut().chain(&mut f.output).for_each(|n| self.change(n));
        f.value_info.iter_mut().for_each(|v| self.change(&mut v.name));
        self.nodes(&mut f.node);
    }

    fn nodes(&mut self, nodes: &mut [NodeProto]) {
        for n in nodes {
            n.input.iter_mut().chain(&mut n.output).for_each(|v| self.change(v));
            n.name = format!("{:08x}", self.rng.random::<u32>());
            for a in &mut n.attribute {
                if let Some(g) = a.g.as_mut() {
                    self.graph(g);
                }
                a.graphs.iter_mut().for_each(|g| self.graph(g));
            }
        }
    }
}
