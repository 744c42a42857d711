//! Shape inference: symbolic shapes and element types of every value.
//!
//! Dimensions are formulas over the file's symbolic dimensions. Small integer
//! tensors are followed by value, since shapes are computed from them. Where
//! inference cannot tell, the types declared in the file (`value_info`) are
//! taken. Inference never fails: what it cannot tell is unknown. The rules of
//! the operators stand in `ops`.

#![deny(clippy::arithmetic_side_effects)]

pub(crate) use crate::symbolic::Sum;
pub use crate::symbolic::{
    Bindings, Inferred, Pair, Shapes, SymExpr, Symbol, Symbols, is_unknown, number, size,
};

use crate::budget;
use crate::model::{Graph, Model};
use crate::ops::{self, Op, Typed};
use crate::symbolic::Facts;

impl Shapes {
    /// Infers the types of all values of `model`. Calls of model-local functions
    /// are followed; values of a function's body have the types of its first call.
    /// Where the budget of the file does not hold this, nothing is known, and
    /// [`Shapes::check`] tells why.
    pub fn infer(model: &Model, bindings: &Bindings) -> Self {
        let inferred = budget::of_model(model, || Ok(Self::within_budget(model, bindings)));
        inferred.unwrap_or_else(|e| Self {
            values: vec![Inferred::default(); model.values.len()],
            refused: Some(e.reason()),
            ..Self::default()
        })
    }

    fn within_budget(model: &Model, bindings: &Bindings) -> Self {
        let bindings = &bindings.resolved(model);
        if model.functions.is_empty() {
            return Self::of_flat(model, bindings);
        }
        let Ok((flat, origin)) = model.expanded() else { return Self::of_flat(model, bindings) };
        let mut shapes = Self::of_flat(&flat, bindings);
        for (new, body) in origin.into_iter().rev() {
            let found = shapes.values.get(new as usize).cloned();
            if let (Some(f), Some(slot)) = (found, shapes.values.get_mut(body as usize)) {
                *slot = f;
            }
        }
        shapes
    }

    fn of_flat(model: &Model, bindings: &Bindings) -> Self {
        let mut facts = Facts::new(model, bindings);
        facts.declare_inputs(&model.graph, true);
        walk(&mut facts, &model.graph);
        facts.finish()
    }
}

/// Infers the outputs of all nodes of a graph.
fn walk<'m>(facts: &mut Facts<'m>, g: &'m Graph) {
    for n in &g.nodes {
        if facts.visit(n).is_none() {
            return;
        }
        let operator = ops::find(&n.domain, &n.op_type);
        let mut inferred = operator.infer(&mut Op { facts, n, walk }).unwrap_or_default();
        inferred.resize(n.outputs.len(), None);
        for (i, (&out, t)) in n.outputs.iter().zip(inferred).enumerate() {
            let Some(id) = out else { continue };
            let node = Typed { facts, n };
            let container = (operator.container)(&node, i);
            let dtype = match facts.dtype(id) {
                None => (operator.types)(&node, i),
                Some(_) => None,
            };
            facts.set_container(id, container);
            facts.set_dtype(id, dtype);
            facts.record(id, t);
        }
    }
}
