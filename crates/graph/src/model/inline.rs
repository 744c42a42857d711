//! Model-local functions: who calls whom, and calls replaced by bodies.

use super::types::*;
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
        self.expanded().map(|x| x.0)
    }

    /// [`Model::inlined`], and for each new value the one of the function body
    /// that it stands for.
    pub(crate) fn expanded(&self) -> Result<(Model, Vec<(ValueId, ValueId)>)> {
        let total = self.check_calls()?;
        let max = self.limits.inlined_nodes;
        let too_many = || {
            let what = format!("more than {max} nodes once functions are inlined");
            Error::model(&self.file, format!("{what} (limit: inlined-nodes)"))
        };
        if total > max {
            return Err(too_many());
        }
        let callees = Callees::new(self);
        let mut x = Expansion {
            callees: &callees,
            values: self.values.clone(),
            origin: Vec::new(),
            left: Some(max.saturating_mul(ELEMENTS_PER_NODE)),
        };
        let graph = x.graph(&self.graph, &mut Frame::default());
        if x.left.is_none() {
            return Err(too_many());
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
        let mut c = Calls { model: self, callees: &callees, sizes: HashMap::new() };
        for f in &self.functions {
            c.function(f, 0)?;
        }
        c.graph(&self.graph, 0)
    }
}

struct Calls<'a> {
    model: &'a Model,
    callees: &'a Callees<'a>,
    /// Nodes of a function's expanded body; `None` while it is being counted.
    sizes: HashMap<*const Function, Option<usize>>,
}

impl<'a> Calls<'a> {
    fn function(&mut self, f: &'a Function, level: usize) -> Result<usize> {
        let name = || f.op_type();
        match self.sizes.get(&std::ptr::from_ref(f)) {
            Some(Some(n)) => return Ok(*n),
            Some(None) => return Err(self.error(name(), "the function calls itself")),
            None => {}
        }
        if level > self.model.limits.depth {
            let max = self.model.limits.depth;
            let what = format!("functions are nested deeper than {max} (limit: depth)");
            return Err(self.error(name(), &what));
        }
        self.sizes.insert(f, None);
        let n = self.graph(&f.graph, level + 1)?;
        self.sizes.insert(f, Some(n));
        Ok(n)
    }

    fn graph(&mut self, g: &'a Graph, level: usize) -> Result<usize> {
        let mut total = 0usize;
        for n in &g.nodes {
            let own = match self.callees.of(n) {
                Some(f) => self.function(f, level)?,
                None => 1,
            };
            total = total.saturating_add(own);
            for s in n.subgraphs() {
                total = total.saturating_add(self.graph(s, level)?);
            }
        }
        Ok(total)
    }

    fn error(&self, node: String, reason: &str) -> Error {
        Error::Model { file: self.model.file.clone(), node: Some(node), reason: reason.into() }
    }
}

/// What names mean inside one function body.
#[derive(Default)]
struct Frame {
    /// Inside a body; the main graph keeps its values and attributes.
    inside: bool,
    /// Values of the body → values of the expanded model; `None` where an
    /// optional input is not given.
    values: HashMap<ValueId, Option<ValueId>>,
    attributes: HashMap<String, Attribute>,
    /// Prefix of new names.
    name: String,
}

struct Expansion<'a> {
    callees: &'a Callees<'a>,
    values: Vec<Value>,
    origin: Vec<(ValueId, ValueId)>,
    /// Elements of attributes that may still be copied; `None` once they are used up.
    left: Option<usize>,
}

/// Attribute elements that inlining may copy for each node that it may make.
const ELEMENTS_PER_NODE: usize = 16;
/// Longest prefix that a call gives to the names in its body.
const MAX_PREFIX: usize = 120;

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

fn shortened(mut s: String) -> String {
    if s.len() > MAX_PREFIX {
        let end = (0..=MAX_PREFIX).rev().find(|&i| s.is_char_boundary(i)).unwrap_or(0);
        s.truncate(end);
    }
    s
}

impl Expansion<'_> {
    fn graph(&mut self, g: &Graph, f: &mut Frame) -> Graph {
        let inputs = g.inputs.iter().filter_map(|&v| self.value(v, f)).collect();
        let mut nodes = Vec::with_capacity(g.nodes.len());
        for n in &g.nodes {
            self.node(n, f, &mut nodes);
        }
        let outputs = g.outputs.iter().filter_map(|&v| self.value(v, f)).collect();
        Graph { name: g.name.clone(), inputs, outputs, nodes }
    }

    /// The value that stands for `id` in this frame; constants are shared.
    fn value(&mut self, id: ValueId, f: &mut Frame) -> Option<ValueId> {
        if !f.inside {
            return Some(id);
        }
        if let Some(&v) = f.values.get(&id) {
            return v;
        }
        let Some(old) = self.values.get(id as usize) else { return Some(id) };
        if old.tensor.is_some() {
            return Some(id);
        }
        let new = ValueId::try_from(self.values.len()).ok()?;
        let value = Value { name: format!("{}{}", f.name, old.name), ..old.clone() };
        self.values.push(value);
        self.origin.push((new, id));
        f.values.insert(id, Some(new));
        Some(new)
    }

    fn node(&mut self, n: &Node, f: &mut Frame, out: &mut Vec<Node>) {
        let inputs = n.inputs.iter().map(|v| v.and_then(|v| self.value(v, f))).collect();
        let outputs: Vec<_> = n.outputs.iter().map(|v| v.and_then(|v| self.value(v, f))).collect();
        let attributes = n.attributes.iter();
        let attributes: Vec<_> =
            attributes.filter_map(|(k, a)| Some((k.clone(), self.attribute(a, f)?))).collect();
        let name = format!("{}{}", f.name, n.name);
        let (op_type, domain) = (n.op_type.clone(), n.domain.clone());
        let n = Node { name, op_type, domain, opset: n.opset, inputs, outputs, attributes };
        match self.callees.of(&n) {
            Some(callee) => self.call(&n, callee, out),
            None if f.inside && self.constant(&n) => {}
            None => out.push(n),
        }
    }

    fn attribute(&mut self, a: &Attribute, f: &mut Frame) -> Option<Attribute> {
        let meant = match a {
            Attribute::Reference(r) if f.inside => f.attributes.get(r)?,
            a => a,
        };
        self.left = self.left?.checked_sub(elements(meant));
        self.left?;
        Some(match a {
            Attribute::Reference(_) if f.inside => meant.clone(),
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

    fn call(&mut self, n: &Node, callee: &Function, out: &mut Vec<Node>) {
        let mut f = Frame { inside: true, ..Frame::default() };
        f.name = match n.name.as_str() {
            "" => format!("{}/", shortened(callee.key.1.clone())),
            name => format!("{}/", shortened(name.to_owned())),
        };
        for (i, &formal) in callee.graph.inputs.iter().enumerate() {
            f.values.insert(formal, n.input(i));
        }
        for (name, default) in &callee.attributes {
            if let Some(a) = n.attribute(name).or(default.as_ref()) {
                f.attributes.insert(name.clone(), a.clone());
            }
        }
        let mut copies = Vec::new();
        for (&formal, &actual) in callee.graph.outputs.iter().zip(&n.outputs) {
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
            self.node(inner, &mut f, out);
        }
        for (formal, actual) in copies {
            let from = self.value(formal, &mut f);
            out.push(Node {
                name: format!("{}{}", f.name, "Identity"),
                op_type: "Identity".into(),
                domain: String::new(),
                opset: n.opset,
                inputs: vec![from],
                outputs: vec![Some(actual)],
                attributes: Vec::new(),
            });
        }
    }
}
