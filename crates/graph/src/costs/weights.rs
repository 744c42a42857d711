//! Which constants are parameters, by the use that operators make of them.

use crate::model::{Attribute, Graph, Model, Node, Tensor, ValueId};
use crate::ops::{self, Class, WeightRole};
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
            && ops::usage(&n.domain, &n.op_type).class != Class::Random
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
        let parameters = ops::find(&n.domain, &n.op_type).parameters;
        for (name, a) in &n.attributes {
            let (elements, bytes) = match a {
                Attribute::Floats(v) => (v.len() as u64, 4 * v.len() as u64),
                Attribute::Ints(v) => (v.len() as u64, 8 * v.len() as u64),
                Attribute::Tensor(t) => (t.len().unwrap_or(0), t.bytes().unwrap_or(0)),
                _ => continue,
            };
            self.stored.bytes = self.stored.bytes.saturating_add(bytes);
            let parameter = parameters.contains(&name.as_str());
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

/// The role of constant `t` as input `i` of `n`; `carried` where other operators
/// made the input of it, having taken it for a weight.
fn role(n: &Node, i: usize, t: &Tensor, carried: bool) -> Role {
    let is_float = carried || t.dtype.is_float();
    let parameter = |is_one: bool| if is_one { Role::Parameter } else { Role::Constant };
    match ops::usage(&n.domain, &n.op_type).role(i) {
        WeightRole::Buffer => Role::Buffer,
        WeightRole::Parameter => Role::Parameter,
        WeightRole::Constant => Role::Constant,
        WeightRole::ParameterIfFloat => parameter(is_float),
        WeightRole::ParameterUnlessSingle => parameter(is_float && t.len() != Some(1)),
        WeightRole::CarriedParameter => parameter(is_float || t.dtype.is_small_integer()),
    }
}
