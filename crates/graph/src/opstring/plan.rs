//! Canonical order of a graph: a depth-first walk from the outputs, inputs in
//! order, each operation after those it reads. What no output needs is left out.

use super::copies::Copies;
use crate::model::{Graph, Model, Node, ValueId};
use std::collections::{HashMap, HashSet};

/// Where a value is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    graph: u32,
    /// Node of that graph; [`INPUT`] for a graph input.
    pub node: u32,
    /// Output number of the node.
    pub output: u32,
}

const INPUT: u32 = u32::MAX;
const NOWHERE: Definition = Definition { graph: u32::MAX, node: INPUT, output: 0 };

/// Definitions of all values of a model, and the numbers of its graphs.
pub struct Definitions {
    of: Vec<Definition>,
    graphs: HashMap<*const Graph, u32>,
}

impl Definitions {
    /// The definitions in `model`.
    pub fn new(model: &Model) -> Self {
        let of = vec![NOWHERE; model.values.len()];
        let mut d = Self { of, graphs: HashMap::new() };
        d.graph(&model.graph);
        model.functions.iter().for_each(|f| d.graph(&f.graph));
        d
    }

    fn graph(&mut self, g: &Graph) {
        let graph = u32::try_from(self.graphs.len()).unwrap_or(u32::MAX);
        self.graphs.insert(g, graph);
        for &v in &g.inputs {
            self.set(v, Definition { graph, node: INPUT, output: 0 });
        }
        for (i, n) in g.nodes.iter().enumerate() {
            for (output, &v) in n.outputs.iter().enumerate() {
                let Some(v) = v else { continue };
                self.set(v, Definition { graph, node: i as u32, output: output as u32 });
            }
            n.subgraphs().for_each(|s| self.graph(s));
        }
    }

    fn set(&mut self, v: ValueId, d: Definition) {
        if let Some(slot) = self.of.get_mut(v as usize) {
            *slot = d;
        }
    }

    fn number(&self, g: &Graph) -> u32 {
        self.graphs.get(&std::ptr::from_ref(g)).copied().unwrap_or(u32::MAX)
    }

    fn get(&self, v: ValueId) -> Definition {
        self.of.get(v as usize).copied().unwrap_or(NOWHERE)
    }
}

/// What planning knows of a model.
pub struct Context<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its copies.
    pub copies: Copies,
    /// Its definitions.
    pub definitions: Definitions,
}

/// Where a value comes from, seen from one graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A constant or weight, wherever it stands.
    Constant,
    /// An output of a node of this graph.
    Node(Definition),
    /// An input of this graph.
    Input,
    /// A graph around this one.
    Outside,
}

impl Context<'_> {
    /// The origin of `v`, which is no copy, seen from `g`.
    pub fn origin(&self, g: &Graph, v: ValueId) -> Origin {
        if self.model.value(v).is_some_and(|v| v.tensor.is_some()) {
            return Origin::Constant;
        }
        let d = self.definitions.get(v);
        if d.graph != self.definitions.number(g) {
            return Origin::Outside;
        }
        match g.nodes.get(d.node as usize) {
            None => Origin::Input,
            Some(n) if is_bound_constant(n) => Origin::Constant,
            Some(_) => Origin::Node(d),
        }
    }

    /// The node of `g` that defines `v`.
    pub fn node<'g>(&self, g: &'g Graph, v: ValueId) -> Option<&'g Node> {
        let d = self.definitions.get(v);
        (d.graph == self.definitions.number(g)).then(|| g.nodes.get(d.node as usize)).flatten()
    }
}

/// A `Constant` that the reader leaves as a node: its value is an attribute of
/// the function around it.
fn is_bound_constant(n: &Node) -> bool {
    n.op_type == "Constant" && n.domain.is_empty()
}

/// One step of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A node, by its index in the graph.
    Node(u32),
    /// An input of the outermost graph.
    Input(ValueId),
}

/// The walk over one graph.
#[derive(Debug, Default)]
pub struct Plan {
    /// Steps in canonical order.
    pub steps: Vec<Step>,
    /// Values from around a body, in order of reading.
    pub captured: Vec<ValueId>,
    /// Plans of the bodies of each node that has some, in attribute order.
    pub bodies: HashMap<u32, Vec<Plan>>,
    /// For each node, the number of outputs up to the last that is read.
    pub used: Vec<u32>,
}

/// A node that is being visited.
struct Frame {
    node: u32,
    reads: Vec<ValueId>,
    next: usize,
}

impl Plan {
    /// Plans `g`. Inputs of the `outermost` graph become steps where they are
    /// first read; those of bodies and functions stand before all steps.
    pub fn new(ctx: &Context, g: &Graph, outermost: bool) -> Self {
        let used = vec![0; g.nodes.len()];
        let plan = Self { used, ..Self::default() };
        let done = vec![false; g.nodes.len()];
        let mut walk = Walk { ctx, g, outermost, plan, done, seen: HashSet::new() };
        for &out in &g.outputs {
            walk.run(ctx.copies.resolve(out));
        }
        walk.plan
    }
}

struct Walk<'a, 'c> {
    ctx: &'c Context<'a>,
    g: &'c Graph,
    outermost: bool,
    plan: Plan,
    done: Vec<bool>,
    /// Inputs and captured values that have been read.
    seen: HashSet<ValueId>,
}

impl Walk<'_, '_> {
    /// Plans everything that `root` depends on, without recursion.
    fn run(&mut self, root: ValueId) {
        let mut stack: Vec<Frame> = self.enter(root).into_iter().collect();
        while let Some(frame) = stack.last_mut() {
            match frame.reads.get(frame.next).copied() {
                Some(v) => {
                    frame.next += 1;
                    stack.extend(self.enter(v));
                }
                None => {
                    self.plan.steps.push(Step::Node(frame.node));
                    stack.pop();
                }
            }
        }
    }

    /// Notes that `v` is read; the node behind it where that is new.
    fn enter(&mut self, v: ValueId) -> Option<Frame> {
        match self.ctx.origin(self.g, v) {
            Origin::Constant => None,
            Origin::Node(d) => {
                let used = self.plan.used.get_mut(d.node as usize)?;
                *used = (*used).max(d.output + 1);
                let done = self.done.get_mut(d.node as usize)?;
                if std::mem::replace(done, true) {
                    return None;
                }
                Some(Frame { node: d.node, reads: self.reads(d.node), next: 0 })
            }
            Origin::Input | Origin::Outside if self.outermost => {
                if self.seen.insert(v) {
                    self.plan.steps.push(Step::Input(v));
                }
                None
            }
            Origin::Input => None,
            Origin::Outside => {
                if self.seen.insert(v) {
                    self.plan.captured.push(v);
                }
                None
            }
        }
    }

    /// Values that a node reads: inputs in order, then captures of its bodies.
    fn reads(&mut self, node: u32) -> Vec<ValueId> {
        let Some(n) = self.g.nodes.get(node as usize) else { return Vec::new() };
        let resolve = |&v: &ValueId| self.ctx.copies.resolve(v);
        let mut reads: Vec<ValueId> = n.inputs.iter().flatten().map(resolve).collect();
        let bodies: Vec<Plan> = n.subgraphs().map(|s| Plan::new(self.ctx, s, false)).collect();
        if !bodies.is_empty() {
            reads.extend(bodies.iter().flat_map(|b| &b.captured));
            self.plan.bodies.insert(node, bodies);
        }
        reads
    }
}
