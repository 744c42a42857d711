//! Construction of the operation graph of a model.
//!
//! `canonical_order` gives the order of operations. Names, the order of nodes
//! in the file, `Constant` nodes against initializers, `Identity` and
//! inference-time `Dropout` leave no trace.

mod attributes;
mod canonical_order;
mod constants;
mod copies;
mod functions;
mod part;
mod types;

use super::attr::Attr;
use super::graph::{Op, OpGraph, Operand};
use super::inferred_weights::is_convolution;
use super::literal::{Constant, Literal};
use super::memory;
use super::tensor_type::TensorType;
use crate::budget;
use crate::error::{Error, Result};
use crate::model::{Attribute, Graph, Model, Node, ValueId, constant_tensor};
use crate::ops;
use crate::shape::{Inferred, Shapes, is_unknown, size};
use attributes::Site;
use canonical_order::{Context, Definitions, Origin, Plan, Step};
pub use constants::MAX_STRUCTURAL;
use copies::Copies;
use functions::{Attributes, Bindings, Contents, Functions, Key, bound};
use part::Part;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use types::Symbols;

/// Bodies within bodies and functions that call functions, together.
const MAX_DEPTH: usize = 48;
/// Steps of making an operation, beside those of its operands and outputs.
const STEPS_AN_OPERATION: usize = 16;
/// Operations that all calls of model-local functions may stand for.
const MAX_EXPANDED: usize = 1 << 18;

/// Indices that are read to find that they are all in order.
const MAX_INDICES: u64 = 1 << 16;

/// The operation graph of `model`, whose shapes are `shapes`.
///
/// # Errors
/// [`Error::Model`] where model-local functions call themselves or stand for
/// too many operations.
pub fn build(model: &Model, shapes: &Shapes) -> Result<OpGraph> {
    graph(model, shapes, false)
}

/// As [`build()`], with a constant in place of each value whose elements are a
/// few known integers.
///
/// # Errors
/// As [`build()`].
pub fn of_known(model: &Model, shapes: &Shapes) -> Result<OpGraph> {
    graph(model, shapes, true)
}

fn graph(model: &Model, shapes: &Shapes, folds: bool) -> Result<OpGraph> {
    shapes.check(model)?;
    budget::of_model(model, || of_shaped(model, shapes, folds))
}

fn of_shaped(model: &Model, shapes: &Shapes, folds: bool) -> Result<OpGraph> {
    let functions = Functions::new(model);
    let copies = Copies::new(model, &functions);
    let definitions = Definitions::new(model);
    let mut all = All {
        ctx: Context { model, copies, definitions },
        shapes,
        folds,
        functions,
        plans: HashMap::new(),
    };
    let plan = Plan::new(&all.ctx, &model.graph, true);
    all.plans =
        model.functions.iter().map(|f| Plan::new(&all.ctx, &f.graph, false)).enumerate().collect();
    let mut state = State {
        file: &model.file,
        symbols: Symbols::default(),
        cache: HashMap::new(),
        contents: Contents::default(),
        active: Vec::new(),
    };
    let bindings = Bindings::default();
    Walk::new(&all, &model.graph, &plan, &bindings).run(&mut state, None, 0).map(|b| b.graph)
}

/// State that all walks share and none changes.
struct All<'a> {
    ctx: Context<'a>,
    shapes: &'a Shapes,
    /// Whether values that are known are constants.
    folds: bool,
    functions: Functions<'a>,
    /// Plans of the functions.
    plans: HashMap<usize, Plan>,
}

/// State that walks change.
struct State<'a> {
    file: &'a Path,
    symbols: Symbols,
    /// Function and its bindings → body.
    cache: HashMap<(usize, Key<'a>), (Arc<OpGraph>, Size)>,
    contents: Contents,
    /// Functions whose bodies are being built.
    active: Vec<usize>,
}

/// What a body stands for where all calls in it are written out.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    operations: usize,
    /// Bytes of the operations, about, and so of their spelling.
    bytes: usize,
}

/// A graph, and what the function calls in it stand for.
struct Built {
    graph: OpGraph,
    size: Size,
}

/// The walk over one graph, body or function.
struct Walk<'a, 'c> {
    all: &'c All<'a>,
    graph: &'a Graph,
    plan: &'c Plan,
    bindings: &'c Bindings<'a>,
    /// Node → operation.
    of_node: Vec<u32>,
    /// Input of this graph, or captured value → operation.
    of_input: HashMap<ValueId, usize>,
    /// Types are unknown in functions: one body stands for all calls.
    shapes: Option<&'a Shapes>,
    ops: Vec<Op>,
    size: Size,
}

impl<'a, 'c> Walk<'a, 'c> {
    fn new(all: &'c All<'a>, graph: &'a Graph, plan: &'c Plan, bindings: &'c Bindings<'a>) -> Self {
        let of_node = vec![u32::MAX; graph.nodes.len()];
        let (of_input, ops) = (HashMap::new(), Vec::with_capacity(plan.steps.len()));
        let shapes = Some(all.shapes);
        Self { all, graph, plan, bindings, of_node, of_input, shapes, ops, size: Size::default() }
    }

    /// Walks the graph; `formal` are the inputs of a body or function.
    fn run(mut self, s: &mut State<'a>, formal: Option<&[ValueId]>, depth: usize) -> Result<Built> {
        if let Some(formal) = formal {
            for (i, &v) in formal.iter().enumerate() {
                self.input(s, v, Some(Attr::Formal(i as u64)))?;
            }
            for (i, &v) in self.plan.captured.iter().enumerate() {
                self.input(s, v, Some(Attr::Captured(i as u64)))?;
            }
        }
        for &step in &self.plan.steps {
            match step {
                Step::Input(v) => self.input(s, v, None)?,
                Step::Node(n) => self.emit(s, n, depth)?,
            }
        }
        let outputs = self.graph.outputs.iter();
        let outputs = outputs.map(|&v| self.operand(self.resolve(v), Part::Data)).collect();
        Ok(Built { graph: OpGraph { ops: self.ops, outputs }, size: self.size })
    }

    fn resolve(&self, v: ValueId) -> ValueId {
        self.all.ctx.copies.resolve(v)
    }

    /// Adds the input `v`; an input of a body has its `place` among the inputs.
    fn input(&mut self, s: &mut State<'a>, v: ValueId, place: Option<Attr>) -> Result<()> {
        self.of_input.insert(v, self.ops.len());
        let op = Op {
            kind: "Input".into(),
            attributes: place.into_iter().collect(),
            operands: Vec::new(),
            outputs: vec![Some(self.tensor_type(s, v))],
            bodies: Vec::new(),
        };
        self.push(s, op)
    }

    /// Adds an operation, where the budget holds it.
    fn push(&mut self, s: &State<'a>, op: Op) -> Result<()> {
        let bytes = memory::of_op(&op);
        let words = op.operands.len().saturating_add(op.outputs.len());
        budget::work(words.saturating_add(STEPS_AN_OPERATION)).ok_or_else(|| ended(s))?;
        budget::memory(bytes).ok_or_else(|| ended(s))?;
        self.size.bytes = self.size.bytes.saturating_add(bytes);
        self.ops.push(op);
        Ok(())
    }

    /// The inferred type of `v`, completed from its copies.
    fn known(&self, v: ValueId) -> Cow<'a, Inferred> {
        let Some(shapes) = self.shapes else { return Cow::Owned(Inferred::default()) };
        let copies = self.all.ctx.copies.of(v);
        match shapes.get(v) {
            Some(own) if copies.is_empty() => Cow::Borrowed(own),
            own => {
                let mut known = own.cloned().unwrap_or_default();
                copies.iter().filter_map(|&c| shapes.get(c)).for_each(|c| merge(&mut known, c));
                Cow::Owned(known)
            }
        }
    }

    /// The type of `v`.
    fn tensor_type(&self, s: &mut State<'a>, v: ValueId) -> TensorType {
        let container = |v| self.all.ctx.model.value(v).and_then(|v| v.ty.container.clone());
        let copies = self.all.ctx.copies.of(v).iter();
        let container = [v].iter().chain(copies).find_map(|&v| container(v));
        let known = self.known(v);
        let container = known.container.clone().or(container);
        s.symbols.output(&known, container.as_ref())
    }

    fn operand(&self, v: ValueId, part: Part) -> Operand {
        if let Some(&op) = self.of_input.get(&v) {
            return Operand::Value { op, output: 0 };
        }
        let origin = self.all.ctx.origin(self.graph, v);
        if let (Origin::Node(_), true, Some(shapes)) = (origin, self.all.folds, self.shapes)
            && let Some(known) = shapes.get(v).and_then(constants::known)
        {
            return constants::operand(&known, part == Part::Structural, part == Part::Arithmetic);
        }
        match origin {
            Origin::Node(d) => match self.of_node.get(d.node as usize) {
                Some(&op) => Operand::Value { op: op as usize, output: d.output as usize },
                None => Operand::Omitted,
            },
            Origin::Constant => self.constant(v, part),
            _ => Operand::Omitted,
        }
    }

    fn constant(&self, v: ValueId, part: Part) -> Operand {
        let (structural, arithmetic) = (part == Part::Structural, part == Part::Arithmetic);
        let operand = |t| constants::operand(t, structural, arithmetic);
        if let Some(t) = self.all.ctx.model.value(v).and_then(|v| v.tensor.as_ref()) {
            return operand(t);
        }
        let node = self.all.ctx.node(self.graph, v);
        let attributes = node.map(|n| bound(n, self.bindings)).unwrap_or_default();
        match attributes.first().and_then(|a| constant_tensor(a.1)) {
            Some(t) => operand(&t),
            None => Operand::Constant(Constant { value: Literal::Unknown, dtype: None }),
        }
    }

    fn emit(&mut self, s: &mut State<'a>, index: u32, depth: usize) -> Result<()> {
        let graph = self.graph;
        let Some(n) = graph.nodes.get(index as usize) else { return Ok(()) };
        let mut operands: Vec<Operand> = Vec::with_capacity(n.inputs.len());
        let operator = ops::find(&n.domain, &n.op_type);
        for (i, v) in n.inputs.iter().enumerate() {
            let part = Part::of(operator, i);
            let of = |v| self.operand(self.resolve(v), part);
            operands.push(v.map_or(Operand::Omitted, of));
        }
        while operands.last() == Some(&Operand::Omitted) {
            operands.pop();
        }
        let attributes = bound(n, self.bindings);
        let function = self.all.functions.find(n);
        let mut bodies = self.bodies(s, n, index, depth, &mut operands)?;
        if let Some(f) = function {
            bodies.push(("=".into(), self.call(s, n, f, &attributes, depth)?));
        }
        let attributes = match function {
            Some(_) => Vec::new(),
            None => self.attributes(n, &attributes),
        };
        let used = self.plan.used.get(index as usize).map_or(1, |&u| u as usize);
        let mut outputs = Vec::with_capacity(used);
        for o in n.outputs.iter().take(used) {
            outputs.push(o.map(|v| self.tensor_type(s, v)));
        }
        if let Some(op) = self.of_node.get_mut(index as usize) {
            *op = self.ops.len() as u32;
        }
        let mut kind = constants::kind(&n.domain, &n.op_type);
        if self.all.folds && self.gathers_all(n) {
            kind = "Reshape".into();
            operands.truncate(1);
        }
        self.push(s, Op { kind, attributes, operands, outputs, bodies })
    }

    /// Whether a node gathers all elements of a vector in their order.
    fn gathers_all(&self, n: &Node) -> bool {
        let all = || {
            let (x, index) = (self.resolve(n.input(0)?), self.resolve(n.input(1)?));
            let count = match self.known(x).dims.as_deref()? {
                [n] => size(n).filter(|&n| n <= MAX_INDICES)?,
                _ => return None,
            };
            let tensor = self.all.ctx.model.value(index).and_then(|v| v.tensor.as_ref());
            let indices = match tensor {
                Some(t) => t.ints(MAX_INDICES)?,
                None => self.known(index).ints.clone()?,
            };
            let ordered = indices.iter().copied().eq(0..i64::try_from(count).ok()?);
            Some(ordered && n.int("axis").unwrap_or(0) == 0)
        };
        n.domain.is_empty() && n.op_type == "Gather" && all() == Some(true)
    }

    fn attributes(&self, n: &Node, attributes: &Attributes) -> Vec<Attr> {
        let rank = |v: Option<ValueId>| {
            let v = self.resolve(v?);
            Some(self.known(v).dims.as_ref()?.len())
        };
        let kernel = self.kernel(n);
        let site = Site {
            node: n,
            attributes,
            kernel,
            input_rank: rank(n.input(0)),
            output_rank: rank(n.outputs.first().copied().flatten()),
        };
        site.attrs()
    }

    /// Kernel of a convolution, from its weight.
    fn kernel(&self, n: &Node) -> Option<&'a [u64]> {
        if !is_convolution(&n.op_type) || !n.domain.is_empty() {
            return None;
        }
        let model: &'a Model = self.all.ctx.model;
        let w = model.value(self.resolve(n.input(1)?))?.tensor.as_ref()?;
        w.dims.get(2..)
    }

    /// The bodies of a node. Values that they capture become operands.
    fn bodies(
        &mut self,
        s: &mut State<'a>,
        n: &'a Node,
        index: u32,
        depth: usize,
        operands: &mut Vec<Operand>,
    ) -> Result<Vec<(String, Arc<OpGraph>)>> {
        let Some(plans) = self.plan.bodies.get(&index) else { return Ok(Vec::new()) };
        let named = n.attributes.iter().flat_map(|(name, a)| {
            let graphs = match a {
                Attribute::Graph(g) => std::slice::from_ref(&**g),
                Attribute::Graphs(gs) => gs.as_slice(),
                _ => &[],
            };
            graphs.iter().map(move |g| (name, g))
        });
        let mut out = Vec::with_capacity(plans.len());
        for ((name, g), plan) in named.zip(plans) {
            check_depth(s, n, depth)?;
            operands.extend(plan.captured.iter().map(|&v| self.operand(v, Part::Data)));
            let shapes = self.shapes;
            let walk = Walk { shapes, ..Walk::new(self.all, g, plan, self.bindings) };
            let body = walk.run(s, Some(&g.inputs), depth + 1)?;
            self.expand(s, n, body.size)?;
            out.push((constants::name(name), Arc::new(body.graph)));
        }
        Ok(out)
    }

    /// The body of the function `index`, which `n` calls.
    fn call(
        &mut self,
        s: &mut State<'a>,
        n: &Node,
        index: usize,
        attributes: &Attributes<'a>,
        depth: usize,
    ) -> Result<Arc<OpGraph>> {
        let (Some(f), Some(plan)) = (self.all.functions.get(index), self.all.plans.get(&index))
        else {
            return Ok(Arc::default());
        };
        let bindings = Bindings::new(f, attributes);
        let key = (index, bindings.key(&mut s.contents));
        if let Some((body, size)) = s.cache.get(&key).cloned() {
            budget::memory(size.bytes).ok_or_else(|| ended(s))?;
            self.expand(s, n, size)?;
            return Ok(body);
        }
        if s.active.contains(&index) {
            return Err(error(s, n, "a function calls itself"));
        }
        check_depth(s, n, depth)?;
        s.active.push(index);
        let walk = Walk { shapes: None, ..Walk::new(self.all, &f.graph, plan, &bindings) };
        let built = walk.run(s, Some(&f.graph.inputs), depth + 1)?;
        s.active.pop();
        let operations = built.size.operations.saturating_add(plan_size(plan));
        let size = Size { operations, ..built.size };
        let body = Arc::new(built.graph);
        s.cache.insert(key, (body.clone(), size));
        self.expand(s, n, size)?;
        Ok(body)
    }

    /// Counts operations that a function call stands for.
    fn expand(&mut self, s: &State<'a>, n: &Node, size: Size) -> Result<()> {
        self.size.operations = self.size.operations.saturating_add(size.operations);
        self.size.bytes = self.size.bytes.saturating_add(size.bytes);
        match self.size.operations > MAX_EXPANDED {
            true => {
                let reason = format!("functions stand for more than {MAX_EXPANDED} operations");
                Err(error(s, n, &reason))
            }
            false => Ok(()),
        }
    }
}

fn plan_size(p: &Plan) -> usize {
    let bodies = p.bodies.values().flatten().map(plan_size);
    bodies.fold(p.steps.len(), usize::saturating_add)
}

fn error(s: &State, n: &Node, reason: &str) -> Error {
    let node = if n.name.is_empty() { n.op_type.clone() } else { n.name.clone() };
    Error::at(s.file, Some(node), reason)
}

fn check_depth(s: &State, n: &Node, depth: usize) -> Result<()> {
    match depth < MAX_DEPTH {
        true => Ok(()),
        false => {
            Err(error(s, n, &format!("bodies and functions are nested deeper than {MAX_DEPTH}")))
        }
    }
}

/// Stands for the error of an exhausted budget, which [`budget::of_model`] words.
fn ended(s: &State) -> Error {
    Error::model(s.file, "the budget is exhausted")
}

/// Completes `known` from `other`, the type of a copy.
fn merge(known: &mut Inferred, other: &Inferred) {
    known.dtype = known.dtype.or(other.dtype);
    known.container = known.container.take().or_else(|| other.container.clone());
    match (&mut known.dims, &other.dims) {
        (Some(a), Some(b)) if a.len() == b.len() => {
            let unknown = a.iter_mut().zip(b).filter(|(a, _)| is_unknown(a));
            unknown.for_each(|(a, b)| *a = b.clone());
        }
        (None, Some(b)) => known.dims = Some(b.clone()),
        _ => {}
    }
}
