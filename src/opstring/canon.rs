//! Model → operation graph in canonical order.
//!
//! The order is a depth-first walk from the outputs, inputs in order, each
//! operation after those it reads. Names, the order of nodes in the file,
//! `Constant` nodes against initializers, `Identity` and inference-time
//! `Dropout` leave no trace.

use super::implied;
use super::opgraph::*;
use super::spell::{self, Letters};
use crate::graph::order::{producers, visit_reads};
use crate::graph::shape::Shapes;
use crate::graph::{Attribute, Graph, Model, Node, ValueId};
use std::collections::HashMap;

/// The operation graph of `model`, whose shapes are `shapes`.
pub fn build(model: &Model, shapes: &Shapes) -> OpGraph {
    let mut letters = Letters::default();
    let aliases = aliases(model);
    let ctx = Context { model, shapes, aliases };
    Walk::new(&ctx, &model.graph, &mut letters).run(&[])
}

struct Context<'a> {
    model: &'a Model,
    shapes: &'a Shapes,
    /// Value → the value it is a mere copy of.
    aliases: HashMap<ValueId, ValueId>,
}

impl Context<'_> {
    fn resolve(&self, mut v: ValueId) -> ValueId {
        while let Some(&to) = self.aliases.get(&v) {
            v = to;
        }
        v
    }

    fn is_constant(&self, v: ValueId) -> bool {
        self.model.value(v).is_some_and(|v| v.tensor.is_some())
    }
}

/// Outputs of operations that change nothing, in the graph and all bodies.
fn aliases(model: &Model) -> HashMap<ValueId, ValueId> {
    let mut map = HashMap::new();
    collect_aliases(model, &model.graph, &mut map);
    map
}

fn collect_aliases(model: &Model, g: &Graph, map: &mut HashMap<ValueId, ValueId>) {
    for n in &g.nodes {
        if let (Some(from), Some(&Some(to))) = (n.input(0), n.outputs.first())
            && n.domain.is_empty()
            && is_copy(model, n)
        {
            map.insert(to, from);
        }
        n.subgraphs().for_each(|s| collect_aliases(model, s, map));
    }
}

/// `Identity`, and `Dropout` that does nothing at inference (Dropout-7 to -22:
/// no or a false `training_mode`) and whose mask nobody asks for.
fn is_copy(model: &Model, n: &Node) -> bool {
    match n.op_type.as_str() {
        "Identity" => true,
        "Dropout" => {
            let training = n.input(2).map(|v| {
                let t = model.value(v).and_then(|v| v.tensor.as_ref());
                t.and_then(|t| t.ints(1)).is_none_or(|v| v != [0])
            });
            n.outputs.iter().flatten().count() == 1 && !training.unwrap_or(false)
        }
        _ => false,
    }
}

/// The walk over one graph or body.
struct Walk<'a, 'c> {
    ctx: &'c Context<'a>,
    graph: &'c Graph,
    letters: &'c mut Letters,
    producer: Producers,
    /// Node index → operation number.
    of_node: HashMap<u32, usize>,
    /// Input of this graph, or captured value → operation number.
    of_input: HashMap<ValueId, usize>,
    /// Output numbers of a node that somebody reads.
    used: HashMap<u32, usize>,
    ops: Vec<Op>,
}

/// Value → node of one graph.
enum Producers {
    Table(Vec<u32>),
    Map(HashMap<ValueId, u32>),
}

impl Producers {
    fn new(g: &Graph, values: usize, outermost: bool) -> Self {
        if outermost {
            return Self::Table(producers(&g.nodes, values));
        }
        let pairs = g.nodes.iter().enumerate();
        let pairs =
            pairs.flat_map(|(i, n)| n.outputs.iter().flatten().map(move |&v| (v, i as u32)));
        Self::Map(pairs.collect())
    }

    fn get(&self, v: ValueId) -> Option<u32> {
        match self {
            Self::Table(t) => t.get(v as usize).copied().filter(|&p| p != u32::MAX),
            Self::Map(m) => m.get(&v).copied(),
        }
    }
}

/// Values that a body reads but that are defined around it, in order of reading.
fn captures(ctx: &Context, body: &Graph) -> Vec<ValueId> {
    let mut inside = std::collections::HashSet::new();
    defined(body, &mut inside);
    let mut out = Vec::new();
    let mut seen = std::collections::HashSet::new();
    visit_reads(body, &mut |v| {
        let v = ctx.resolve(v);
        if !inside.contains(&v) && !ctx.is_constant(v) && seen.insert(v) {
            out.push(v);
        }
    });
    out
}

fn defined(g: &Graph, set: &mut std::collections::HashSet<ValueId>) {
    set.extend(&g.inputs);
    for n in &g.nodes {
        set.extend(n.outputs.iter().flatten());
        n.subgraphs().for_each(|s| defined(s, set));
    }
}

impl<'a, 'c> Walk<'a, 'c> {
    fn new(ctx: &'c Context<'a>, graph: &'c Graph, letters: &'c mut Letters) -> Self {
        let outermost = std::ptr::eq(graph, &ctx.model.graph);
        let producer = Producers::new(graph, ctx.model.values.len(), outermost);
        let (of_node, of_input, used) = Default::default();
        Self { ctx, graph, letters, producer, of_node, of_input, used, ops: Vec::new() }
    }

    /// Walks the graph; `captured` are values from around it.
    fn run(mut self, captured: &[ValueId]) -> OpGraph {
        let outermost = std::ptr::eq(self.graph, &self.ctx.model.graph);
        if !outermost {
            let formal: Vec<ValueId> = self.graph.inputs.iter().chain(captured).copied().collect();
            for (i, v) in formal.into_iter().enumerate() {
                self.input(v, Some(i));
            }
        }
        self.count_used();
        for &out in &self.graph.outputs {
            self.visit(self.ctx.resolve(out));
        }
        let outputs = self.graph.outputs.iter().map(|&v| self.operand(self.ctx.resolve(v)));
        let outputs = outputs.collect();
        OpGraph { ops: self.ops, outputs }
    }

    /// For each node, the number of outputs up to the last that is read.
    fn count_used(&mut self) {
        let mut read = std::collections::HashSet::new();
        visit_reads(self.graph, &mut |v| {
            read.insert(self.ctx.resolve(v));
        });
        for (i, n) in self.graph.nodes.iter().enumerate() {
            let last = n.outputs.iter().rposition(|o| o.is_some_and(|o| read.contains(&o)));
            self.used.insert(i as u32, last.map_or(1, |l| l + 1));
        }
    }

    /// Adds the input `v`, a body's input with its position.
    fn input(&mut self, v: ValueId, position: Option<usize>) -> usize {
        let number = self.ops.len();
        self.of_input.insert(v, number);
        let outputs = vec![self.shape(v)];
        self.ops.push(Op {
            kind: "Input".into(),
            attributes: position.map(|i| format!("i{i}")).into_iter().collect(),
            operands: Vec::new(),
            outputs,
            bodies: Vec::new(),
        });
        number
    }

    fn shape(&mut self, v: ValueId) -> String {
        let unknown = Default::default();
        let inferred = self.ctx.shapes.get(v).unwrap_or(&unknown);
        let container = self.ctx.model.value(v).and_then(|v| v.ty.container);
        self.letters.output(inferred, container)
    }

    /// Emits everything that `root` depends on, without recursion.
    fn visit(&mut self, root: ValueId) {
        let mut stack = vec![(root, 0usize)];
        let mut reads_of: HashMap<u32, std::rc::Rc<Vec<ValueId>>> = HashMap::new();
        while let Some((v, next)) = stack.pop() {
            let Some(node) = self.producer.get(v) else {
                if !self.ctx.is_constant(v) && !self.of_input.contains_key(&v) {
                    self.input(v, None);
                }
                continue;
            };
            if self.of_node.contains_key(&node) {
                continue;
            }
            let reads = match reads_of.get(&node) {
                Some(r) => r.clone(),
                None => {
                    let r = std::rc::Rc::new(self.reads(node));
                    reads_of.insert(node, r.clone());
                    r
                }
            };
            match reads.get(next) {
                Some(&r) => stack.extend([(v, next + 1), (r, 0)]),
                None => {
                    reads_of.remove(&node);
                    self.emit(node);
                }
            }
        }
    }

    /// Values that a node reads: inputs in order, then captures of its bodies.
    fn reads(&self, node: u32) -> Vec<ValueId> {
        let Some(n) = self.graph.nodes.get(node as usize) else { return Vec::new() };
        let mut v: Vec<ValueId> = n.inputs.iter().flatten().map(|&v| self.ctx.resolve(v)).collect();
        n.subgraphs().for_each(|s| v.extend(captures(self.ctx, s)));
        v
    }

    fn operand(&self, v: ValueId) -> Operand {
        if let Some(&op) = self.of_input.get(&v) {
            return Operand::Value { op, output: 0 };
        }
        if let Some(node) = self.producer.get(v)
            && let (Some(&op), Some(n)) =
                (self.of_node.get(&node), self.graph.nodes.get(node as usize))
        {
            let output = n.outputs.iter().position(|o| *o == Some(v)).unwrap_or(0);
            return Operand::Value { op, output };
        }
        match self.ctx.model.value(v).and_then(|v| v.tensor.as_ref()) {
            Some(t) => match spell::constant(t) {
                Some(c) => Operand::Constant(c),
                None => Operand::Weight(spell::weight(t)),
            },
            None => Operand::Omitted,
        }
    }

    fn emit(&mut self, index: u32) {
        let Some(n) = self.graph.nodes.get(index as usize) else { return };
        let mut operands: Vec<Operand> = n
            .inputs
            .iter()
            .map(|v| v.map_or(Operand::Omitted, |v| self.operand(self.ctx.resolve(v))))
            .collect();
        while operands.last() == Some(&Operand::Omitted) {
            operands.pop();
        }
        let bodies = self.bodies(n, &mut operands);
        let used = self.used.get(&index).copied().unwrap_or(1);
        let outputs: Vec<Option<ValueId>> = n.outputs.iter().take(used).copied().collect();
        let outputs = outputs.into_iter().map(|o| o.map_or(String::new(), |v| self.shape(v)));
        let outputs = outputs.collect();
        let kernel = self.kernel(n);
        let kind = spell::name(&match n.domain.as_str() {
            "" => n.op_type.clone(),
            d => format!("{d}.{}", n.op_type),
        });
        self.of_node.insert(index, self.ops.len());
        self.ops.push(Op {
            kind,
            attributes: spell::attributes(n, kernel.as_deref()),
            operands,
            outputs,
            bodies,
        });
    }

    /// Kernel of a convolution, from its weight.
    fn kernel(&self, n: &Node) -> Option<Vec<u64>> {
        if !implied::is_convolution(&n.op_type) || !n.domain.is_empty() {
            return None;
        }
        let w = self.ctx.model.value(self.ctx.resolve(n.input(1)?))?.tensor.as_ref()?;
        w.dims.get(2..).map(<[u64]>::to_vec)
    }

    /// The bodies of a node; what they capture becomes operands.
    fn bodies(&mut self, n: &Node, operands: &mut Vec<Operand>) -> Vec<(String, OpGraph)> {
        let mut out = Vec::new();
        for (name, a) in &n.attributes {
            let graphs = match a {
                Attribute::Graph(g) => std::slice::from_ref(&**g),
                Attribute::Graphs(gs) => gs.as_slice(),
                _ => continue,
            };
            for g in graphs {
                let captured = captures(self.ctx, g);
                operands.extend(captured.iter().map(|&v| self.operand(v)));
                let body = Walk::new(self.ctx, g, self.letters).run(&captured);
                out.push((spell::name(name), body));
            }
        }
        out
    }
}
