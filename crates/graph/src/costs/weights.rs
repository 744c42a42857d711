//! Which constants are parameters, by the use that operators make of them.

use crate::model::{Attribute, DataType, Graph, Model, Node, Tensor, ValueId};
use std::collections::HashMap;

/// What a model stores.
#[derive(Debug, Default)]
pub struct Stored {
    pub parameters: u64,
    pub buffers: u64,
    pub constants: u64,
    pub bytes: u64,
    /// By value: computed from constants alone, constants themselves included.
    pub constant: Vec<bool>,
}

/// How an operator uses a constant; a later one outweighs an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Unused,
    Constant,
    Buffer,
    Parameter,
}

/// Classifies all constants of `model`.
pub fn count(model: &Model) -> Stored {
    let mut c = Classes {
        model,
        constant: model.values.iter().map(|v| v.tensor.is_some()).collect(),
        roles: vec![Role::Unused; model.values.len()],
        sources: HashMap::new(),
        stored: Stored::default(),
    };
    c.graph(&model.graph);
    c.finish()
}

struct Classes<'a> {
    model: &'a Model,
    constant: Vec<bool>,
    roles: Vec<Role>,
    /// Values computed from constants → the constants that carry their data.
    sources: HashMap<ValueId, Vec<ValueId>>,
    stored: Stored,
}

/// Longest list of sources that is followed.
const MAX_SOURCES: usize = 32;

impl Classes<'_> {
    fn is_constant(&self, v: ValueId) -> bool {
        self.constant.get(v as usize).copied().unwrap_or(false)
    }

    fn graph(&mut self, g: &Graph) {
        for n in &g.nodes {
            self.node(n);
            n.subgraphs().for_each(|s| self.graph(s));
        }
    }

    fn node(&mut self, n: &Node) {
        self.attributes(n);
        let folds = !n.inputs.is_empty()
            && !n.op_type.starts_with("Random")
            && !matches!(n.op_type.as_str(), "Bernoulli" | "Multinomial")
            && n.subgraphs().next().is_none()
            && n.inputs.iter().flatten().all(|&v| self.is_constant(v));
        let mut carried = Vec::new();
        for (i, v) in n.inputs.iter().enumerate() {
            let Some(v) = v.filter(|&v| self.is_constant(v)) else { continue };
            let own = [v];
            let from = self.sources.get(&v).map_or(&own[..], Vec::as_slice).to_vec();
            let role = from.iter().map(|&s| self.role(n, i, s)).max().unwrap_or(Role::Constant);
            for s in from {
                let carries = folds && role == Role::Parameter;
                if carries && carried.len() < MAX_SOURCES {
                    carried.push(s);
                }
                let role = if carries { Role::Constant } else { role };
                if let Some(r) = self.roles.get_mut(s as usize) {
                    *r = role.max(*r);
                }
            }
        }
        if folds {
            for &o in n.outputs.iter().flatten() {
                if let Some(c) = self.constant.get_mut(o as usize) {
                    *c = true;
                }
                self.sources.insert(o, carried.clone());
            }
        }
    }

    fn role(&self, n: &Node, input: usize, source: ValueId) -> Role {
        let Some(t) = self.model.value(source).and_then(|v| v.tensor.as_ref()) else {
            return Role::Constant;
        };
        role(n, input, t, n.input(input) != Some(source))
    }

    /// Weights that `ai.onnx.ml` operators hold in attributes.
    fn attributes(&mut self, n: &Node) {
        if n.domain != "ai.onnx.ml" {
            return;
        }
        let linear = matches!(n.op_type.as_str(), "LinearClassifier" | "LinearRegressor");
        for (name, a) in &n.attributes {
            let (elements, bytes) = match a {
                Attribute::Floats(v) => (v.len() as u64, 4 * v.len() as u64),
                Attribute::Ints(v) => (v.len() as u64, 8 * v.len() as u64),
                Attribute::Tensor(t) => (t.len().unwrap_or(0), t.bytes().unwrap_or(0)),
                _ => continue,
            };
            self.stored.bytes = self.stored.bytes.saturating_add(bytes);
            let parameter = linear && matches!(name.as_str(), "coefficients" | "intercepts");
            let slot =
                if parameter { &mut self.stored.parameters } else { &mut self.stored.constants };
            *slot = slot.saturating_add(elements);
        }
    }

    fn finish(mut self) -> Stored {
        for (v, role) in self.model.values.iter().zip(&self.roles) {
            let Some(t) = &v.tensor else { continue };
            let n = t.len().unwrap_or(u64::MAX);
            self.stored.bytes = self.stored.bytes.saturating_add(t.bytes().unwrap_or(u64::MAX));
            let slot = match role {
                Role::Parameter => &mut self.stored.parameters,
                Role::Buffer => &mut self.stored.buffers,
                _ => &mut self.stored.constants,
            };
            *slot = slot.saturating_add(n);
        }
        Stored { constant: self.constant, ..self.stored }
    }
}

/// Operators whose constants are numbers of arithmetic unless they are tensors.
const ARITHMETIC: &[&str] = &["Add", "Div", "Mul", "Sub", "Sum"];

/// Operators whose float constants are never weights.
const PLAIN: &[&str] = &[
    "Clip",
    "ConstantOfShape",
    "Dropout",
    "Equal",
    "Expand",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Min",
    "Mod",
    "NonMaxSuppression",
    "OneHot",
    "Pow",
    "Range",
    "STFT",
    "Shape",
    "Size",
    "TopK",
    "Upsample",
];

/// The role of constant `t` as input `i` of `n`; `carried` where other operators
/// made the input of it, having taken it for a weight.
fn role(n: &Node, i: usize, t: &Tensor, carried: bool) -> Role {
    let kind = n.op_type.as_str();
    let single = t.len() == Some(1);
    match (kind, i) {
        ("BatchNormalization", 3 | 4) => Role::Buffer,
        ("QuantizeLinear" | "DequantizeLinear", 1 | 2)
        | ("QLinearConv", 1 | 2 | 4..=7)
        | ("QLinearMatMul", 1 | 2 | 4..=7)
        | ("MatMulInteger" | "ConvInteger", 2 | 3)
        | ("DynamicQuantizeLSTM", 8..)
        | ("DynamicQuantizeMatMul", 2 | 3)
        | ("MatMulIntegerToFloat", 2..=5)
        | ("MatMulNBits", 2..=4) => Role::Buffer,
        ("QLinearConv", 3 | 8)
        | ("QLinearMatMul", 0 | 3)
        | ("MatMulInteger" | "ConvInteger" | "DequantizeLinear", 0 | 1)
        | ("DynamicQuantizeLSTM", 1 | 2)
        | ("DynamicQuantizeMatMul" | "MatMulIntegerToFloat" | "MatMulNBits", 1) => Role::Parameter,
        _ if !(carried || t.dtype.is_float() || moves(kind) && is_quantized(t.dtype)) => {
            Role::Constant
        }
        ("Resize" | "Pad", 1..) => Role::Constant,
        ("Where", 0) => Role::Constant,
        ("Where", _) if single => Role::Constant,
        ("LSTM", 4..=6) | ("GRU" | "RNN", 4 | 5) => Role::Constant,
        (k, _) if PLAIN.contains(&k) => Role::Constant,
        (k, _) if ARITHMETIC.contains(&k) && single => Role::Constant,
        _ => Role::Parameter,
    }
}

/// Small integers that may be quantized weights.
fn is_quantized(d: DataType) -> bool {
    matches!(d.0, 2 | 3 | 21 | 22 | 25 | 26)
}

/// Operators through which a quantized weight reaches the one that uses it.
fn moves(kind: &str) -> bool {
    matches!(kind, "Transpose" | "Reshape" | "Identity" | "Squeeze" | "Unsqueeze")
}
