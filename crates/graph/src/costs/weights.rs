//! Which constants are parameters, by the use that operators make of them.

use super::tables::{Tables, is_weight_of_product};
use crate::budget;
use crate::model::{Attribute, Graph, Model, Node, Tensor, ValueId};
use crate::ops::{self, Class, Operator, WeightRole, packed};
use crate::shape::Shapes;
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
    /// Values computed from constants → the constants that carry their data.
    sources: HashMap<ValueId, Vec<Source>>,
}

impl Stored {
    /// The stored constants that the constant value `v` is made of; itself where
    /// it is one, or where none carries its data.
    pub fn origins(&self, v: ValueId) -> Vec<ValueId> {
        match self.sources.get(&v).filter(|s| !s.is_empty()) {
            Some(sources) => sources.iter().map(|s| s.value).collect(),
            None => vec![v],
        }
    }
}

/// A constant whose data a value carries.
#[derive(Debug, Clone, Copy)]
struct Source {
    value: ValueId,
    /// A table by the way it has taken, no parameter.
    is_table: bool,
    /// The weight of a product on its way, a parameter whatever follows.
    is_weight: bool,
}

/// How an operator uses a constant; a later one outweighs an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Unused,
    Constant,
    Buffer,
    Parameter,
}

/// Classifies all constants of `model`, a model without functions.
pub fn count(model: &Model, shapes: &Shapes) -> Stored {
    let mut c = Classes {
        model,
        shapes,
        tables: Tables::new(model, shapes),
        roles: vec![Role::Unused; model.values.len()],
        held: HashMap::new(),
        stored: Stored {
            constant: model.values.iter().map(|v| v.tensor.is_some()).collect(),
            ..Stored::default()
        },
    };
    c.graph(&model.graph);
    c.finish()
}

struct Classes<'a> {
    model: &'a Model,
    shapes: &'a Shapes,
    tables: Tables<'a>,
    roles: Vec<Role>,
    /// Parameters that a constant holds, where several are packed in one element.
    held: HashMap<ValueId, u64>,
    stored: Stored,
}

/// Longest list of sources that is followed.
const MAX_SOURCES: usize = 32;

/// How a node treats what its constant inputs carry.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// It runs.
    Used,
    /// It runs, and its output has the elements of input 0, a constant.
    PassedOn,
    /// It is computed when the model is loaded.
    Folded,
}

impl Classes<'_> {
    fn is_constant(&self, v: ValueId) -> bool {
        self.stored.constant.get(v as usize).copied().unwrap_or(false)
    }

    /// The constants whose data `v` carries.
    fn sources(&self, v: ValueId) -> Vec<Source> {
        match self.stored.sources.get(&v) {
            Some(s) => s.clone(),
            None if self.is_constant(v) => {
                vec![Source { value: v, is_table: false, is_weight: false }]
            }
            None => Vec::new(),
        }
    }

    fn graph(&mut self, g: &Graph) {
        for n in &g.nodes {
            self.node(n);
            n.subgraphs().for_each(|s| self.graph(s));
        }
    }

    fn way(&self, n: &Node) -> Way {
        let operator = ops::usage(&n.domain, &n.op_type);
        let plain = operator.class != Class::Random && n.subgraphs().next().is_none();
        let mut inputs = n.inputs.iter().flatten();
        let passes = operator.passes_on(0) && !operator.passes_on(1);
        match n.input(0) {
            _ if !plain || n.inputs.is_empty() => Way::Used,
            _ if inputs.all(|&v| self.is_constant(v)) => Way::Folded,
            Some(v) if passes && !self.sources(v).is_empty() => Way::PassedOn,
            _ => Way::Used,
        }
    }

    fn node(&mut self, n: &Node) {
        self.attributes(n);
        let way = self.way(n);
        let mut carried: Vec<Source> = Vec::new();
        for (i, v) in n.inputs.iter().enumerate() {
            if let Some(v) = *v {
                self.input(n, i, v, way, &mut carried);
            }
        }
        let kept = size_of_val(carried.as_slice()).saturating_add(64);
        if way == Way::Folded || !carried.is_empty() {
            for &o in n.outputs.iter().flatten() {
                if budget::memory(kept).is_none() {
                    return;
                }
                if let Some(c) = self.stored.constant.get_mut(o as usize) {
                    *c |= way == Way::Folded;
                }
                self.stored.sources.insert(o, carried.clone());
            }
        }
    }

    /// Gives the sources of input `i` their roles, or passes them on.
    fn input(&mut self, n: &Node, i: usize, v: ValueId, way: Way, carried: &mut Vec<Source>) {
        let sources = self.sources(v);
        let work = sources.len().saturating_mul(8).saturating_add(1);
        if sources.is_empty() || budget::work(work).is_none() {
            return;
        }
        let is_buffer = match way {
            Way::Folded => self.tables.is_filled_in(n, i),
            _ => self.tables.is_buffer(n, i, &|v| self.is_constant(v)),
        };
        let role = |s: &Source| if is_buffer { Role::Buffer } else { self.role(n, i, v, *s, way) };
        let strongest = sources.iter().map(role).max().unwrap_or(Role::Constant);
        let is_weight = is_weight_of_product(n, i);
        let passes = way == Way::Folded || (way == Way::PassedOn && i == 0);
        for s in sources {
            let role = match strongest {
                Role::Parameter if passes && carried.len() < MAX_SOURCES => {
                    let ends = way == Way::Folded && self.tables.ends_as_table(n, i);
                    carried.push(Source {
                        is_table: s.is_table || ends,
                        is_weight: s.is_weight || (is_weight && way == Way::Folded),
                        ..s
                    });
                    if way == Way::Folded { Role::Constant } else { Role::Unused }
                }
                r if s.is_table && !s.is_weight && !is_weight => r.min(Role::Buffer),
                r => r,
            };
            self.assign(n, i, v, s.value, role);
        }
    }

    /// Notes the use of `source` by way of `v` as input `i`.
    fn assign(&mut self, n: &Node, i: usize, v: ValueId, source: ValueId, role: Role) {
        if let Some(r) = self.roles.get_mut(source as usize) {
            *r = role.max(*r);
        }
        let Some(t) = self.model.value(source).and_then(|s| s.tensor.as_ref()) else { return };
        let held = packed::elements(n, i, t.dtype).filter(|_| role == Role::Parameter);
        let (Some(held), stored) = (held, t.len()) else { return };
        let product = |d: Vec<u64>| d.iter().try_fold(1u128, |n, &d| n.checked_mul(d.into()));
        let whole = self.shapes.known(v).and_then(product);
        if let (Some(stored), Some(whole @ 1..)) = (stored, whole) {
            // A part of what was joined holds its share.
            let share = held.of(whole).saturating_mul(stored.into()).checked_div(whole);
            let held = share.unwrap_or(0);
            self.held.insert(source, u64::try_from(held).unwrap_or(u64::MAX));
        }
    }

    /// The role of a source of `v`, which is input `i`.
    fn role(&self, n: &Node, i: usize, v: ValueId, source: Source, way: Way) -> Role {
        let Some(t) = self.model.value(source.value).and_then(|v| v.tensor.as_ref()) else {
            return Role::Constant;
        };
        let operator = ops::usage(&n.domain, &n.op_type);
        let weighs = t.dtype.is_float() || t.dtype.is_small_integer();
        match way {
            Way::Folded | Way::PassedOn if operator.passes_on(i) && weighs => Role::Parameter,
            _ => role(operator, i, t, v != source.value),
        }
    }

    /// Weights that `ai.onnx.ml` operators hold in attributes.
    fn attributes(&mut self, n: &Node) {
        if n.domain != "ai.onnx.ml" {
            return;
        }
        let parameters = ops::find(&n.domain, &n.op_type).parameters;
        for (name, a) in &n.attributes {
            let (elements, bytes) = match a {
                Attribute::Floats(v) => (v.len() as u64, size_of_val(v.as_slice()) as u64),
                Attribute::Ints(v) => (v.len() as u64, v.iter().map(|&i| varint_bytes(i)).sum()),
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
        self.unread();
        for ((v, role), id) in self.model.values.iter().zip(&self.roles).zip(0..) {
            let Some(t) = &v.tensor else { continue };
            let n = match role {
                Role::Parameter => self.held.get(&id).copied().or(t.len()),
                _ => t.len(),
            };
            self.stored.bytes = self.stored.bytes.saturating_add(t.bytes().unwrap_or(u64::MAX));
            let slot = match role {
                Role::Parameter => &mut self.stored.parameters,
                Role::Buffer => &mut self.stored.buffers,
                _ => &mut self.stored.constants,
            };
            *slot = slot.saturating_add(n.unwrap_or(u64::MAX));
        }
        self.stored
    }

    /// What is passed on and then read by no operator is a parameter.
    fn unread(&mut self) {
        let runs = |v: &ValueId| !self.stored.constant.get(*v as usize).copied().unwrap_or(false);
        let passed = self.stored.sources.iter().filter(|(v, _)| runs(v)).flat_map(|(_, s)| s);
        for s in passed {
            if let Some(r @ Role::Unused) = self.roles.get_mut(s.value as usize) {
                *r = if s.is_table && !s.is_weight { Role::Buffer } else { Role::Parameter };
            }
        }
    }
}

/// Bytes that an integer takes in a file.
fn varint_bytes(i: i64) -> u64 {
    let bits = 64u32.saturating_sub((i.cast_unsigned() | 1).leading_zeros());
    bits.div_ceil(7).into()
}

/// The role of constant `t` as input `i` of an operator; `carried` where other
/// operators made the input of it, having taken it for a weight.
fn role(operator: &Operator, i: usize, t: &Tensor, carried: bool) -> Role {
    let is_float = carried || t.dtype.is_float();
    let parameter = |is_one: bool| if is_one { Role::Parameter } else { Role::Constant };
    match operator.role(i) {
        WeightRole::Buffer => Role::Buffer,
        WeightRole::Parameter => Role::Parameter,
        WeightRole::Constant => Role::Constant,
        WeightRole::ParameterIfFloat => parameter(is_float),
        WeightRole::ParameterUnlessSingle => parameter(is_float && t.len() != Some(1)),
        WeightRole::CarriedParameter => parameter(is_float || t.dtype.is_small_integer()),
        WeightRole::CarriedUnlessSingle => {
            parameter((is_float || t.dtype.is_small_integer()) && t.len() != Some(1))
        }
    }
}
