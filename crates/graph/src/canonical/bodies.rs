//! Bodies of `Loop`, `Scan` and the like, rewritten by the rules of the graph
//! around them.

use super::net::{Net, Rule};
use crate::budget;
use crate::opstring::{self, Attr, Op, OpGraph, Operand};
use std::collections::HashMap;
use std::sync::Arc;

/// Rounds of rewriting; a body that still changes stays as it is then.
const ROUNDS: usize = 4;
/// Bodies within bodies; deeper ones stay as they are.
const MAX_DEPTH: usize = 16;

/// `g` with canonical bodies, without operations that these no longer read.
pub fn rewrite(g: OpGraph, rules: &[Rule]) -> OpGraph {
    match within(&g, rules, 0) {
        Some(ops) => opstring::reorder(&OpGraph { ops, outputs: g.outputs }),
        None => g,
    }
}

/// The operations of `g` with canonical bodies; `None` where they have them.
fn within(g: &OpGraph, rules: &[Rule], depth: usize) -> Option<Vec<Op>> {
    if depth >= MAX_DEPTH || g.ops.iter().all(|op| op.bodies.is_empty()) {
        return None;
    }
    let mut changed = false;
    let of = |op: &Op| {
        let has = !op.bodies.is_empty();
        let other = has.then(|| operation(op, rules, depth)).flatten();
        changed |= other.is_some();
        other.unwrap_or_else(|| op.clone())
    };
    let ops = g.ops.iter().map(of).collect();
    changed.then_some(ops)
}

/// `op` with canonical bodies, each of which captures what it still reads, in
/// the order in which it reads it; `None` where it has them.
fn operation(op: &Op, rules: &[Rule], depth: usize) -> Option<Op> {
    let captured = |g: &OpGraph| g.ops.iter().filter(|o| place(o).is_some_and(is_captured)).count();
    let counts: Vec<usize> = op.bodies.iter().map(|(_, g)| captured(g)).collect();
    let own = op.operands.len().checked_sub(counts.iter().sum())?;
    let mut operands = op.operands.get(..own)?.to_vec();
    let (mut bodies, mut changed, mut at) = (Vec::with_capacity(op.bodies.len()), false, own);
    for ((name, body), count) in op.bodies.iter().zip(counts) {
        let given = op.operands.get(at..at.checked_add(count)?)?;
        at = at.checked_add(count)?;
        // The body of a function has no types to go by.
        let other = (name != "=").then(|| graph(body, rules, depth)).flatten();
        changed |= other.is_some();
        let (body, places) = match other {
            Some((g, places)) => (Arc::new(g), places),
            None => (body.clone(), (0..count).collect()),
        };
        for place in places {
            operands.push(given.get(place)?.clone());
        }
        bodies.push((name.clone(), body));
    }
    changed.then(|| Op { operands, bodies, ..op.clone() })
}

/// The canonical body and the places of the captured values that it reads;
/// `None` where it is canonical.
fn graph(body: &OpGraph, rules: &[Rule], depth: usize) -> Option<(OpGraph, Vec<usize>)> {
    let bytes = body.ops.iter().map(opstring::bytes).fold(0, usize::saturating_add);
    budget::memory(bytes)?;
    let ops = within(body, rules, depth.saturating_add(1));
    let mut g =
        OpGraph { ops: ops.unwrap_or_else(|| body.ops.clone()), outputs: body.outputs.clone() };
    g = ordered(&g);
    for _ in 0..ROUNDS {
        let (next, changed) = budget::temporarily(|| Net::rewrite(&g, rules));
        if !changed || budget::is_exhausted() {
            break;
        }
        g = ordered(&next);
    }
    let mut places = Vec::new();
    for op in &mut g.ops {
        if let Some(Attr::Captured(i)) = op.attributes.first_mut().filter(|_| op.kind == "Input") {
            places.push(usize::try_from(*i).ok()?);
            *i = (places.len() as u64).saturating_sub(1);
        }
    }
    (g != *body).then_some((g, places))
}

/// Where an input of a body comes from.
fn place(op: &Op) -> Option<&Attr> {
    op.attributes.first().filter(|_| op.kind == "Input")
}

fn is_captured(place: &Attr) -> bool {
    matches!(place, Attr::Captured(_))
}

/// The operations in the order of a walk from the outputs, after all formal inputs
/// and those captured ones that the walk meets, in that order.
fn ordered(g: &OpGraph) -> OpGraph {
    let of = |kind: fn(&Attr) -> bool| {
        let inputs = g.ops.iter().enumerate().filter_map(|(i, op)| Some((i, place(op)?)));
        inputs.filter(move |(_, a)| kind(a))
    };
    let mut inputs: Vec<usize> = of(|a| !is_captured(a)).map(|(i, _)| i).collect();
    let captured: HashMap<&Attr, usize> = of(is_captured).map(|(i, a)| (a, i)).collect();
    let walked = after(g, &inputs);
    let met = walked.ops.iter().filter_map(place).filter_map(|a| captured.get(a));
    inputs.extend(met);
    after(g, &inputs)
}

/// The operations in the order of a walk from `first` and then the outputs.
fn after(g: &OpGraph, first: &[usize]) -> OpGraph {
    let roots = first.iter().map(|&op| Operand::Value { op, output: 0 });
    let outputs = roots.chain(g.outputs.iter().cloned()).collect();
    let mut sorted = opstring::reorder(&OpGraph { ops: g.ops.clone(), outputs });
    sorted.outputs.drain(..first.len().min(sorted.outputs.len()));
    sorted
}
