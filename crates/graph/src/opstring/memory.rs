//! Memory that operations take, about. Their spelling is of like length.

use crate::opstring::attr::Attr;
use crate::opstring::graph::{Op, Operand};
use crate::opstring::literal::{Constant, Literal};
use crate::opstring::tensor_type::{Dim, Formula, TensorType};

/// What an allocation takes beside its content.
const OVERHEAD: usize = 16;

/// Bytes that an operation takes, bodies not counted.
pub fn of_op(op: &Op) -> usize {
    size_of::<Op>()
        + op.kind.len()
        + OVERHEAD
        + op.attributes.iter().map(|a| size_of::<Attr>() + of_attr(a)).sum::<usize>()
        + op.operands.iter().map(|o| size_of::<Operand>() + of_operand(o)).sum::<usize>()
        + op.outputs
            .iter()
            .map(|t| size_of::<Option<TensorType>>() + t.as_ref().map_or(0, of_type))
            .sum::<usize>()
        + op.bodies.iter().map(|b| size_of_val(b) + b.0.len() + OVERHEAD).sum::<usize>()
}

fn of_attr(a: &Attr) -> usize {
    match a {
        Attr::Window(_, sizes) => size_of_val(sizes.as_slice()) + OVERHEAD,
        Attr::Named(name, value) => name.len() + OVERHEAD + of_literal(value),
        Attr::Other(text) => text.len() + OVERHEAD,
        Attr::Group(_) | Attr::Axis(_) | Attr::Formal(_) | Attr::Captured(_) => 0,
    }
}

fn of_operand(o: &Operand) -> usize {
    match o {
        Operand::Weight(t) => of_type(t),
        Operand::Constant(c) => of_literal(&c.value),
        Operand::Value { .. } | Operand::Omitted => 0,
    }
}

fn of_type(t: &TensorType) -> usize {
    let dims = t.dims.as_ref().map_or(0, |dims| {
        OVERHEAD + dims.iter().map(|d| size_of::<Dim>() + of_dim(d)).sum::<usize>()
    });
    dims + t.container.as_ref().map_or(0, |c| c.len() + OVERHEAD)
}

fn of_dim(d: &Dim) -> usize {
    match d {
        Dim::Formula(f) => OVERHEAD + of_formula(f),
        Dim::Other(text) => OVERHEAD + text.len(),
        Dim::Size(_) | Dim::Symbol(_) | Dim::Unknown => 0,
    }
}

fn of_formula(f: &Formula) -> usize {
    let inner = match f {
        Formula::Negative(inner) => OVERHEAD + of_formula(inner),
        Formula::Apply(_, operands) => OVERHEAD + operands.iter().map(of_formula).sum::<usize>(),
        Formula::Number(_) | Formula::Symbol(_) | Formula::Unknown => 0,
    };
    size_of::<Formula>() + inner
}

fn of_literal(l: &Literal) -> usize {
    match l {
        Literal::List(items) => {
            let items = items.iter().map(|i| size_of::<Literal>() + of_literal(i));
            OVERHEAD + items.sum::<usize>()
        }
        Literal::Text(bytes) => OVERHEAD + bytes.len(),
        Literal::Reference(text) | Literal::Other(text) => OVERHEAD + text.len(),
        Literal::Weight(t) => OVERHEAD + size_of::<TensorType>() + of_type(t),
        Literal::Constant(c) => OVERHEAD + size_of::<Constant>() + of_literal(&c.value),
        Literal::Type { container, .. } => container.as_ref().map_or(0, |c| OVERHEAD + c.len()),
        Literal::Int(_) | Literal::Float(_) | Literal::Elided { .. } | Literal::Unknown => 0,
    }
}
