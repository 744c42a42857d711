//! Model-local functions: who calls whom, and calls replaced by bodies.

use super::tensor::{Tensor, TensorData};
use super::types::*;
use crate::budget;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// The functions of a model by what a call names: domain and operator type
/// (with the overload after a colon, as in [`Node::op_type`]).
#[derive(Debug, Clone, Default)]
pub struct Callees<'a>(HashMap<(&'a str, String), &'a Function>);

impl<'a> Callees<'a> {
    /// The functions of `model`; of duplicates the first.
    pub fn new(model: &'a Model) -> Self {
        let mut map = HashMap::new();
        for f in &model.functions {
            map.entry((f.key.0.as_str(), f.op_type())).or_insert(f);
        }
        Self(map)
    }

    /// The function that `n` calls, if any.
    pub fn of(&self, n: &Node) -> Option<&'a Function> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(n.domain.as_str(), n.op_type.clone())).copied()
    }
}

impl Function {
    /// Operator type of the nodes that call this function.
    pub fn op_type(&self) -> String {
        match self.key.2.as_str() {
            "" => self.key.1.clone(),
            overload => format!("{}:{overload}", self.key.1),
        }
    }

    /// The attribute parameter of that name, and its default.
    pub fn parameter(&self, name: &str) -> Option<&Option<Attribute>> {
        let i = self.attributes.binary_search_by(|a| a.0.as_str().cmp(name)).ok()?;
        self.attributes.get(i).map(|a| &a.1)
    }
}

impl Model {
    /// The model with every call of a model-local function replaced by the
    /// function's body, attribute references bound. Values keep their numbers;
    /// those inside bodies get new ones.
    ///
    /// # Errors
    /// [`Error::Model`] where a function calls itself, directly or not, where
    /// functions nest too deep, or where the result has too many nodes (see
    /// [`Limits`](super::Limits)).
    pub fn inlined(&self) -> Result<Model> {
        budget::of_model(self, || self.expanded().map(|x| x.0))
    }

    /// [`Model::inlined`], and for each new value the one of the function body
    /// that it stands for.
    pub(crate) fn expanded(&self) -> Result<(Model, Vec<(ValueId, ValueId)>)> {
        let total = self.check_calls()?;
        let max = self.limits.inlined_nodes;
        if total > max {
            let what = format!("more than {max} nodes once functions are inlined");
            return Err(Error::model(&self.file, format!("{what} (limit: inlined-nodes)")));
        }
        let callees = Callees::new(self);
        let left = max.saturating_mul(ELEMENTS_PER_NODE);
        let mut x = Expansion { callees: &callees, values: Vec::new(), origin: Vec::new(), left };
        let all = self.values.iter().try_for_each(|v| charge_value(v, ""));
        if all.is_some() {
            x.values.clone_from(&self.values);
        }
        // Where the budget ends, so does the copy, and the caller gets an error.
        let graph = x.graph(&self.graph, &mut Frame::default());
        if x.left == 0 {
            let what = format!("copies of attributes too long for {max} nodes");
            return Err(Error::model(&self.file, format!("{what} (limit: inlined-nodes)")));
        }
        let model = Model {
            graph,
            values: x.values,
            functions: Vec::new(),
            opsets: self.opsets.clone(),
            producer: self.producer.clone(),
            file: self.file.clone(),
            limits: self.limits.clone(),
            ..*self
        };
        Ok((model, x.origin))
    }

    /// Checks that functions do not call themselves nor nest too deep; returns
    /// the number of nodes that inlining makes.
    pub(super) fn check_calls(&self) -> Result<usize> {
        let callees = Callees::new(self);
        let mut c = Calls { model: self, callees: &callees, bodies: HashMap::new() };
        for f in &self.functions {
            c.function(f, Level::default())?;
        }
        Ok(c.graph(&self.graph, Level::default())?.nodes)
    }
}

/// How deep something stands, or how deep it goes.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    /// Functions that call functions.
    functions: usize,
    /// These, and subgraphs.
    all: usize,
}

impl Level {
    fn plus(self, other: Self) -> Self {
        Self {
            functions: self.functions.saturating_add(other.functions),
            all: self.all.saturating_add(other.all),
        }
    }

    fn max(self, other: Self) -> Self {
        Self { functions: self.functions.max(other.functions), all: self.all.max(other.all) }
    }

    const FUNCTION: Self = Self { functions: 1, all: 1 };
    const SUBGRAPH: Self = Self { functions: 0, all: 1 };
}

/// A body with all calls in it expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Body {
    nodes: usize,
    height: Level,
}

impl Body {
    fn add(&mut self, inner: Self, step: Level) {
        self.nodes = self.nodes.saturating_add(inner.nodes);
        self.height = self.height.max(inner.height.plus(step));
    }
}

struct Calls<'a> {
    model: &'a Model,
    callees: &'a Callees<'a>,
    /// Expanded bodies of functions; `None` while one is being counted.
    bodies: HashMap<*const Function, Option<Body>>,
}

impl<'a> Calls<'a> {
    fn function(&mut self, f: &'a Function, level: Level) -> Result<Body> {
        let known = match self.bodies.get(&std::ptr::from_ref(f)) {
            Some(Some(body)) => Some(*body),
            Some(None) => return Err(self.error(f, "the function calls itself")),
            None => None,
        };
        // A body that was counted elsewhere may stand too deep here.
        self.check(f, level.plus(known.unwrap_or_default().height))?;
        if let Some(body) = known {
            return Ok(body);
        }
        self.bodies.insert(f, None);
        let body = self.graph(&f.graph, level.plus(Level::FUNCTION))?;
        self.bodies.insert(f, Some(body));
        Ok(body)
    }

    fn check(&self, f: &Function, level: Level) -> Result<()> {
        let max = self.model.limits.depth;
        let what = match () {
            () if level.functions > max => format!("functions are nested deeper than {max}"),
            () if level.all > max.saturating_mul(2) => {
                format!("functions and subgraphs are nested deeper than {}", max.saturating_mul(2))
            }
            () => return Ok(()),
        };
        Err(self.error(f, &format!("{what} (limit: depth)")))
    }

    fn graph(&mut self, g: &'a Graph, level: Level) -> Result<Body> {
        let mut all = Body::default();
        for n in &g.nodes {
            match self.callees.of(n) {
                Some(f) => all.add(self.function(f, level)?, Level::FUNCTION),
                None => all.nodes = all.nodes.saturating_add(1),
            }
            for s in n.subgraphs() {
                all.add(self.graph(s, level.plus(Level::SUBGRAPH))?, Level::SUBGRAPH);
            }
        }
        Ok(all)
    }

    fn error(&self, f: &Function, reason: &str) -> Error {
        Error::at(&self.model.file, Some(f.op_type()), reason)
    }
}

/// What names mean inside one function body.
#[derive(Default)]
struct Frame<'a> {
    /// The function in whose body this is; the main graph keeps its values and
    /// attributes.
    inside: Option<&'a Function>,
    /// Values of the body → values of the expanded model; `None` where an
    /// optional input is not given.
    values: HashMap<ValueId, Option<ValueId>>,
    /// Attributes that the call gives.
    given: HashMap<&'a str, &'a Attribute>,
    /// Prefix of new names.
    name: String,
}

impl<'a> Frame<'a> {
    /// The attribute, or what a reference to one of the function stands for;
    /// `None` where that is not given.
    fn meant(&self, a: &'a Attribute) -> Option<&'a Attribute> {
        match a {
            Attribute::Reference(r) => match self.inside {
                Some(f) => {
                    let default = || f.parameter(r).and_then(Option::as_ref);
                    self.given.get(r.as_str()).copied().or_else(default)
                }
                None => Some(a),
            },
            a => Some(a),
        }
    }
}

struct Expansion<'a> {
    callees: &'a Callees<'a>,
    values: Vec<Value>,
    origin: Vec<(ValueId, ValueId)>,
    /// Elements of attributes that may still be copied.
    left: usize,
}

/// Attribute elements that inlining may copy for each node that it may make.
const ELEMENTS_PER_NODE: usize = 16;
/// Longest prefix that a call gives to the names in its body.
const MAX_PREFIX: usize = 120;
/// What an allocation takes beside its content.
const OVERHEAD: usize = 16;

/// Charges the copy of a value, and its number in maps.
fn charge_value(v: &Value, prefix: &str) -> Option<()> {
    let dims = v.ty.shape.as_ref().map_or(0, Vec::len).saturating_mul(size_of::<Dim>());
    let symbols = v.ty.shape.iter().flatten().map(|d| match d {
        Dim::Symbol(s) => s.len().saturating_add(OVERHEAD),
        Dim::Known(_) | Dim::Unknown => 0,
    });
    const OWN: usize = size_of::<Value>() + 3 * OVERHEAD;
    let name = v.name.len().saturating_add(prefix.len());
    let tensor = v.tensor.as_ref().map_or(0, tensor_bytes);
    budget::work(4)?;
    budget::memory(
        [OWN, name, dims, tensor].into_iter().chain(symbols).fold(0, usize::saturating_add),
    )
}

/// Charges the copy of a node, attributes not counted.
fn charge_node(n: &Node, prefix: &str) -> Option<()> {
    let values = n.inputs.len().saturating_add(n.outputs.len());
    let names = [n.name.len(), prefix.len(), n.op_type.len(), n.domain.len()];
    let ids = values.saturating_mul(size_of::<Option<ValueId>>());
    let own = size_of::<Node>().saturating_add(6 * OVERHEAD).saturating_add(ids);
    budget::work(values.saturating_add(8))?;
    budget::memory(names.into_iter().fold(own, usize::saturating_add))
}

/// Elements that a copy of the attribute holds.
fn elements(a: &Attribute) -> usize {
    match a {
        Attribute::Ints(v) => v.len(),
        Attribute::Floats(v) => v.len(),
        Attribute::Strings(v) => v.len(),
        Attribute::Tensors(v) => v.len(),
        _ => 1,
    }
}

/// Bytes that a copy of the attribute takes; those of graphs are charged by
/// node.
fn attribute_bytes(a: &Attribute) -> usize {
    let items = match a {
        Attribute::Ints(v) => size_of_val(v.as_slice()),
        Attribute::Floats(v) => size_of_val(v.as_slice()),
        Attribute::Strings(v) => size_of_val(v.as_slice()),
        Attribute::Types(v) => {
            size_of_val(v.as_slice()).saturating_add(v.iter().map(type_bytes).sum())
        }
        Attribute::Tensor(t) => tensor_bytes(t),
        Attribute::Tensors(v) => {
            size_of_val(v.as_slice()).saturating_add(v.iter().map(tensor_bytes).sum())
        }
        Attribute::Reference(name) => name.len(),
        _ => 0,
    };
    items.saturating_add(size_of::<Attribute>()).saturating_add(2 * OVERHEAD)
}

fn type_bytes(t: &ValueType) -> usize {
    t.shape.as_ref().map_or(0, |d| size_of_val(d.as_slice()).saturating_mul(2))
}

fn tensor_bytes(t: &Tensor) -> usize {
    let items = match &t.data {
        TensorData::Ints(v) => size_of_val(v.as_slice()),
        TensorData::Floats(v) => size_of_val(v.as_slice()),
        TensorData::Strings(v) => v.items().map_or(0, size_of_val).saturating_add(OVERHEAD),
        _ => 0,
    };
    items.saturating_add(size_of_val(t.dims.as_slice())).saturating_add(OVERHEAD)
}

/// Both parts together, cut to [`MAX_PREFIX`] bytes.
fn shortened(prefix: &str, name: &str) -> String {
    let room = MAX_PREFIX.saturating_sub(prefix.len());
    let end = (0..=room.min(name.len())).rev().find(|&i| name.is_char_boundary(i)).unwrap_or(0);
    let start = (0..=MAX_PREFIX.min(prefix.len())).rev().find(|&i| prefix.is_char_boundary(i));
    let parts = prefix.get(..start.unwrap_or(0)).zip(name.get(..end));
    parts.map(|(prefix, name)| format!("{prefix}{name}")).unwrap_or_default()
}

impl<'a> Expansion<'a> {
    fn graph(&mut self, g: &'a Graph, f: &mut Frame<'a>) -> Graph {
        let ports = g.inputs.len().saturating_add(g.outputs.len());
        let room = ports.saturating_mul(size_of::<ValueId>()).saturating_add(size_of::<Graph>());
        if budget::memory(room.saturating_add(g.name.len())).is_none() {
            return Graph::default();
        }
        let inputs = g.inputs.iter().filter_map(|&v| self.value(v, f)).collect();
        let mut nodes = Vec::with_capacity(g.nodes.len());
        self.nodes(&g.nodes, f, &mut nodes);
        let outputs = g.outputs.iter().filter_map(|&v| self.value(v, f)).collect();
        Graph { name: g.name.clone(), inputs, outputs, nodes }
    }

    fn nodes(&mut self, from: &'a [Node], f: &mut Frame<'a>, out: &mut Vec<Node>) {
        for n in from {
            if self.node(n, f, out).is_none() {
                return;
            }
        }
    }

    /// The value that stands for `id` in this frame; constants are shared.
    fn value(&mut self, id: ValueId, f: &mut Frame<'a>) -> Option<ValueId> {
        if f.inside.is_none() {
            return Some(id);
        }
        if let Some(&v) = f.values.get(&id) {
            return v;
        }
        let Some(old) = self.values.get(id as usize) else { return Some(id) };
        if old.tensor.is_some() {
            return Some(id);
        }
        charge_value(old, &f.name)?;
        let new = ValueId::try_from(self.values.len()).ok()?;
        let value = Value { name: format!("{}{}", f.name, old.name), ..old.clone() };
        self.values.push(value);
        self.origin.push((new, id));
        f.values.insert(id, Some(new));
        Some(new)
    }

    /// Copies a node, or the body of the function that it calls; `None` where the
    /// budget ends.
    fn node(&mut self, n: &'a Node, f: &mut Frame<'a>, out: &mut Vec<Node>) -> Option<()> {
        charge_node(n, &f.name)?;
        let inputs = n.inputs.iter().map(|v| v.and_then(|v| self.value(v, f))).collect();
        let outputs: Vec<_> = n.outputs.iter().map(|v| v.and_then(|v| self.value(v, f))).collect();
        if let Some(callee) = self.callees.of(n) {
            return self.call(n, (inputs, outputs), callee, f, out);
        }
        let mut attributes = Vec::with_capacity(n.attributes.len());
        for (k, a) in &n.attributes {
            if let Some(meant) = f.meant(a) {
                attributes.push((k.clone(), self.attribute(k, meant, f)?));
            }
        }
        let name = format!("{}{}", f.name, n.name);
        let (op_type, domain) = (n.op_type.clone(), n.domain.clone());
        let n = Node { name, op_type, domain, opset: n.opset, inputs, outputs, attributes };
        if !(f.inside.is_some() && self.constant(&n)) {
            out.push(n);
        }
        Some(())
    }

    /// A copy of an attribute, what it refers to resolved.
    fn attribute(&mut self, name: &str, a: &'a Attribute, f: &mut Frame<'a>) -> Option<Attribute> {
        budget::work(1)?;
        if f.inside.is_some() {
            self.left = self.left.saturating_sub(elements(a));
            Some(self.left).filter(|&left| left > 0)?;
        }
        budget::memory(attribute_bytes(a).saturating_add(name.len()))?;
        Some(match a {
            Attribute::Graph(g) => Attribute::Graph(Box::new(self.graph(g, f))),
            Attribute::Graphs(gs) => {
                Attribute::Graphs(gs.iter().map(|g| self.graph(g, f)).collect())
            }
            a => a.clone(),
        })
    }

    /// Turns a `Constant` whose value was a reference into a constant value.
    fn constant(&mut self, n: &Node) -> bool {
        if n.op_type != "Constant" || !n.domain.is_empty() {
            return false;
        }
        let tensor = n.attributes.first().and_then(|a| constant_tensor(&a.1));
        let (Some(t), Some(&Some(id))) = (tensor, n.outputs.first()) else { return false };
        if let Some(v) = self.values.get_mut(id as usize) {
            v.set_constant(t);
        }
        true
    }

    fn call(
        &mut self,
        n: &'a Node,
        (inputs, outputs): (Vec<Option<ValueId>>, Vec<Option<ValueId>>),
        callee: &'a Function,
        around: &Frame<'a>,
        out: &mut Vec<Node>,
    ) -> Option<()> {
        let mut f = Frame { inside: Some(callee), ..Frame::default() };
        let unnamed = around.name.is_empty() && n.name.is_empty();
        let own = shortened(&around.name, if unnamed { &callee.key.1 } else { &n.name });
        f.name = format!("{own}/");
        budget::work(callee.graph.inputs.len().saturating_add(n.attributes.len()))?;
        for (i, &formal) in callee.graph.inputs.iter().enumerate() {
            f.values.insert(formal, inputs.get(i).copied().flatten());
        }
        let given = n.attributes.iter().filter(|(name, _)| callee.parameter(name).is_some());
        f.given.extend(given.filter_map(|(name, a)| Some((name.as_str(), around.meant(a)?))));
        let mut copies = Vec::new();
        for (&formal, &actual) in callee.graph.outputs.iter().zip(&outputs) {
            let Some(actual) = actual else { continue };
            let constant = self.values.get(formal as usize).is_some_and(|v| v.tensor.is_some());
            if constant || f.values.contains_key(&formal) {
                copies.push((formal, actual));
            } else {
                f.values.insert(formal, Some(actual));
                self.origin.push((actual, formal));
            }
        }
        for inner in &callee.graph.nodes {
            self.node(inner, &mut f, out)?;
        }
        for (formal, actual) in copies {
            let from = self.value(formal, &mut f);
            let copy = Node {
                name: format!("{}{}", f.name, "Identity"),
                op_type: "Identity".into(),
                domain: String::new(),
                opset: n.opset,
                inputs: vec![from],
                outputs: vec![Some(actual)],
                attributes: Vec::new(),
            };
            charge_node(&copy, "")?;
            out.push(copy);
        }
        Some(())
    }
}
