//! Sequences and optionals. What is known of a sequence is what its elements have in common.

use super::flops;
use super::kinds::Class;
use super::op::{Op, Outputs, join, one, same, wrap};
use super::operator::{Operator, onnx};
use super::typed::{Typed, boolean, int64};
use crate::model::{Attribute, Container, DataType, within};
use crate::symbolic::{Sym, SymExpr};

/// The rows of this family.
pub const ROWS: &[Operator] = &[
    onnx("ConcatFromSequence", Class::Sequence).shape(concat).work(flops::none),
    onnx("Optional", Class::Sequence).shape(same).container(optional).work(flops::none),
    onnx("OptionalGetElement", Class::Sequence).shape(same).container(unwrapped).work(flops::none),
    onnx("OptionalHasElement", Class::Sequence).shape(scalar).types(boolean).work(flops::none),
    onnx("SequenceAt", Class::Sequence).shape(same).container(element).work(flops::none),
    onnx("SequenceConstruct", Class::Sequence)
        .shape(construct)
        .container(|t, _| Some(around("seq", t)))
        .work(flops::none),
    onnx("SequenceEmpty", Class::Sequence)
        .types(|t, _| t.named("dtype").or(Some(DataType::F32)))
        .container(|_, _| Some(within("seq", None)))
        .work(flops::none),
    onnx("SequenceErase", Class::Sequence).shape(same).container(changed).work(flops::none),
    onnx("SequenceInsert", Class::Sequence).shape(insert).container(changed).work(flops::none),
    onnx("SequenceLength", Class::Sequence).shape(scalar).types(int64).work(flops::none),
    onnx("SplitToSequence", Class::Sequence)
        .shape(split)
        .container(|_, _| Some(within("seq", None)))
        .work(flops::none),
];

fn scalar(_: &mut Op) -> Option<Outputs> {
    one(Vec::new())
}

/// What all operands have in common.
fn construct(op: &mut Op) -> Option<Outputs> {
    let mut common = op.sym(0).map(Sym::without_elems);
    for i in 1..op.n.inputs.len() {
        let next = op.sym(i).map(Sym::without_elems);
        common = join(op, common.as_ref(), next.as_ref());
    }
    Some(vec![common])
}

fn insert(op: &mut Op) -> Option<Outputs> {
    let (seq, t) = (op.sym(0).cloned(), op.sym(1).map(Sym::without_elems));
    Some(vec![join(op, seq.as_ref(), t.as_ref())])
}

/// A container around input 0.
fn around(outer: &str, t: &Typed) -> Container {
    within(outer, t.container(0).map(|c| &**c))
}

/// The sequence that input 0 is.
fn changed(t: &Typed, _: usize) -> Option<Container> {
    t.container(0).cloned().or_else(|| Some(within("seq", None)))
}

/// What the sequence of input 0 holds, where that is no tensor.
fn element(t: &Typed, _: usize) -> Option<Container> {
    t.container(0)?.strip_prefix("seq:").map(Container::from)
}

/// What the optional of input 0 holds, where that is no tensor.
fn unwrapped(t: &Typed, _: usize) -> Option<Container> {
    let c = t.container(0)?;
    match c.strip_prefix("opt") {
        Some(inner) => inner.strip_prefix(':').map(Container::from),
        None => Some(c.clone()),
    }
}

/// Optional-15: of its input, or empty and of the type in an attribute.
fn optional(t: &Typed, _: usize) -> Option<Container> {
    if !t.n.inputs.is_empty() {
        return Some(around("opt", t));
    }
    match t.n.attribute("type") {
        Some(Attribute::Types(v)) => {
            Some(within("opt", v.first().and_then(|t| t.container.as_deref())))
        }
        _ => Some(within("opt", None)),
    }
}

/// SplitToSequence-24.
fn split(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let axis = wrap(op.attr("axis", 0), x.len())?;
    if !op.has(1) {
        match op.attr("keepdims", 1) {
            0 => {
                x.remove(axis);
            }
            _ => *x.get_mut(axis)? = SymExpr::ONE,
        }
        return one(x);
    }
    let scalar = op.sym(1).and_then(Sym::rank) == Some(0);
    let size = match op.ints(1) {
        Some(v) if scalar => {
            let (n, part) = (x.get(axis)?.value(), v.first()?.clone());
            let even =
                n.zip(part.value()).is_some_and(|(n, p)| p > 0 && n.checked_rem(p) == Some(0));
            even.then_some(part)
        }
        Some(v) => v.first().cloned().filter(|f| v.iter().all(|x| x == f)),
        None => None,
    };
    *x.get_mut(axis)? = op.or_fresh(size);
    one(x)
}

fn concat(op: &mut Op) -> Option<Outputs> {
    let mut x = op.dims(0)?;
    let axis = op.n.int("axis")?;
    if op.attr("new_axis", 0) == 1 {
        let axis = wrap(axis, x.len().checked_add(1)?)?;
        let n = op.fresh();
        x.insert(axis, n);
    } else {
        let axis = wrap(axis, x.len())?;
        *x.get_mut(axis)? = op.fresh();
    }
    one(x)
}
