//! The walk over a graph that adds up costs.

use super::liveness::{Peak, last_reads};
use super::weights::Stored;
use super::weights_read::{Weights, looks_up};
use super::{Amount, Costs, OperatorCost, Unknown};
use crate::budget;
use crate::model::{Attribute, Graph, Model, Node, Value, ValueId};
use crate::ops;
use crate::ops::flops::{self, Work};
use crate::shape::{Shapes, Sum, SymExpr};
use std::collections::{BTreeMap, HashMap};

/// Costs of one operator type.
#[derive(Debug, Clone, Default)]
struct Row {
    count: u64,
    macs: Sum,
    flops: Sum,
    read: Sum,
    written: Sum,
    unknown_work: u64,
    unknown_bytes: u64,
}

impl Row {
    fn merge(&mut self, other: &Row) {
        self.count = self.count.saturating_add(other.count);
        self.unknown_work = self.unknown_work.saturating_add(other.unknown_work);
        self.unknown_bytes = self.unknown_bytes.saturating_add(other.unknown_bytes);
        let work = self.macs.merge(&other.macs) & self.flops.merge(&other.flops);
        let bytes = self.read.merge(&other.read) & self.written.merge(&other.written);
        self.count_unknown(!work, !bytes);
    }

    /// Costs of so many runs.
    fn repeat(&mut self, times: &SymExpr) {
        let mut failed = 0u64;
        for s in [&mut self.macs, &mut self.flops, &mut self.read, &mut self.written] {
            let mut repeated = Sum::default();
            match s.expr().times(times) {
                Some(p) if repeated.add(&p) => *s = repeated,
                _ => failed = failed.saturating_add(1),
            }
        }
        self.unknown_work = self.unknown_work.saturating_add(failed);
    }

    /// Counts an operator whose work or bytes are not known.
    fn count_unknown(&mut self, work: bool, bytes: bool) {
        self.unknown_work = self.unknown_work.saturating_add(u64::from(work));
        self.unknown_bytes = self.unknown_bytes.saturating_add(u64::from(bytes));
    }
}

type Rows<'m> = BTreeMap<(&'m str, &'m str), Row>;

/// Costs of a graph or body.
#[derive(Debug, Default)]
pub struct Tally<'m> {
    rows: Rows<'m>,
    weights: Weights,
    peak: Peak,
    depth: u64,
}

/// Costs of one operator, with those of its bodies.
#[derive(Debug)]
pub(super) struct NodeTally<'m> {
    pub node: &'m Node,
    pub macs: Sum,
    pub flops: Sum,
    /// Bytes of activations read and written, and of weights read.
    pub bytes: Sum,
    /// False where work or bytes are not known.
    pub known: bool,
}

/// What the walk reads.
pub(super) struct Walk<'m> {
    pub model: &'m Model,
    pub shapes: &'m Shapes,
    pub stored: &'m Stored,
    /// Bytes of each value; `None` where size or type is not known.
    bytes: Vec<Option<SymExpr>>,
}

impl<'m> Tally<'m> {
    /// Costs of the model's graph.
    pub fn of(model: &'m Model, shapes: &'m Shapes, stored: &'m Stored) -> Self {
        let bytes = model.values.iter().zip(0..).map(|(v, id)| bytes(v, shapes, id)).collect();
        Walk { model, shapes, stored, bytes }.graph(&model.graph)
    }

    /// The costs as reported.
    pub fn costs(&self, model: &Model, shapes: &Shapes, stored: &Stored) -> Costs {
        let symbols = &shapes.symbols;
        let total = self.total();
        let amount = |s: &Sum| Amount::new(&s.expr(), symbols);
        let number = |s: &Sum| s.expr().value().map(|v| v as f64);
        let weights = self.weights.bytes(|id| bytes(model.value(id)?, shapes, id));
        let moved = [&total.read, &total.written, &weights];
        let moved = moved.into_iter().try_fold(0f64, |s, e| Some(s + number(e)?));
        let intensity = moved.filter(|m| *m > 0.0).and_then(|m| Some(number(&total.flops)? / m));
        Costs {
            parameters: stored.parameters,
            buffers: stored.buffers,
            constants: stored.constants,
            weight_bytes: stored.bytes,
            macs: amount(&total.macs),
            flops: amount(&total.flops),
            activation_bytes_read: amount(&total.read),
            activation_bytes_written: amount(&total.written),
            weight_bytes_read: amount(&weights),
            peak_activation_bytes: Amount::new(&self.peak.value(), symbols),
            arithmetic_intensity: intensity,
            depth: self.depth,
            operators: self.rows.iter().map(|(k, r)| operator(k, r, &amount)).collect(),
            unknown: self.rows.iter().filter_map(|(k, r)| unknown(k, r)).collect(),
        }
    }

    /// Costs of each operator of the model's graph that runs, in the order of the file.
    pub fn nodes(model: &'m Model, shapes: &'m Shapes, stored: &'m Stored) -> Vec<NodeTally<'m>> {
        let bytes = model.values.iter().zip(0..).map(|(v, id)| bytes(v, shapes, id)).collect();
        let walk = Walk { model, shapes, stored, bytes };
        let runs = model.graph.nodes.iter().filter(|n| !walk.is_folded(n));
        runs.map_while(|n| {
            budget::work(node_work(n))?;
            Some(walk.alone(n))
        })
        .collect()
    }

    fn flops(&self) -> Sum {
        self.total().flops
    }

    fn total(&self) -> Row {
        let mut total = Row::default();
        self.rows.values().for_each(|r| total.merge(r));
        total
    }

    /// Adds the rows of a body, repeated where a number of runs is given.
    fn absorb(&mut self, mut body: Tally<'m>, times: Option<&SymExpr>) {
        self.weights.absorb(std::mem::take(&mut body.weights));
        for (k, mut r) in std::mem::take(&mut body.rows) {
            if let Some(t) = times {
                r.repeat(t);
            }
            self.rows.entry(k).or_default().merge(&r);
        }
    }
}

/// Steps of the budget that a node takes.
fn node_work(n: &Node) -> usize {
    let ends = n.inputs.len().saturating_add(n.outputs.len());
    ends.saturating_mul(4).saturating_add(8)
}

/// Type of an operator, after its domain and a dot where that is not `ai.onnx`.
pub(super) fn operator_name(domain: &str, kind: &str) -> String {
    if domain.is_empty() { kind.to_owned() } else { format!("{domain}.{kind}") }
}

fn operator(key: &(&str, &str), r: &Row, amount: &impl Fn(&Sum) -> Amount) -> OperatorCost {
    OperatorCost {
        operator: operator_name(key.0, key.1),
        count: r.count,
        macs: amount(&r.macs),
        flops: amount(&r.flops),
        activation_bytes_read: amount(&r.read),
        activation_bytes_written: amount(&r.written),
    }
}

fn unknown(key: &(&str, &str), r: &Row) -> Option<Unknown> {
    let missing = match (r.unknown_work > 0, r.unknown_bytes > 0) {
        (false, false) => return None,
        (true, false) => "work",
        (false, true) => "bytes",
        (true, true) => "work, bytes",
    };
    let count = r.unknown_work.max(r.unknown_bytes).min(r.count);
    Some(Unknown { operator: operator_name(key.0, key.1), count, missing: missing.into() })
}

/// Bytes of a value; `None` where size or type is not known.
fn bytes(v: &Value, shapes: &Shapes, id: ValueId) -> Option<SymExpr> {
    if let Some(t) = &v.tensor {
        return t.bytes().map(SymExpr::from);
    }
    let t = shapes.get(id)?;
    let bits = t.dtype.filter(|_| t.container.is_none())?.bits();
    let n = flops::elements(t.dims.as_ref()?)?;
    if bits == 0 || shapes.symbols.is_data_dependent(&n) {
        return None;
    }
    match bits {
        8.. => n.times(&SymExpr::Value(i128::from(bits / 8))),
        _ => n.over_up(&SymExpr::Value(8u32.checked_div(bits)?.into())),
    }
}

impl<'m> Walk<'m> {
    pub fn is_constant(&self, v: ValueId) -> bool {
        self.stored.constant.get(v as usize).copied().unwrap_or(false)
    }

    pub fn bytes(&self, v: ValueId) -> Option<&SymExpr> {
        self.bytes.get(v as usize)?.as_ref()
    }

    fn graph(&self, g: &'m Graph) -> Tally<'m> {
        let mut t = Tally::default();
        let last = last_reads(g);
        let mut live = Sum::default();
        let mut depths: HashMap<ValueId, u64> = HashMap::new();
        for &v in &g.inputs {
            if let Some(b) = self.bytes(v).filter(|_| last.contains_key(&v)) {
                live.add(b);
            }
        }
        t.peak.see(&live);
        let inputs: std::collections::HashSet<ValueId> = g.inputs.iter().copied().collect();
        let mut here: std::collections::HashSet<ValueId> = inputs;
        for (i, n) in g.nodes.iter().enumerate() {
            let key = (n.domain.as_str(), n.op_type.as_str());
            let row = t.rows.entry(key).or_default();
            row.count = row.count.saturating_add(1);
            if budget::work(node_work(n)).is_none() {
                return t;
            }
            if self.is_folded(n) {
                continue;
            }
            self.node(n, row);
            t.weights.read(n, self);
            let (body_peak, body_depth) = self.bodies(n, &mut t);
            for &o in n.outputs.iter().flatten() {
                if let Some(b) = self.bytes(o) {
                    live.add(b);
                }
                here.insert(o);
            }
            if body_peak == SymExpr::ZERO {
                t.peak.see(&live);
            } else {
                let mut at_peak = live.clone();
                at_peak.add(&body_peak);
                t.peak.see(&at_peak);
            }
            self.release(n, i, &last, &mut here, &mut live);
            let before = n.inputs.iter().flatten().filter_map(|v| depths.get(v)).max();
            let depth = before.copied().unwrap_or(0).saturating_add(body_depth.max(1));
            n.outputs.iter().flatten().for_each(|&o| {
                depths.insert(o, depth);
            });
            t.depth = t.depth.max(depth);
        }
        t
    }

    /// Frees what node `i` is the last to read, and outputs that nobody reads.
    fn release(
        &self,
        n: &Node,
        i: usize,
        last: &HashMap<ValueId, usize>,
        here: &mut std::collections::HashSet<ValueId>,
        live: &mut Sum,
    ) {
        let mut done: Vec<ValueId> = Vec::new();
        let mut see = |v: ValueId| {
            if last.get(&v).is_none_or(|&l| l == i) {
                done.push(v);
            }
        };
        n.inputs.iter().chain(&n.outputs).flatten().for_each(|&v| see(v));
        n.subgraphs().for_each(|s| crate::model::order::visit_reads(s, &mut see));
        for v in done {
            if here.remove(&v)
                && !self.is_constant(v)
                && let Some(b) = self.bytes(v)
            {
                live.subtract(b);
            }
        }
    }

    /// Whether a node computes constants alone, and so is not run.
    fn is_folded(&self, n: &Node) -> bool {
        !n.outputs.is_empty() && n.outputs.iter().flatten().all(|&o| self.is_constant(o))
    }

    /// The costs of a node without the others.
    fn alone(&self, n: &'m Node) -> NodeTally<'m> {
        let mut t = Tally::default();
        let row = t.rows.entry((n.domain.as_str(), n.op_type.as_str())).or_default();
        row.count = 1;
        self.node(n, row);
        t.weights.read(n, self);
        self.bodies(n, &mut t);
        let mut total = t.total();
        let weights = t.weights.bytes(|id| bytes(self.model.value(id)?, self.shapes, id));
        let moved = total.read.merge(&total.written) & total.read.merge(&weights);
        let known = moved && total.unknown_work == 0 && total.unknown_bytes == 0;
        NodeTally { node: n, macs: total.macs, flops: total.flops, bytes: total.read, known }
    }

    fn node(&self, n: &'m Node, row: &mut Row) {
        let usable = |e: &SymExpr| !self.shapes.symbols.is_data_dependent(e);
        match ops::work(self.shapes, n) {
            Some(Work { macs, flops }) if usable(&macs) && usable(&flops) => {
                let mut known = row.macs.add(&macs);
                for e in [&flops, &macs, &macs] {
                    known &= row.flops.add(e);
                }
                row.count_unknown(!known, false);
            }
            _ => row.count_unknown(true, false),
        }
        let mut known = true;
        for (i, v) in n.inputs.iter().enumerate() {
            let Some(v) = v.filter(|&v| !self.is_constant(v)) else { continue };
            let read = match n.outputs.first() {
                Some(&Some(o)) if looks_up(n, i) => self.bytes(o),
                _ => self.bytes(v),
            };
            known &= read.is_some_and(|b| row.read.add(b));
        }
        for &o in n.outputs.iter().flatten() {
            known &= self.bytes(o).is_some_and(|b| row.written.add(b));
        }
        row.count_unknown(false, !known);
    }

    /// Adds the costs of a node's bodies; returns their peak and depth.
    fn bodies(&self, n: &'m Node, t: &mut Tally<'m>) -> (SymExpr, u64) {
        let bodies: Vec<Tally> = n.subgraphs().map(|g| self.graph(g)).collect();
        if bodies.is_empty() {
            return (SymExpr::ZERO, 0);
        }
        let depth = bodies.iter().map(|b| b.depth).max().unwrap_or(0);
        let mut peak = Peak::default();
        bodies.iter().for_each(|b| peak.see_all(&b.peak));
        let key = (n.domain.as_str(), n.op_type.as_str());
        if n.op_type == "If" && n.domain.is_empty() {
            self.branch(n, bodies, t);
            return (peak.value(), depth);
        }
        let times = self.iterations(n);
        if times.is_none() {
            t.rows.entry(key).or_default().count_unknown(true, false);
        }
        for b in bodies {
            t.absorb(b, times.as_ref());
        }
        (peak.value(), depth)
    }

    /// Adds the branch that is taken, else the one with more FLOPs; of the
    /// other the operators are counted without cost.
    fn branch(&self, n: &'m Node, bodies: Vec<Tally<'m>>, t: &mut Tally<'m>) {
        let condition = n.input(0).and_then(|v| self.shapes.get(v)?.ints.clone());
        let taken = match (condition.as_deref(), n.attribute("else_branch")) {
            (Some([c]), Some(Attribute::Graph(_))) => Some(usize::from(*c != 0)),
            _ => None,
        };
        let flops: Vec<Sum> = bodies.iter().map(Tally::flops).collect();
        // Attributes are sorted: the else branch comes first.
        let costlier = match flops.as_slice() {
            [a, b] => usize::from(!a.covers(b)),
            _ => 0,
        };
        let chosen = taken.unwrap_or(costlier);
        for (i, mut b) in bodies.into_iter().enumerate() {
            if i != chosen {
                b.rows.values_mut().for_each(|r| *r = Row { count: r.count, ..Row::default() });
                b.weights = Weights::default();
            }
            t.absorb(b, None);
        }
    }

    /// How often a body runs: the length that Scan goes over, or the trip count
    /// of a Loop whose condition stays true.
    fn iterations(&self, n: &Node) -> Option<SymExpr> {
        let known = |e: &SymExpr| !self.shapes.symbols.is_data_dependent(e);
        let body = n.subgraphs().next()?;
        let dims = |v: Option<ValueId>| self.shapes.get(v?)?.dims.clone();
        match n.op_type.as_str() {
            "Scan" => {
                let scanned = usize::try_from(n.int("num_scan_inputs")?).ok()?;
                let axis = n.ints("scan_input_axes").and_then(|a| a.first().copied()).unwrap_or(0);
                let x = dims(n.input(n.inputs.len().checked_sub(scanned)?))?;
                x.get(ops::wrap(axis, x.len())?).cloned().filter(known)
            }
            "Loop" => {
                let states = n.inputs.len().saturating_sub(2);
                // A stacked output shows the count, also a symbolic one.
                if let Some(&o) = n.outputs.get(states)
                    && body.outputs.len().saturating_sub(1) > states
                    && let Some(count) = dims(o).and_then(|d| d.first().cloned())
                {
                    return Some(count).filter(known);
                }
                let trips = self.shapes.get(n.input(0)?)?.ints.clone()?;
                let kept = body.outputs.first().and_then(|&c| self.shapes.get(c)?.ints.clone());
                let passed = body.outputs.first() == body.inputs.get(1);
                let always = kept.is_some_and(|k| k == [1]) || passed;
                let start = n.input(1).is_none_or(|c| {
                    self.shapes.get(c).is_some_and(|t| t.ints.as_deref() == Some(&[1]))
                });
                match trips.as_slice() {
                    [m] if always && start => Some(SymExpr::Value((*m).into())),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
