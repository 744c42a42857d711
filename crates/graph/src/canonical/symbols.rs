//! Numbers of symbols: in order of first appearance, as the string spells them.

use crate::opstring::{Dim, Formula, Op, OpGraph, Operator, TensorType};
use std::collections::HashMap;
use std::sync::Arc;

/// The graph with its symbols numbered in order of appearance.
pub fn renumber(g: OpGraph) -> OpGraph {
    let mut numbers = Numbers::default();
    graph(&g, &mut |d| numbers.see(d));
    match numbers.of.iter().all(|(a, b)| a == b) {
        true => g,
        false => numbers.graph(&g),
    }
}

/// A number that no symbol of the graph has.
pub fn fresh(g: &OpGraph) -> usize {
    let mut next = 0;
    graph(g, &mut |d| each(d, &mut |s| next = next.max(s + 1)));
    next
}

/// Visits all dimensions in the order in which symbols are numbered.
fn graph(g: &OpGraph, see: &mut dyn FnMut(&Dim)) {
    for op in &g.ops {
        op.bodies.iter().for_each(|(_, body)| graph(body, see));
        let types = op.outputs.iter().flatten();
        types.for_each(|t| t.dims.iter().flatten().for_each(&mut *see));
    }
}

/// Visits the symbols of a dimension.
fn each(d: &Dim, see: &mut impl FnMut(usize)) {
    match d {
        Dim::Symbol(s) => see(*s),
        Dim::Formula(f) => of_formula(f, see),
        _ => {}
    }
}

fn of_formula(f: &Formula, see: &mut impl FnMut(usize)) {
    match f {
        Formula::Symbol(s) => see(*s),
        Formula::Negative(inner) => of_formula(inner, see),
        Formula::Apply(_, operands) => operands.iter().for_each(|f| of_formula(f, see)),
        Formula::Number(_) | Formula::Unknown => {}
    }
}

#[derive(Default)]
struct Numbers {
    of: HashMap<usize, usize>,
}

impl Numbers {
    fn see(&mut self, d: &Dim) {
        each(d, &mut |s| {
            let next = self.of.len();
            self.of.entry(s).or_insert(next);
        });
    }

    fn number(&self, s: usize) -> usize {
        self.of.get(&s).copied().unwrap_or(s)
    }

    fn graph(&self, g: &OpGraph) -> OpGraph {
        let ops = g.ops.iter().map(|op| Op {
            outputs: op.outputs.iter().map(|t| t.as_ref().map(|t| self.tensor(t))).collect(),
            bodies: op.bodies.iter().map(|(n, b)| (n.clone(), Arc::new(self.graph(b)))).collect(),
            ..op.clone()
        });
        OpGraph { ops: ops.collect(), outputs: g.outputs.clone() }
    }

    fn tensor(&self, t: &TensorType) -> TensorType {
        let dims = t.dims.as_ref().map(|dims| dims.iter().map(|d| self.dim(d)).collect());
        TensorType { dims, ..t.clone() }
    }

    fn dim(&self, d: &Dim) -> Dim {
        match d {
            Dim::Symbol(s) => Dim::Symbol(self.number(*s)),
            Dim::Formula(f) => Dim::Formula(Box::new(self.formula(f))),
            other => other.clone(),
        }
    }

    fn formula(&self, f: &Formula) -> Formula {
        match f {
            Formula::Symbol(s) => Formula::Symbol(self.number(*s)),
            Formula::Negative(inner) => Formula::Negative(Box::new(self.formula(inner))),
            Formula::Apply(operator, operands) => {
                apply(*operator, operands.iter().map(|f| self.formula(f)).collect())
            }
            other => other.clone(),
        }
    }
}

/// An operator's formula, operands of a commutative one sorted as graphs have them.
pub fn apply(operator: Operator, mut operands: Vec<Formula>) -> Formula {
    let ordered = matches!(operator, Operator::Subtract | Operator::Divide | Operator::DivideUp);
    if !ordered {
        operands.sort_by_cached_key(|f| (!matches!(f, Formula::Number(_)), f.part()));
    }
    Formula::Apply(operator, operands)
}
