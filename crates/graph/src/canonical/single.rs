//! Open batches that shape arithmetic hides: the network for a batch of one.
//!
//! Sizes that an exporter computes from an open batch may be formulas that
//! inference cannot follow. For a batch of one they are numbers. That network
//! has the same operations where the batch only counts.

use super::{batch, canonicalize};
use crate::model::{Dim, Model, ValueId};
use crate::opstring::{self, OpGraph, of_known};
use crate::shape::{Bindings, Shapes, size};

/// Operators that make sizes and indices from sizes.
const ARITHMETIC: &[&str] = &["Shape", "Size", "Range", "ConstantOfShape"];

/// Whether operations are left that compute with sizes, or sizes are unknown.
pub fn leaves_arithmetic(g: &OpGraph) -> bool {
    let unknown = |t: &opstring::TensorType| {
        t.dims.as_ref().is_none_or(|d| d.contains(&opstring::Dim::Unknown))
    };
    g.ops.iter().any(|op| {
        ARITHMETIC.contains(&op.kind.as_str()) || op.outputs.iter().flatten().any(unknown)
    })
}

/// The canonical graph of `model`, whose open batch is found by a batch of one;
/// `None` where the batch does more than count.
pub fn of_model(model: &Model, bindings: &Bindings) -> Option<OpGraph> {
    let name = symbol(model, bindings)?;
    let bound = |n: u64| {
        let mut bindings = bindings.clone();
        bindings.dims.insert(name.clone(), n);
        Shapes::infer(model, &bindings)
    };
    let (one, three) = (bound(1), bound(3));
    counts(model, &one, &three).then_some(())?;
    let g = canonicalize(of_known(model, &one).ok()?);
    let is_open = batch::is_open(&g) && !leaves_arithmetic(&g);
    is_open.then_some(g)
}

/// The symbol that is the first dimension of all inputs of two and more.
fn symbol(model: &Model, bindings: &Bindings) -> Option<String> {
    let mut found: Option<&str> = None;
    for &id in &model.graph.inputs {
        let v = model.value(id)?;
        if bindings.inputs.contains_key(&v.name) {
            return None;
        }
        match v.ty.shape.as_deref()? {
            [Dim::Symbol(s), _, ..] if found.is_none_or(|f| f == s) => found = Some(s),
            [_, _, ..] => return None,
            _ => {}
        }
    }
    found.filter(|s| !bindings.dims.contains_key(*s)).map(str::to_owned)
}

/// Whether each value has as many elements for a batch of three as for one, or
/// three times as many.
fn counts(model: &Model, one: &Shapes, three: &Shapes) -> bool {
    let elements = |shapes: &Shapes, id: ValueId| {
        let dims = shapes.get(id)?.dims.as_ref()?;
        dims.iter().try_fold(1u64, |n, d| n.checked_mul(size(d)?))
    };
    (0..model.values.len()).all(|id| {
        let id = id as ValueId;
        match (elements(one, id), elements(three, id)) {
            (Some(a), Some(b)) => b == a || Some(b) == a.checked_mul(3),
            _ => true,
        }
    })
}
